"""The small coloured square that stands for a layer, as in the title of its node."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import icons, theme
from backprop_studio.ui.widgets.square import Square


def paint_chip(painter: QPainter, rect: QRectF, category: str) -> None:
    """Paint the chip of a node category, its icon on the colour of its nodes."""
    now = theme.current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(now.node_title(category)))
    painter.drawRoundedRect(rect, 5, 5)
    name = category if category in icons.NAMES else "layer"
    inset = rect.width() * 0.18
    inner = rect.adjusted(inset, inset, -inset, -inset).toRect()
    icons.icon(name, "on_node_title").paint(painter, inner)
    painter.restore()


class Chip(Square):
    """The chip of one node category; it grows with the text.

    Parameters
    ----------
    size
        Side in pixels, beside text of the system's size.
    """

    def __init__(self, size: int = 24, parent: QWidget | None = None) -> None:
        super().__init__(size, parent)
        self._category = "layer"

    def set_category(self, category: str) -> None:
        """Show the chip of this category; unknown ones look like layers."""
        self._category = category
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_chip(painter, QRectF(self.rect()), self._category)
        painter.end()
