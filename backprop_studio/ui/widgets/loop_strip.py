"""The learning loop in one line: five stages, whose job each is, and where to see it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from backprop_studio.autograd import Phase, Program
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot, State
from backprop_studio.ui import text_size, theme
from backprop_studio.ui.widgets.elided_label import ElidedLabel
from backprop_studio.ui.widgets.phase_strip import phase_color

PANELS = {
    Phase.DATA: "example",
    Phase.FORWARD: "predictions",
    Phase.LOSS: "losses",
    Phase.BACKWARD: "gradients",
    Phase.UPDATE: "credit",
}
"""Key of the panel that shows a stage."""

_ARROW = 16


class LoopStrip(QWidget):
    """Data, model, loss, gradients, optimisation, and around again; the running stage is lit.

    Each stage is a button: it opens the panel that shows it.
    """

    panel_requested = Signal(str)
    """Key of the panel of the stage that was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        names = {
            Phase.DATA: self.tr("data"),
            Phase.FORWARD: self.tr("model"),
            Phase.LOSS: self.tr("loss"),
            Phase.BACKWARD: self.tr("gradients"),
            Phase.UPDATE: self.tr("optimisation"),
        }
        self._jobs = {
            Phase.DATA: self.tr("The data set hands out a batch of examples."),
            Phase.FORWARD: self.tr("The model turns the batch into predictions, layer by layer."),
            Phase.LOSS: self.tr("The loss function says in one number how wrong they are."),
            Phase.BACKWARD: self.tr(
                "Backpropagation asks how the loss depends on each weight. It changes none."
            ),
            Phase.UPDATE: self.tr("The optimizer moves the weights, by what the gradients say."),
        }
        shown = {
            Phase.DATA: self.tr("Opens Example: the examples of the batch"),
            Phase.FORWARD: self.tr("Opens Predictions: what the model says"),
            Phase.LOSS: self.tr("Opens Loss curves"),
            Phase.BACKWARD: self.tr("Opens Gradients"),
            Phase.UPDATE: self.tr("Opens Credit: each weight's gradient and update"),
        }
        self.stages: dict[Phase, _Stage] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 1, 8, 1)
        row.setSpacing(0)
        for phase, name in names.items():
            stage = _Stage(name, phase)
            stage.setToolTip(f"{self._jobs[phase]}\n{shown[phase]}")
            stage.clicked.connect(partial(self.panel_requested.emit, PANELS[phase]))
            self.stages[phase] = stage
            row.addWidget(stage)
            row.addWidget(_Arrow(back=phase is Phase.UPDATE))
        self.sentence = ElidedLabel()
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addSpacing(8)
        row.addWidget(self.sentence, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Learning loop"))
        self.show_snapshot(Snapshot(0, State.EMPTY))

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""
        self._program = analysis.program

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Light the stage of the last instruction; while running at full speed, all of them."""
        cursor, program = snapshot.cursor, self._program
        lit: Phase | None = None
        if snapshot.at_speed:
            self._say(
                self.tr("All five, about {n} times a second. Step, to see them one by one.").format(
                    n=f"{float(f'{snapshot.rate:.2g}'):,.0f}"
                )
                if snapshot.rate
                else self.tr("All five, again and again. Step, to see them one by one.")
            )
        elif cursor is None or program is None:
            self._say(self.tr("Learning goes around these five stages, once a batch."))
        elif not cursor.index:
            self._say(self.tr("A training step goes around once. Step or run to begin."))
        else:
            lit = program.instructions[cursor.index - 1].phase
            self._say(self._jobs[lit])
        for phase, stage in self.stages.items():
            stage.set_lit(phase is lit or snapshot.at_speed)

    def _say(self, text: str) -> None:
        if self.sentence.text() != text:
            self.sentence.setText(text)
            self.setAccessibleDescription(text)


class _Stage(QAbstractButton):
    """A stage as a button in its colour."""

    def __init__(self, name: str, phase: Phase) -> None:
        super().__init__()
        self._phase = phase
        self._lit = False
        self.setText(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def lit(self) -> bool:
        """Whether it is the running one."""
        return self._lit

    def set_lit(self, lit: bool) -> None:
        """Light it, or not."""
        if lit != self._lit:
            self._lit = lit
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(
            metrics.horizontalAdvance(self.text()) + text_size.scaled(22), metrics.height() + 6
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        now, color = theme.current(), phase_color(self._phase)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
            else:
                painter.setPen(QPen(color, 1))
            ground = QColor(now.button_hover if self.underMouse() else now.window)
            painter.setBrush(color if self._lit else ground)
            painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
            painter.setPen(QColor(now.window) if self._lit else color)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class _Arrow(QWidget):
    """From one stage to the next, or back to the first."""

    def __init__(self, *, back: bool) -> None:
        super().__init__()
        self._back = back
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(text_size.scaled(_ARROW + (4 if self._back else 0)))

    def paintEvent(self, event: QPaintEvent) -> None:
        larger = text_size.factor()
        middle = self.height() / 2 / larger
        with QPainter(self) as painter:
            painter.scale(larger, larger)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.current().muted), 1.3))
            if self._back:
                circle = QRectF(6, middle - 5, 10, 10)
                painter.drawArc(circle, 30 * 16, 290 * 16)
                tip = QPointF(15.5, middle - 2.5)
                painter.drawLine(tip, tip + QPointF(-4, -0.5))
                painter.drawLine(tip, tip + QPointF(0.5, -4))
                return
            painter.drawLine(QPointF(3, middle), QPointF(13, middle))
            for way in (-3, 3):
                painter.drawLine(QPointF(13, middle), QPointF(10, middle + way))
