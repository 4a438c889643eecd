"""Rows over time as colours, on a logarithmic scale that is fixed from outside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import paint_strip, small_font

_MARGIN = 6
_STRIP = 10
_LONGEST = 110
_TALLEST = 26
"""Pixels that a row of few may take."""


class TimeMap(QWidget):
    """A table whose columns are moments: time goes to the right, as it passed.

    A number gets its colour from `decades` alone. Zero has the colour of the ground, and what is
    not finite one of its own. Pointing, or moving with the arrow keys, reads the exact number.

    Parameters
    ----------
    x_label
        What time is counted in.
    """

    hovered = Signal(str)
    """Row, moment and number that is pointed at; empty when there is none."""
    row_entered = Signal(int)
    """Row that was double-clicked, or entered."""

    def __init__(self, x_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_label = x_label
        self._values: npt.NDArray[np.float64] = np.empty((0, 0))
        self._rows: tuple[str, ...] = ()
        self._readings: tuple[str, ...] = ()
        self._xs: npt.NDArray[np.float64] = np.empty(0)
        self._decades = (-8.0, 2.0)
        self._now: float | None = None
        self._cursor: tuple[int, int] | None = None
        self._image: QImage | None = None
        self._pixels: npt.NDArray[np.uint32] | None = None
        self._key: tuple[str, int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_map(
        self,
        values: npt.NDArray[np.floating],
        rows: Sequence[str],
        xs: Sequence[float],
        *,
        decades: tuple[float, float],
        now: float | None = None,
        readings: Sequence[str] = (),
    ) -> None:
        """Show other numbers.

        Parameters
        ----------
        values
            Array of shape (rows, moments), none negative; NaN where there is no number.
        rows
            Names of the rows, the topmost first; an empty one stays without.
        xs
            When the moments were, ascending.
        decades
            Base-10 logarithms of the numbers with the weakest and the strongest colour.
        now
            Where the present is marked.
        readings
            What the rows are called where a number is read; their names if left out.
        """
        self._values = np.asarray(values, np.float64)
        self._rows, self._xs = tuple(rows), np.asarray(xs, np.float64)
        self._readings = tuple(readings) or self._rows
        self._decades, self._now = decades, now
        self._image = None
        rows_now, columns_now = self._values.shape
        if self._cursor is not None and (
            self._cursor[0] >= rows_now or self._cursor[1] >= columns_now
        ):
            self._cursor = None
        self.setAccessibleName(
            self.tr("Map over time: {rows}").format(
                rows=", ".join(name for name in self._rows if name)
            )
        )
        self.updateGeometry()
        self.update()

    def map_rect(self) -> QRect:
        """Where the picture is, in the widget's coordinates."""
        line = self.fontMetrics().height()
        left = _MARGIN + self._label_width()
        below = 2 * line + _STRIP + 14
        height = self.height() - _MARGIN - below
        if self._rows:
            height = min(height, _TALLEST * len(self._rows))
        return QRect(left, _MARGIN, self.width() - left - _MARGIN, max(height, 0))

    def entry_at(self, point: QPoint) -> tuple[int, int] | None:
        """Row and column whose colour is drawn at a point of the widget."""
        rect = self.map_rect()
        if not self._values.size or not rect.contains(point):
            return None
        row = (point.y() - rect.y()) * len(self._values) // rect.height()
        return row, int(self._columns(rect.width())[point.x() - rect.x()])

    def text_at(self, row: int, column: int) -> str:
        """A number in words."""
        number = self._values[row, column]
        read = self.tr("none") if np.isnan(number) else f"{number:.6g}"
        return self.tr("{row}, {x} {unit}: {number}").format(
            row=self._readings[row], x=f"{self._xs[column]:.4g}", unit=self._x_label, number=read
        )

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 130)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        rect = self.map_rect()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(now.plot_background))
            if rect.width() < 8 or rect.height() < 8 or not self._values.size:
                return
            painter.setFont(small_font(self))
            painter.drawImage(rect, self._picture(rect, now))
            painter.setPen(QColor(now.border))
            painter.drawRect(QRectF(rect).adjusted(-0.5, -0.5, 0.5, 0.5))
            self._paint_rows(painter, rect, now)
            self._paint_time(painter, rect, now)
            self._paint_scale(painter, rect, now)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_rows(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        metrics, count = painter.fontMetrics(), len(self._rows)
        painter.setPen(QColor(now.muted))
        last = -1.0
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, name in enumerate(self._rows):
            middle = rect.y() + (row + 0.5) * rect.height() / count
            if not name or middle - last < metrics.height() - 1:
                continue
            last = middle
            room = self._label_width() - 6
            text = metrics.elidedText(name, Qt.TextElideMode.ElideLeft, room)
            place = QRectF(_MARGIN, middle - 10, room, 20)
            painter.drawText(place, flags, text)

    def _paint_time(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        line = painter.fontMetrics().height()
        if self._now is not None and len(self._xs) > 1:
            x = rect.x() + self._share(self._now) * rect.width()
            if x < rect.right() - 1:
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.drawLine(int(x), rect.top(), int(x), rect.bottom())
        if self._cursor is not None and self.hasFocus():
            row, column = self._cursor
            x = rect.x() + self._share(self._xs[column]) * rect.width()
            top = rect.y() + row * rect.height() / len(self._rows)
            height = rect.height() / len(self._rows)
            cell = QRectF(min(x, rect.right() - 4.0) - 1, top, 5, max(height, 3.0))
            painter.setPen(QPen(QColor(now.surface), 4))
            painter.drawRect(cell)
            painter.setPen(QPen(QColor(now.text), 2))
            painter.drawRect(cell)
        painter.setPen(QColor(now.muted))
        below = QRectF(rect.x(), rect.bottom() + 3, rect.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{self._xs[0]:.3g}")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self._x_label)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._xs[-1]:.3g}")

    def _paint_scale(self, painter: QPainter, rect: QRect, now: theme.Theme) -> None:
        line = painter.fontMetrics().height()
        strip = QRectF(rect.x(), rect.bottom() + line + 8, rect.width(), _STRIP)
        paint_strip(painter, strip, theme.diverging_lut(now)[:128])
        painter.setPen(QColor(now.muted))
        low, high = self._decades
        label = QRectF(strip.x(), strip.bottom() + 1, strip.width(), line)
        painter.drawText(label, Qt.AlignmentFlag.AlignLeft, f"≤ 1e{low:g}")
        middle = self.tr("logarithmic, fixed")
        painter.drawText(label, Qt.AlignmentFlag.AlignHCenter, middle)
        painter.drawText(label, Qt.AlignmentFlag.AlignRight, f"≥ 1e{high:g}")

    def _picture(self, rect: QRect, now: theme.Theme) -> QImage:
        ratio = self.devicePixelRatioF()
        width, height = (max(round(n * ratio), 1) for n in (rect.width(), rect.height()))
        key = (now.name, width, height)
        if self._image is None or self._key != key:
            rows = (2 * np.arange(height) + 1) * len(self._values) // (2 * height)
            lut = theme.diverging_lut(now)
            codes = self._codes()[rows][:, self._columns(width)]
            # QImage does not own the memory: the array is kept beside it.
            self._pixels = np.ascontiguousarray(lut[codes])
            form = QImage.Format.Format_RGB32
            self._image = QImage(self._pixels.data.cast("B"), width, height, width * 4, form)
            self._key = key
        return self._image

    def _codes(self) -> npt.NDArray[np.uint8]:
        low, high = self._decades
        values = self._values
        with np.errstate(all="ignore"):
            unit = (np.log10(values) - low) / (high - low)
        codes = np.clip(np.nan_to_num(unit, nan=0.0, neginf=0.0, posinf=1.0), 0.0, 1.0) * 127
        codes = np.where(np.isposinf(values), 128, np.rint(codes))
        return codes.astype(np.uint8)

    def _columns(self, width: int) -> npt.NDArray[np.intp]:
        """The moment that is nearest to each pixel."""
        places = self._xs[0] + (np.arange(width) + 0.5) / width * (self._xs[-1] - self._xs[0])
        between = (self._xs[1:] + self._xs[:-1]) / 2
        return np.searchsorted(between, places)

    def _share(self, x: float) -> float:
        span = float(self._xs[-1] - self._xs[0])
        return min(max((x - float(self._xs[0])) / span, 0.0), 1.0) if span else 0.0

    def _label_width(self) -> int:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name in self._rows), default=0)
        return min(widest, _LONGEST) + 8

    # Pointing and keys.

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            entry = self.entry_at(event.pos())
            QToolTip.showText(event.globalPos(), self.text_at(*entry) if entry else "", self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._image = None
        super().resizeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        self._read(entry)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        if entry:
            self.row_entered.emit(entry[0])

    def leaveEvent(self, event: QEvent) -> None:
        self._read(self._cursor if self.hasFocus() else None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor:
            self.row_entered.emit(self._cursor[0])
            return
        steps = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Home: (0, -len(self._xs)),
            Qt.Key.Key_End: (0, len(self._xs)),
        }  # fmt: skip
        if key not in steps or not self._values.size:
            super().keyPressEvent(event)
            return
        rows, columns = self._values.shape
        if self._cursor is None:
            self._cursor = 0, columns - 1
        else:
            down, right = steps[Qt.Key(key)]
            row, column = self._cursor[0] + down, self._cursor[1] + right
            self._cursor = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        self._read(self._cursor)
        self.update()

    def _read(self, entry: tuple[int, int] | None) -> None:
        text = self.text_at(*entry) if entry else ""
        self.setAccessibleDescription(text)
        self.hovered.emit(text)
