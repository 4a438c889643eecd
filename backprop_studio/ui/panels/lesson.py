"""The lesson that is open: its text, what is to be predicted and done, and how far one is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from backprop_studio.lessons import Prediction, Runner, Step
from backprop_studio.lessons.lesson import Formula, Text, fill
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.lesson_forms import CheckRow, PredictForm
from backprop_studio.ui.widgets.lesson_steps import LessonSteps
from backprop_studio.ui.widgets.lesson_text import LessonText, MarkdownLabel
from backprop_studio.ui.widgets.shown_strip import ShownStrip

PATIENCE = 300
"""Milliseconds that the app may take to be made ready for a step before that is said."""


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


class _Heading(QLabel):
    """The title of a step, in letters a quarter larger than text, whatever size that has."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._follow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:  # comes with every size of the text
            self._follow()

    def _follow(self) -> None:
        font = QApplication.font()
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self.setFont(font)


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
    stop_requested = Signal()
    """What is being done for the learner is to be left out."""
    restart_requested = Signal()
    """The lesson is to begin anew."""
    reset_requested = Signal()
    """The app is to be made as the step in front needs it."""
    onward_requested = Signal()
    """The lesson after this one is wanted."""
    left = Signal()
    """The lesson is to be closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner: Runner | None = None
        self._after = ""
        self._built: Step | None = None
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        theme.set_role(self.title, "heading")
        self.steps = LessonSteps()
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
        self.again.setToolTip(self.tr("When something in the app went another way than it should"))
        self.again.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.again)
        menu.addAction(self.tr("&This step: the app becomes as it needs it")).triggered.connect(
            self.reset_requested
        )
        menu.addAction(self.tr("The whole &lesson: all answers are forgotten")).triggered.connect(
            self.restart_requested
        )
        self.again.setMenu(menu)
        self.area = QScrollArea()
        self.area.setAccessibleName(self.tr("Lesson text"))
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hint = QPushButton(self.tr("Hint"))
        self.hint.clicked.connect(self._ask_for_hint)
        self.show_me = QPushButton(self.tr("Show me"))
        self.show_me.setToolTip(self.tr("Do this step for you, in the app"))
        self.show_me.clicked.connect(self.show_requested)
        self.back = QPushButton(self.tr("Back"))
        self.back.clicked.connect(self._go_back)
        self.next = QPushButton(self.tr("Next"))
        self.next.clicked.connect(self._go_on)
        self.extra = QPushButton(self.tr("Extra"))
        self.extra.clicked.connect(self._go_aside)
        self.onward = QPushButton(self.tr("Next lesson"))
        theme.set_role(self.onward, "primary")
        self.onward.clicked.connect(self.onward_requested)
        steps = (self.back, self.next, self.extra, self.onward)
        for button in (self.hint, self.show_me, *steps):
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
        self.shown = ShownStrip()
        self.shown.stopped.connect(self.stop_requested)
        layout.addWidget(self.shown)
        bottom = QHBoxLayout()
        bottom.setSpacing(4)
        for button in (self.hint, self.show_me):
            bottom.addWidget(button)
        bottom.addStretch(1)
        for button in steps:
            bottom.addWidget(button)
        layout.addLayout(bottom)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._show_that_it_waits)
        self.set_runner(None)

    def sizeHint(self) -> QSize:
        return QSize(360, 480)

    def set_runner(self, runner: Runner | None, after: str = "") -> None:
        """Show another lesson, or that there is none.

        Parameters
        ----------
        runner
            The lesson, and how far one is.
        after
            Title of the lesson that comes after it; empty if there is none.
        """
        self._runner, self._built, self._after = runner, None, after
        self._patience.stop()
        self.onward.setToolTip(after)
        self.steps.clear()
        for widget in (
            self.steps, self.progress, self.leave, self.again, self.hint, self.show_me, self.back,
            self.next, self.extra, self.onward,
        ):  # fmt: skip
            widget.setVisible(runner is not None)
        if runner is None:
            self.title.setText(self.tr("No lesson is open"))
            empty = QLabel(self.tr("Choose one under Help → Lessons…"))
            empty.setAlignment(Qt.AlignmentFlag.AlignTop)
            empty.setWordWrap(True)
            theme.set_role(empty, "muted")
            self.area.setWidget(empty)
            return
        self.title.setText(runner.lesson.head.title)
        self.progress.setRange(0, len(runner.lesson.needed))
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now."""
        runner = self._runner
        if runner is None:
            return
        done = runner.progress.solved
        needed = runner.lesson.needed
        self.steps.name(runner)
        self.progress.setValue(len(needed & set(done)))
        self.progress.setToolTip(
            self.tr("{done} of {all} steps are done").format(
                done=len(needed & set(done)), all=len(needed)
            )
        )
        focus = QApplication.focusWidget()
        held = focus is not None and self.isAncestorOf(focus)
        if self._built is not runner.step:
            self._build(runner)
        self._fill(runner)
        kept = focus is not None and isValid(focus) and focus.isEnabled()
        if held and not (kept and focus is not None and focus.isVisibleTo(self)):
            # What was pressed is gone. Without this, the next key would reach what comes after
            # it in the window, such as Run.
            on = self.onward if self.onward.isVisibleTo(self) else self.next
            (on if runner.is_solved else self.area).setFocus()

    def _go_back(self) -> None:
        if self._runner is not None and self._runner.preceding is not None:
            self.step_requested.emit(self._runner.preceding)

    def _go_on(self) -> None:
        if (runner := self._runner) is not None:
            following, end = runner.following, len(runner.lesson.steps)
            self.step_requested.emit(end if following is None else following)

    def _go_aside(self) -> None:
        if self._runner is not None and self._runner.offered is not None:
            self.step_requested.emit(self._runner.offered)

    def _ask_for_hint(self) -> None:
        self.hint_requested.emit()
        shown = [label for label in self._hints if not label.isHidden()]
        if shown:
            self._reveal(shown[-1])

    def _predict(self, asked: Prediction, said: object, sure: int) -> None:
        self.predicted.emit(asked, said, sure)
        self._show_what_is_next()

    def _answer(self, row: CheckRow, said: object) -> None:
        self.answered.emit(row.check, said)
        if not row.verdict.isHidden():
            # What is said of it stands below what was pressed, perhaps out of sight.
            self._reveal(row.verdict)

    def _build(self, runner: Runner) -> None:
        """Make the widgets of the step in front."""
        step = self._built = runner.step
        self._texts: list[LessonText] = []
        self._forms: list[PredictForm] = []
        self._rows: list[CheckRow] = []
        self._hints: list[MarkdownLabel] = []
        page = self._page = _Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(4, 4, 6, 4)
        column.setSpacing(10)
        column.addWidget(_Heading(step.title))
        if step.extra:
            extra = QLabel(self.tr("Extra: the lesson is done without this step."))
            extra.setWordWrap(True)
            theme.set_role(extra, "muted")
            column.addWidget(extra)
        self._carried = QLabel()
        self._carried.setWordWrap(True)
        theme.set_role(self._carried, "muted")
        column.addWidget(self._carried)
        for block in step.blocks:
            if isinstance(block, Prediction):
                form = PredictForm(block)
                form.said.connect(partial(self._predict, block))
                self._forms.append(form)
                column.addWidget(form)
            elif isinstance(block, Text | Formula):
                text = LessonText([block])
                self._texts.append(text)
                column.addWidget(text)
        for check in step.checks:
            row = CheckRow(check)
            row.answered.connect(partial(self._answer, row))
            self._rows.append(row)
            column.addWidget(row)
        self._notice = QLabel()
        self._notice.setWordWrap(True)
        theme.set_role(self._notice, "warning")
        self._notice.hide()
        column.addWidget(self._notice)
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
        self._say_what_was_done(runner)
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
        self._note(runner)
        left, solved = len(step.hints) - shown, runner.is_solved
        self.hint.setVisible(bool(step.hints) and not solved)
        self.hint.setEnabled(left > 0)
        self.hint.setText(self.tr("Hint ({n})").format(n=left) if left > 1 else self.tr("Hint"))
        # Beside the hints, not in their place: it must not be pressed by a click too many.
        self.show_me.setVisible(left == 0 and bool(step.solution) and not solved)
        self._lead_on(runner)
        if fresh and step.explain:
            # What happened stands below, perhaps out of sight; its beginning first.
            self._reveal(self._explained)

    def _lead_on(self, runner: Runner) -> None:
        """Say where one can go from here."""
        steps, solved = runner.lesson.steps, runner.is_solved
        following, offered = runner.following, runner.offered
        last = following is None
        self.back.setEnabled(runner.preceding is not None)
        self.next.setText(self.tr("Finish") if last else self.tr("Next"))
        self.next.setToolTip("" if following is None else steps[following].title)
        # Beside Next once there is room, and something to think about first.
        self.extra.setVisible(solved and offered is not None)
        self.extra.setToolTip(
            ""
            if offered is None
            else self.tr("{title}: the lesson is done without it").format(
                title=steps[offered].title
            )
        )
        self.onward.setVisible(last and solved and bool(self._after))
        self._emphasize(solved and not self.onward.isVisibleTo(self))

    def _say_what_was_done(self, runner: Runner) -> None:
        """Say that the app was made ready for the step, or that it still is being made."""
        if not runner.is_held:
            self._patience.stop()
            text = self.tr("What comes before this step was done for you in the app.")
            wanted = runner.is_carried and not runner.is_solved
        else:
            if not self._patience.isActive():
                self._patience.start()
            text = self.tr("One moment: the app is being made ready for this step.")
            # What is over at once is not worth a line that comes and goes.
            wanted = runner.is_carried
        self._carried.setText(text)
        self._carried.setVisible(wanted)

    def set_shown(self, shown: bool) -> None:
        """Say that the step is being done for the learner, once that takes a moment."""
        focus = QApplication.focusWidget()
        held = focus is not None and self.shown.isAncestorOf(focus)
        self.shown.follow(shown)
        if held:
            # Without this, the next key would reach what comes after it in the window.
            self.area.setFocus()

    def show_waiting(self) -> None:
        """Say that the app is still being made ready for the step, or the step being done."""
        self.shown.hurry()
        if self._show_that_it_waits():
            self._reveal(self._carried)

    def _show_that_it_waits(self) -> bool:
        waits = self._runner is not None and self._runner.is_held
        if waits:
            self._carried.show()
        return waits

    def _note(self, runner: Runner) -> None:
        """Say what keeps a step from being done where the checks alone do not."""
        text = ""
        if runner.lacks_predictions:
            text = self.tr("One thing is left: say above what you expected.")
        elif runner.is_past:
            text = self.tr(
                "The run has gone past this place. Step back, or choose Start over → This step."
            )
        self._notice.setText(text)
        self._notice.setVisible(bool(text))

    def _reveal(self, *widgets: QWidget) -> None:
        """Scroll so far that widgets are in sight, the last one above all.

        Done when they are laid out: a scroll bar that appears makes the text narrower and longer.
        """
        QTimer.singleShot(0, self, partial(self._scroll_to, widgets))

    def _scroll_to(self, widgets: tuple[QWidget, ...]) -> None:
        area = self.area
        for widget in widgets:
            if not isValid(widget):
                return
            self._page.adjustSize()
            area.ensureWidgetVisible(widget, 0, 0)
            if widget.height() > area.viewport().height():
                area.verticalScrollBar().setValue(widget.y())

    def _show_what_is_next(self) -> None:
        """After a prediction: the next one, or else what is to be done now."""
        runner = self._runner
        if runner is None or runner.is_solved:
            return
        said = runner.progress.forecasts
        rest: list[QWidget] = [f for f in self._forms if f.prediction.id not in said]
        rows: list[QWidget] = list(self._rows)
        if rest:
            self._reveal(rest[0])
        elif rows:
            self._reveal(rows[-1], rows[0])

    def _emphasize(self, done: bool) -> None:
        """Next stands out once the step is done."""
        role = "primary" if done else ""
        if self.next.property("role") != role:
            theme.set_role(self.next, role)
