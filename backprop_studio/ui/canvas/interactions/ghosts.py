"""Pale outlines of cards that are not there yet."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.ui.canvas import geometry, style
from backprop_studio.ui.canvas.repainting import leave_place, repaint


class Ghosts(QGraphicsItem):
    """Where cards would stand.

    Parameters
    ----------
    cards
        Their outlines, from where it stands itself.
    """

    def __init__(self, cards: Iterable[QRectF]) -> None:
        super().__init__()
        self.setZValue(4)
        self.setOpacity(0.7)
        self._cards = list(cards)
        self._bounds = QRectF()
        for card in self._cards:
            self._bounds = self._bounds.united(card)

    def move_to(self, place: QPointF) -> None:
        """Stand elsewhere in the scene."""
        leave_place(self)
        self.setPos(place)
        repaint(self)

    def boundingRect(self) -> QRectF:
        return self._bounds.adjusted(-4, -4, 4, 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        painter.setBrush(look.hollow)
        painter.setPen(look.tone("accent").dashed)
        for card in self._cards:
            style.rounded(painter, card, 0, geometry.RADIUS)

    def shape(self) -> QPainterPath:
        return QPainterPath()
