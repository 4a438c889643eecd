"""What is painted around a tile's picture: its title, a note, and the ground where nothing is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import small_font

_BESIDE = Qt.AlignmentFlag.AlignVCenter
_STRIPES = 9


def title(painter: QPainter, tile: QWidget, row: QRect, name: str, shape: str, norm: str) -> None:
    """Write a name on the left of a row, and on the right as much of shape and norm as has room."""
    now = theme.current()
    row = QRect(row)
    metrics = tile.fontMetrics()
    wanted = metrics.horizontalAdvance(name)
    painter.setFont(small_font(tile))
    small = painter.fontMetrics()
    # The norm is worth more than the shape, and both more than the middle of a long name.
    right = ""
    for text in (f"{shape}   {norm}".strip(), norm):
        room = row.width() - small.horizontalAdvance(text) - 10
        if room >= min(wanted, 80):
            right = text
            break
    painter.setPen(QColor(now.muted))
    painter.drawText(row, Qt.AlignmentFlag.AlignRight | _BESIDE, right)
    row.setWidth(row.width() - (small.horizontalAdvance(right) + 10 if right else 0))
    painter.setFont(tile.font())
    painter.setPen(QColor(now.text))
    # From the left: `dense_1/weight` and `dense_2/weight` differ towards the end.
    seen = metrics.elidedText(name, Qt.TextElideMode.ElideLeft, row.width())
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft | _BESIDE, seen)


def note(painter: QPainter, tile: QWidget, row: QRect, text: str) -> None:
    """Write a small line, cut off on the right."""
    painter.setFont(small_font(tile))
    painter.setPen(QColor(theme.current().muted))
    seen = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, row.width())
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft | _BESIDE, seen)
    painter.setFont(tile.font())


def empty(painter: QPainter, tile: QWidget, rect: QRect, text: str) -> None:
    """Hatch a place that has no picture, and say why."""
    now = theme.current()
    painter.fillRect(rect, QColor(now.surface_alt))
    painter.setPen(QPen(QColor(now.border), 1))
    painter.setClipRect(rect)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for x in range(rect.left() - rect.height(), rect.right(), _STRIPES):
        painter.drawLine(x, rect.bottom() + 1, x + rect.height(), rect.top())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setClipping(False)
    painter.setFont(small_font(tile))
    size = painter.fontMetrics().size(0, text)
    label = QRect(QPoint(0, 0), QSize(size.width() + 12, min(size.height() + 2, rect.height())))
    label.moveCenter(rect.center())
    painter.fillRect(label, QColor(now.surface_alt))
    painter.setPen(QColor(now.muted))
    painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
