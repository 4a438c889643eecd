"""An arrow on the canvas."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.network import Arrow
from backprop_studio.ui.canvas import style
from backprop_studio.ui.canvas.repainting import leave_place, repaint

_HEAD = 11.0
_REACH = 12.0
_HANDLE = 5.0


class ArrowItem(QGraphicsItem):
    """Shows one `Arrow` value, or where one would be while it is drawn."""

    def __init__(self, arrow: Arrow) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(2)
        self.arrow = arrow
        self.start, self.end = QPointF(), QPointF()
        self.hovered = self.focused = False
        self._shape = QPainterPath()
        self._bounds = QRectF()
        self.describe(arrow)

    @property
    def part(self) -> str:
        """Id of the arrow."""
        return self.arrow.id

    def describe(self, arrow: Arrow) -> None:
        """Take over its ends."""
        self.arrow = arrow
        self.show_between(QPointF(arrow.x1, arrow.y1), QPointF(arrow.x2, arrow.y2))

    def show_between(self, start: QPointF, end: QPointF) -> None:
        """Be drawn between other points, as where an end is tied to something in a block."""
        leave_place(self)
        self.start, self.end = QPointF(start), QPointF(end)
        path = QPainterPath(self.start)
        path.lineTo(self.end)
        stroker = QPainterPathStroker()
        stroker.setWidth(_REACH)
        self._shape = stroker.createStroke(path)
        self._bounds = QRectF(self.start, self.end).normalized().adjusted(-14, -14, 14, 14)
        repaint(self)

    def restyle(self) -> None:
        """Take over new colours."""
        repaint(self)

    def set_marks(self, *, hovered: bool, focused: bool) -> None:
        """Tell whether the pointer or the keyboard is here."""
        if (hovered, focused) != (self.hovered, self.focused):
            self.hovered, self.focused = hovered, focused
            repaint(self)

    @property
    def spoken(self) -> tuple[str, str]:
        """Name and state for a screen reader."""
        ends = [
            f"{word} {end}"
            for word, end in (("from", self.arrow.source), ("to", self.arrow.target))
            if end
        ]
        return " ".join(["Arrow", *ends]), ""

    def near_end(self, at: QPointF, reach: float) -> str:
        """Which end a point of the scene is near to, "source" or "target"; empty for neither."""
        for word, point in (("target", self.end), ("source", self.start)):
            if math.hypot(at.x() - point.x(), at.y() - point.y()) <= reach:
                return word
        return ""

    def card_rect(self) -> QRectF:
        """Outline in the scene."""
        return QRectF(self.start, self.end).normalized().adjusted(-1, -1, 1, 1)

    def content_rect(self) -> QRectF:
        """What has to be seen, in the scene."""
        return self.card_rect()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return self._shape

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        lit = self.isSelected() or self.hovered or self.focused
        tone = look.tone("accent" if lit else "muted")
        painter.setPen(tone.outline)
        along = self.end - self.start
        length = math.hypot(along.x(), along.y())
        if length < 1.0:
            painter.drawPoint(self.start)
            return
        unit = along / length
        base = self.end - unit * min(_HEAD, length)
        painter.drawLine(self.start, base)
        aside = QPointF(-unit.y(), unit.x()) * (min(_HEAD, length) * 0.45)
        painter.setPen(look.no_pen)
        painter.setBrush(tone.fill)
        painter.drawPolygon([self.end, base + aside, base - aside])
        if self.isSelected() or self.focused:
            painter.setPen(tone.outline)
            painter.setBrush(look.ground)
            painter.drawEllipse(self.start, _HANDLE, _HANDLE)
            painter.drawEllipse(self.end, _HANDLE, _HANDLE)
