"""The lesson that is open: its text, what is to be predicted and done, and how far one is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.lessons import Prediction, Runner, Step
from backprop_studio.lessons.lesson import Formula, Text, fill
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.lesson_forms import CheckRow, PredictForm
from backprop_studio.ui.widgets.lesson_text import LessonText, MarkdownLabel


class _Page(QWidget):
    """A page in a scroll area that is as high as its text is at its width, and no higher."""

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        if layout is None:
            return super().minimumSizeHint()
        return QSize(layout.minimumSize().width(), layout.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class LessonPanel(QWidget):
    """One step of a lesson at a time: predict, do it in the app, and see what came of it.

    Checks look at what is really so in the app and change by themselves. Nothing is locked: go on
    whenever you like. Hints come one at a time, and Show me does the step for you.
    """

    predicted = Signal(object, object, int)
    """A `Prediction`, what was said, and how sure the learner is."""
    answered = Signal(object, object)
    """A `Check` that is a question, and the answer."""
    step_requested = Signal(int)
    """Another step is to be brought to the front."""
    hint_requested = Signal()
    """One hint more is wanted."""
    show_requested = Signal()
    """The step is to be done for the learner."""
    restart_requested = Signal()
    """The lesson is to begin anew."""
    left = Signal()
    """The lesson is to be closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner: Runner | None = None
        self._built: Step | None = None
        self.title = QLabel()
        self.title.setWordWrap(True)
        theme.set_role(self.title, "heading")
        self.steps = QComboBox()
        self.steps.setAccessibleName(self.tr("Steps of the lesson"))
        self.steps.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.steps.setMinimumContentsLength(12)
        self.steps.activated.connect(self.step_requested)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setStyleSheet("QProgressBar { min-height: 6px; max-height: 6px; }")
        self.progress.setAccessibleName(self.tr("Steps that are done"))
        self.leave = QToolButton()
        self.leave.setText(self.tr("Leave"))
        self.leave.setToolTip(self.tr("Close the lesson; your own project comes back"))
        self.leave.clicked.connect(self.left)
        self.again = QToolButton()
        self.again.setText(self.tr("Start over"))
        self.again.setToolTip(self.tr("Begin this lesson anew, with its project as it was"))
        self.again.clicked.connect(self.restart_requested)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hint = QPushButton(self.tr("Hint"))
        self.hint.clicked.connect(self.hint_requested)
        self.show_me = QPushButton(self.tr("Show me"))
        self.show_me.setToolTip(self.tr("Do this step for you, in the app"))
        self.show_me.clicked.connect(self.show_requested)
        self.back = QPushButton(self.tr("Back"))
        self.back.clicked.connect(lambda: self._go(-1))
        self.next = QPushButton(self.tr("Next"))
        self.next.clicked.connect(lambda: self._go(1))
        for button in (self.hint, self.show_me, self.back, self.next):
            button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addWidget(self.title)
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(self.steps, 1)
        top.addWidget(self.again)
        top.addWidget(self.leave)
        layout.addLayout(top)
        layout.addWidget(self.progress)
        layout.addWidget(self.area, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(4)
        for button in (self.hint, self.show_me):
            bottom.addWidget(button)
        bottom.addStretch(1)
        for button in (self.back, self.next):
            bottom.addWidget(button)
        layout.addLayout(bottom)
        self.set_runner(None)

    def sizeHint(self) -> QSize:
        return QSize(360, 480)

    def set_runner(self, runner: Runner | None) -> None:
        """Show another lesson, or that there is none."""
        self._runner, self._built = runner, None
        self.steps.clear()
        for widget in (
            self.steps, self.progress, self.leave, self.again, self.hint, self.show_me, self.back,
            self.next,
        ):  # fmt: skip
            widget.setVisible(runner is not None)
        if runner is None:
            self.title.setText(self.tr("No lesson is open"))
            empty = QLabel(self.tr("Choose one under Help → Lessons…"))
            empty.setAlignment(Qt.AlignmentFlag.AlignTop)
            theme.set_role(empty, "muted")
            self.area.setWidget(empty)
            return
        self.title.setText(runner.lesson.head.title)
        self.steps.addItems([step.title for step in runner.lesson.steps])
        self.progress.setRange(0, len(runner.lesson.steps))
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now."""
        runner = self._runner
        if runner is None:
            return
        done = runner.progress.solved
        for place, step in enumerate(runner.lesson.steps):
            mark = "✓ " if step.id in done else ""
            self.steps.setItemText(place, f"{place + 1}. {mark}{step.title}")
        self.steps.setCurrentIndex(runner.index)
        self.progress.setValue(len(done))
        self.progress.setToolTip(
            self.tr("{done} of {all} steps are done").format(
                done=len(done), all=len(runner.lesson.steps)
            )
        )
        if self._built is not runner.step:
            self._build(runner)
        self._fill(runner)

    def _go(self, by: int) -> None:
        if self._runner is not None:
            self.step_requested.emit(self._runner.index + by)

    def _build(self, runner: Runner) -> None:
        """Make the widgets of the step in front."""
        step = self._built = runner.step
        self._texts: list[LessonText] = []
        self._forms: list[PredictForm] = []
        self._rows: list[CheckRow] = []
        self._hints: list[MarkdownLabel] = []
        page = self._page = _Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 6, 4)
        column.setSpacing(10)
        heading = QLabel(step.title)
        heading.setWordWrap(True)
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        heading.setFont(font)
        column.addWidget(heading)
        lacking = runner.lacking
        if lacking is not None:
            note = QLabel(
                self.tr("This step goes back to step {n}, “{title}”. Do that one first.").format(
                    n=lacking + 1, title=runner.lesson.steps[lacking].title
                )
            )
            note.setWordWrap(True)
            theme.set_role(note, "warning")
            column.addWidget(note)
        for block in step.blocks:
            if isinstance(block, Prediction):
                form = PredictForm(block)
                form.said.connect(
                    lambda said, sure, asked=block: self.predicted.emit(asked, said, sure)
                )
                self._forms.append(form)
                column.addWidget(form)
            elif isinstance(block, Text | Formula):
                text = LessonText([block])
                self._texts.append(text)
                column.addWidget(text)
        for check in step.checks:
            row = CheckRow(check)
            row.answered.connect(lambda said, asked=check: self.answered.emit(asked, said))
            self._rows.append(row)
            column.addWidget(row)
        for _ in step.hints:
            label = MarkdownLabel()
            theme.set_role(label, "muted")
            label.hide()
            self._hints.append(label)
            column.addWidget(label)
        self._explained = QFrame()
        theme.set_role(self._explained, "card")
        inner = QVBoxLayout(self._explained)
        inner.setContentsMargins(10, 8, 10, 8)
        title = QLabel(self.tr("What happened"))
        theme.set_role(title, "ok")
        inner.addWidget(title)
        self._explanation = LessonText(step.explain)
        inner.addWidget(self._explanation)
        column.addWidget(self._explained)
        column.addStretch(1)
        self.area.setWidget(page)
        self.area.verticalScrollBar().setValue(0)

    def _fill(self, runner: Runner) -> None:
        """Bring the widgets up to date."""
        step, progress = runner.step, runner.progress
        for text in self._texts:
            text.fill(runner.number)
        self._explanation.fill(runner.told)
        for form in self._forms:
            form.show_forecast(progress.forecasts.get(form.prediction.id), runner.number)
        for row, met in zip(self._rows, runner.met, strict=True):
            said = progress.answers.get(str(getattr(row.check, "id", "")))
            row.show_state(met, said, runner.number)
        shown = len(runner.hints)
        for place, label in enumerate(self._hints):
            label.setVisible(place < shown)
            label.set_markdown(f"**{self.tr('Hint')}:** {fill(step.hints[place], runner.number)}")
        fresh = runner.is_solved and not self._explained.isVisibleTo(self._page)
        self._explained.setVisible(runner.is_solved and bool(step.explain))
        left = len(step.hints) - shown
        self.hint.setVisible(left > 0 and not runner.is_solved)
        self.hint.setText(self.tr("Hint") if left == 1 else self.tr("Hint ({n})").format(n=left))
        self.show_me.setVisible(left == 0 and bool(step.solution) and not runner.is_solved)
        last = runner.index == len(runner.lesson.steps) - 1
        self.back.setEnabled(runner.index > 0)
        self.next.setText(self.tr("Finish") if last else self.tr("Next"))
        self._emphasize(runner.is_solved)
        if fresh and step.explain:
            # What happened stands below, perhaps out of sight.
            self._page.adjustSize()
            self.area.ensureWidgetVisible(self._explained, 0, 0)

    def _emphasize(self, done: bool) -> None:
        """Next stands out once the step is done."""
        role = "primary" if done else ""
        if self.next.property("role") != role:
            theme.set_role(self.next, role)
