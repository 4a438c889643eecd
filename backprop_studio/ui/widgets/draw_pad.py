"""A pad to draw on, with the mouse or the keys."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme

SIDE = 160
"""Points of the drawing along each side."""

_PEN = SIDE / 9
_STEP = SIDE / 16
_CLEARS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class DrawPad(QWidget):
    """Drag to draw. By keys: the arrows move the pen, Space lifts or lowers it, Delete clears."""

    drawn = Signal()
    """The drawing has changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._image.fill(0)
        self._last: QPointF | None = None
        self._pen = QPointF(SIDE / 2, SIDE / 4)
        self._down = False
        self.setAccessibleName(self.tr("Pad to draw on"))
        self.setToolTip(
            self.tr("Drag to draw. Keys: arrows move the pen, Space lowers it, Delete clears")
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def ink(self) -> npt.NDArray[np.float64]:
        """The drawing, of shape (SIDE, SIDE), from 0 to 1."""
        line = self._image.bytesPerLine()
        flat = np.frombuffer(self._image.constBits(), np.uint8)
        return flat.reshape(SIDE, line)[:, :SIDE] / 255.0

    def clear(self) -> None:
        """Begin anew."""
        self._image.fill(0)
        self._last = None
        self.update()
        self.drawn.emit()

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(110, 110)

    def _target(self) -> QRectF:
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _to_drawing(self, place: QPointF) -> QPointF:
        target = self._target()
        scale = SIDE / target.width()
        return QPointF((place.x() - target.x()) * scale, (place.y() - target.y()) * scale)

    def _line(self, end: QPointF) -> None:
        start = end if self._last is None else self._last
        with QPainter(self._image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(
                QPen(
                    Qt.GlobalColor.white,
                    _PEN,
                    Qt.PenStyle.SolidLine,
                    Qt.PenCapStyle.RoundCap,
                    Qt.PenJoinStyle.RoundJoin,
                )
            )
            painter.drawLine(start, end + QPointF(0.01, 0))
        self._last = end
        self.update()
        self.drawn.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, target = theme.current(), self._target()
        ground, ink = now.color("surface"), now.color("text")
        ends = [(c.red(), c.green(), c.blue()) for c in (ground, ink)]
        table = [
            QColor(*(round(a + code / 255 * (b - a)) for a, b in zip(*ends, strict=True))).rgb()
            for code in range(256)
        ]
        shown = self._image.copy()
        shown.reinterpretAsFormat(QImage.Format.Format_Indexed8)
        shown.setColorTable(table)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, shown)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.hasFocus():
                scale = target.width() / SIDE
                place = QPointF(
                    target.x() + self._pen.x() * scale, target.y() + self._pen.y() * scale
                )
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.setBrush(QColor(now.accent) if self._down else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, 5, 5)
                painter.setBrush(Qt.BrushStyle.NoBrush)
            width = 2 if self.hasFocus() else 1
            painter.setPen(
                QPen(QColor(now.accent if self.hasFocus() else now.border_strong), width)
            )
            painter.drawRect(target)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = None
            self._line(self._to_drawing(event.position()))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._last is not None:
            self._line(self._to_drawing(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._last = None

    def event(self, event: QEvent) -> bool:
        # Delete means a layer elsewhere; here it means the drawing.
        claimed = event.type() == QEvent.Type.ShortcutOverride
        if claimed and isinstance(event, QKeyEvent) and event.key() in _CLEARS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in ways:
            x, y = ways[key]
            before = QPointF(self._pen)
            self._pen = QPointF(
                min(max(self._pen.x() + x * _STEP, 0), SIDE - 1),
                min(max(self._pen.y() + y * _STEP, 0), SIDE - 1),
            )
            if self._down:
                self._last = before
                self._line(self._pen)
        elif key == Qt.Key.Key_Space:
            self._down = not self._down
            self._last = None
            if self._down:
                self._line(self._pen)
        elif key in _CLEARS:
            self._down = False
            self.clear()
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._down = False
        self.update()
        super().focusOutEvent(event)
