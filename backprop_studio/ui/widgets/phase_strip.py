"""The five stages of a training step in a row, the current one lit."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.autograd import Phase
from backprop_studio.ui import theme

GAP = 10
_PAD = 4
_SMALLEST = 6.0
"""Points."""


def phase_color(phase: Phase) -> QColor:
    """The colour of a phase: one for the way forward, one for the way back, one for updates."""
    now = theme.current()
    match phase:
        case Phase.DATA | Phase.FORWARD | Phase.LOSS:
            return QColor(now.forward)
        case Phase.BACKWARD:
            return QColor(now.backward)
        case Phase.UPDATE:
            return QColor(now.update)


class PhaseStrip(QWidget):
    """Data, forward, loss, backward, update, with an arrow from each to the next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phase: Phase | None = None
        self._names = {
            Phase.DATA: self.tr("data"),
            Phase.FORWARD: self.tr("forward"),
            Phase.LOSS: self.tr("loss"),
            Phase.BACKWARD: self.tr("backward"),
            Phase.UPDATE: self.tr("update"),
        }
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_phase(None)

    @property
    def phase(self) -> Phase | None:
        """The stage that is lit."""
        return self._phase

    def set_phase(self, phase: Phase | None) -> None:
        """Light a stage, or none."""
        if phase is self._phase and self.accessibleName():
            return
        self._phase = phase
        name = self.tr("none") if phase is None else self._names[phase]
        self.setAccessibleName(self.tr("Stage of the training step: {name}").format(name=name))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, self.fontMetrics().height() + 10)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        # `with`: an exception that leaves a painter open would take the process down.
        with QPainter(self) as painter:
            self._paint(painter)

    def _fit(self, painter: QPainter) -> list[int]:
        """Widths of the names, in letters small enough for all of them to be read."""
        room = self.width() - 1 - (GAP + _PAD) * len(self._names)
        while True:
            metrics, font = painter.fontMetrics(), painter.font()
            widths = [metrics.horizontalAdvance(name) for name in self._names.values()]
            if sum(widths) <= room or font.pointSizeF() <= _SMALLEST:
                return widths
            font.setPointSizeF(font.pointSizeF() - 0.5)
            painter.setFont(font)

    def _paint(self, painter: QPainter) -> None:
        now = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        widths = self._fit(painter)
        spare = max(0.0, self.width() - 1 - sum(widths) - GAP * (len(widths) - 1))
        pad = spare / len(widths)
        x, height = 0.5, self.height() - 1.0
        for (phase, name), width in zip(self._names.items(), widths, strict=True):
            box = QRectF(x, 0.5, width + pad, height - 0.5)
            lit = phase is self._phase
            color = phase_color(phase)
            painter.setPen(QPen(color if lit else QColor(now.border), 1))
            painter.setBrush(color if lit else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(now.window if lit else now.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
            x = box.right() + GAP
            if phase is not Phase.UPDATE:
                middle = self.height() / 2
                painter.setPen(QPen(QColor(now.muted), 1))
                painter.drawLine(QPointF(box.right() + 3, middle), QPointF(box.right() + 7, middle))
