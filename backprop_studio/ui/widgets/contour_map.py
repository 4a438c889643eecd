"""A loss over two directions: colours on a fixed logarithmic scale, contour lines, and a path."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import paint_strip, small_font

Floats = npt.NDArray[np.float64]
DECADES = (-3.0, 2.0)
"""Base-10 logarithms of the losses with the weakest and the strongest colour."""

_LEFT = 44
_MARGIN = 6
_STRIP = 10


class ContourMap(QWidget):
    """Losses at the places of a grid. Pointing, or the arrow keys, read the exact number."""

    hovered = Signal(str)
    """Place and loss that are pointed at; empty when there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._xs: Floats = np.empty(0)
        self._ys: Floats = np.empty(0)
        self._losses: Floats = np.empty((0, 0))
        self._lines: list[tuple[float, Floats]] = []
        self._path: Floats = np.empty((0, 2))
        self._labels = ("", "")
        self._cursor: tuple[int, int] | None = None
        self._pixels: npt.NDArray[np.uint32] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Loss over two directions"))

    def set_surface(
        self,
        xs: Floats,
        ys: Floats,
        losses: Floats,
        lines: list[tuple[float, Floats]],
        path: Floats,
        labels: tuple[str, str],
    ) -> None:
        """Show another surface.

        Parameters
        ----------
        xs, ys
            Places of the columns and rows, ascending.
        losses
            Array of shape (ys, xs); NaN where nothing is known.
        lines
            Levels, each with its pieces: Array of shape (pieces, 2, 2).
        path
            Array of shape (moments, 2); the last place is marked.
        labels
            Of both axes.
        """
        self._xs, self._ys, self._losses = xs, ys, losses
        self._lines, self._path, self._labels = lines, path, labels
        if self._cursor is not None and (self._cursor[0] >= len(ys) or self._cursor[1] >= len(xs)):
            self._cursor = None
        self.update()

    def map_rect(self) -> QRect:
        """Where the picture is, in the widget's coordinates."""
        line = self.fontMetrics().height()
        below = 3 * line + _STRIP + 16
        return QRect(
            _LEFT, _MARGIN, max(self.width() - _LEFT - _MARGIN, 0),
            max(self.height() - _MARGIN - below, 0),
        )  # fmt: skip

    def entry_at(self, point: QPoint) -> tuple[int, int] | None:
        """Row and column of the grid that are drawn at a point of the widget."""
        rect = self.map_rect()
        if not self._losses.size or not rect.contains(point):
            return None
        rows, columns = self._losses.shape
        row = rows - 1 - (point.y() - rect.y()) * rows // rect.height()
        return row, (point.x() - rect.x()) * columns // rect.width()

    def text_at(self, row: int, column: int) -> str:
        """A place and its loss in words."""
        loss = self._losses[row, column]
        told = self.tr("not computed yet") if np.isnan(loss) else f"{loss:.6g}"
        place = f"({self._xs[column]:.3g}, {self._ys[row]:.3g})"
        return self.tr("loss at {place}: {loss}").format(place=place, loss=told)

    def sizeHint(self) -> QSize:
        return QSize(340, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 180)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        now, rect = theme.current(), self.map_rect()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(now.plot_background))
            if rect.width() < 20 or rect.height() < 20 or not self._losses.size:
                return
            painter.setFont(small_font(self))
            self._paint_colors(painter, rect, now)
            painter.save()
            painter.setClipRect(rect)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_lines(painter, now)
            self._paint_path(painter, now)
            painter.restore()
            painter.setPen(QColor(now.border_strong))
            painter.drawRect(rect)
            self._paint_axes(painter, rect, now)
            self._paint_scale(painter, rect, now)
            if self._cursor is not None and self.hasFocus():
                row, column = self._cursor
                cell = self._cell(row, column)
                painter.setPen(QPen(QColor(now.surface), 4))
                painter.drawRect(cell)
                painter.setPen(QPen(QColor(now.text), 2))
                painter.drawRect(cell)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_colors(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        low, high = DECADES
        losses = self._losses[::-1]
        with np.errstate(all="ignore"):
            unit = (np.log10(losses) - low) / (high - low)
        codes = np.rint(np.clip(np.nan_to_num(unit, nan=0.0, neginf=0.0, posinf=1.0), 0, 1) * 127)
        pixels = theme.diverging_lut(now)[codes.astype(np.uint8)]
        pixels[np.isnan(losses)] = QColor(now.surface_alt).rgba()
        pixels[np.isposinf(losses)] = QColor(now.nan).rgba()
        # QImage does not own the memory: the array is kept beside it.
        self._pixels = np.ascontiguousarray(pixels)
        rows, columns = losses.shape
        form = QImage.Format.Format_RGB32
        image = QImage(self._pixels.data.cast("B"), columns, rows, columns * 4, form)
        painter.drawImage(rect, image)

    def _paint_lines(self, painter: QPainter, now: theme.Theme) -> None:
        color = QColor(now.text)
        color.setAlphaF(0.55)
        taken: list[QPointF] = []
        for level, pieces in self._lines:
            painter.setPen(QPen(color, 1))
            painter.drawLines([QLineF(self._point(*a), self._point(*b)) for a, b in pieces])
            for piece in pieces[len(pieces) // 3 :: max(len(pieces), 1)]:
                place = self._point(*piece[0])
                if all((place - other).manhattanLength() > 30 for other in taken):
                    taken.append(place)
                    painter.setPen(QColor(now.text))
                    painter.drawText(place + QPointF(3, -2), f"{level:g}")

    def _paint_path(self, painter: QPainter, now: theme.Theme) -> None:
        if not len(self._path):
            return
        points = [self._point(float(x), float(y)) for x, y in self._path]
        for width, color in ((4.0, now.surface), (2.0, now.update)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(QColor(now.surface), 1.5))
        painter.setBrush(QColor(now.update))
        painter.drawEllipse(points[0], 3.0, 3.0)
        painter.drawEllipse(points[-1], 6.0, 6.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_axes(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        line = painter.fontMetrics().height()
        painter.setPen(QColor(now.muted))
        below = QRectF(rect.x(), rect.bottom() + 2, rect.width(), line)
        for side, x in ((Qt.AlignmentFlag.AlignLeft, self._xs[0]),
                        (Qt.AlignmentFlag.AlignRight, self._xs[-1])):  # fmt: skip
            painter.drawText(below, side, f"{x:.3g}")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self._labels[0])
        right = Qt.AlignmentFlag.AlignRight
        for y, value in ((rect.bottom() - line, self._ys[0]), (rect.top(), self._ys[-1])):
            painter.drawText(QRectF(0, y, _LEFT - 4, line), right, f"{value:.3g}")
        painter.save()
        painter.translate(line, rect.center().y())
        painter.rotate(-90)
        half = rect.height() / 2
        painter.drawText(
            QRectF(-half, -line + 2, 2 * half, line), Qt.AlignmentFlag.AlignCenter, self._labels[1]
        )
        painter.restore()

    def _paint_scale(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        line = painter.fontMetrics().height()
        strip = QRectF(rect.x(), rect.bottom() + line + 8, rect.width(), _STRIP)
        paint_strip(painter, strip, theme.diverging_lut(now)[:128])
        painter.setPen(QColor(now.muted))
        low, high = (int(end) for end in DECADES)
        for power in range(low, high + 1):
            x = strip.x() + (power - low) / (high - low) * strip.width()
            place = QRectF(x - 24, strip.bottom() + 1, 48, line)
            if power == low:
                place.moveLeft(strip.left())
            elif power == high:
                place.moveRight(strip.right())
            side = {low: Qt.AlignmentFlag.AlignLeft, high: Qt.AlignmentFlag.AlignRight}
            align = side.get(power, Qt.AlignmentFlag.AlignHCenter)
            painter.drawText(place, align, f"{10.0**power:g}")

    def _point(self, x: float, y: float) -> QPointF:
        """Where a place lies: the centre of its cell, where it is one of the grid's."""
        rect = self.map_rect()
        rows, columns = self._losses.shape
        column = _along(self._xs, x)
        row = _along(self._ys, y)
        return QPointF(
            rect.x() + (column + 0.5) / columns * rect.width(),
            rect.bottom() - (row + 0.5) / rows * rect.height(),
        )

    def _cell(self, row: int, column: int) -> QRectF:
        rect = self.map_rect()
        rows, columns = self._losses.shape
        width, height = rect.width() / columns, rect.height() / rows
        return QRectF(rect.x() + column * width, rect.bottom() - (row + 1) * height, width, height)

    # Pointing and keys.

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        self._read(entry)
        if entry:
            QToolTip.showText(event.globalPosition().toPoint(), self.text_at(*entry), self)

    def leaveEvent(self, event: QEvent) -> None:
        self._read(self._cursor if self.hasFocus() else None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0),
        }  # fmt: skip
        if event.key() not in steps or not self._losses.size:
            super().keyPressEvent(event)
            return
        rows, columns = self._losses.shape
        if self._cursor is None:
            self._cursor = rows // 2, columns // 2
        else:
            up, right = steps[Qt.Key(event.key())]
            row, column = self._cursor[0] + up, self._cursor[1] + right
            self._cursor = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        self._read(self._cursor)
        self.update()

    def _read(self, entry: tuple[int, int] | None) -> None:
        text = self.text_at(*entry) if entry else ""
        self.setAccessibleDescription(text)
        self.hovered.emit(text)


def _along(places: Floats, x: float) -> float:
    """Where a number lies among evenly spaced places, counted from the first."""
    if len(places) < 2 or not math.isfinite(x):
        return 0.0
    return (x - float(places[0])) / float(places[1] - places[0])
