"""Sizes as bars on one logarithmic axis that never moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.widgets.scale_bar import small_font

_MARGIN = 6
_ROW, _NAMES, _NUMBERS, _POWER = 20, 104, 68, 38
"""Height of a row, and widths of the names at most, of a number and of a power on the axis, beside
text of the system's size."""


@dataclass(frozen=True)
class Bar:
    """One row.

    Attributes
    ----------
    name
        What it is the size of.
    size
        Its length; None while it is not computed.
    """

    name: str
    size: float | None


class LogBars(QWidget):
    """A bar for each size, the first one on top. Rows are chosen by click, or by arrow keys.

    Parameters
    ----------
    decades
        Base-10 logarithms of the ends of the axis.
    """

    row_chosen = Signal(int)
    """Row that was clicked, or moved to."""
    row_entered = Signal(int)
    """Row that was double-clicked, or entered."""

    def __init__(self, decades: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._decades = decades
        self._bars: tuple[Bar, ...] = ()
        self._zone: tuple[float, float] | None = None
        self._words = ("", "")
        self._chosen: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_bars(
        self,
        bars: Sequence[Bar],
        zone: tuple[float, float] | None = None,
        words: tuple[str, str] = ("", ""),
    ) -> None:
        """Show other sizes.

        Parameters
        ----------
        bars
            From top to bottom.
        zone
            Between which sizes all is well; what is beyond is tinted.
        words
            What stands over the tints, on the left and on the right.
        """
        grown = len(bars) != len(self._bars)
        self._bars, self._zone, self._words = tuple(bars), zone, words
        if self._chosen is not None and self._chosen >= len(bars):
            self._chosen = None
        told = "; ".join(f"{b.name} {_number(b.size)}" for b in self._bars)
        self.setAccessibleName(self.tr("Sizes, on a logarithmic axis"))
        self.setAccessibleDescription(told)
        if grown:
            self.updateGeometry()
        self.update()

    def choose(self, row: int) -> None:
        """Mark a row; nobody is told."""
        self._chosen = row if 0 <= row < len(self._bars) else None
        self.update()

    def bar_rect(self, row: int) -> QRectF:
        """Where a row's bar is; empty while its size is not computed."""
        size, high = self._bars[row].size, text_size.scaled(_ROW)
        axis = self._axis()
        top = axis.y() + row * high + 3
        if size is None:
            return QRectF(axis.x(), top, 0, high - 6)
        return QRectF(axis.x(), top, max(self._x(size) - axis.x(), 0.0), high - 6)

    def sizeHint(self) -> QSize:
        return QSize(text_size.scaled(340), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        extra = 2 * _MARGIN + 2 * self.fontMetrics().height() + 2
        return QSize(
            text_size.scaled(260), text_size.scaled(_ROW) * max(len(self._bars), 1) + extra
        )

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        now, axis = theme.current(), self._axis()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(now.plot_background))
            if not self._bars:
                return
            painter.setFont(small_font(self))
            self._paint_zone(painter, axis, now)
            self._paint_axis(painter, axis, now)
            for row in range(len(self._bars)):
                self._paint_row(painter, axis, row, now)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_zone(self, painter: QPainter, axis: QRectF, now: theme.Theme) -> None:
        if self._zone is None:
            return
        low, high = (self._x(size) for size in self._zone)
        sides = (
            (axis.left(), low, now.forward, Qt.AlignmentFlag.AlignLeft),
            (high, axis.right(), now.error, Qt.AlignmentFlag.AlignRight),
        )
        advance = painter.fontMetrics().horizontalAdvance
        told = sum(map(advance, self._words)) + _MARGIN <= axis.width()
        for (left, right, name, side), word in zip(sides, self._words, strict=True):
            color = QColor(name)
            color.setAlphaF(0.16)
            painter.fillRect(QRectF(left, axis.y(), right - left, axis.height()), color)
            painter.setPen(QColor(name))
            line = painter.fontMetrics().height()
            if told:
                place = QRectF(axis.x(), axis.y() - line - 1, axis.width(), line)
                painter.drawText(place, side, word)

    def _paint_axis(self, painter: QPainter, axis: QRectF, now: theme.Theme) -> None:
        low, high = self._decades
        line = painter.fontMetrics().height()
        # Each second or fourth of the lines has its number, as there is room.
        room = text_size.scaled(_POWER)
        every = 4 if self._x(10.0 ** (low + 4)) - axis.x() >= room else 8
        for power in range(low, high + 1, 2):
            x = self._x(10.0**power)
            painter.setPen(QColor(now.plot_grid))
            painter.drawLine(int(x), int(axis.top()), int(x), int(axis.bottom()))
            if (power - low) % every == 0:
                painter.setPen(QColor(now.muted))
                place = QRectF(x - room / 2, axis.bottom() + 2, room, line)
                painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"1e{power}")

    def _paint_row(self, painter: QPainter, axis: QRectF, row: int, now: theme.Theme) -> None:
        high, names = text_size.scaled(_ROW), self._names_width()
        bar, top = self._bars[row], axis.y() + row * high
        if row == self._chosen:
            painter.fillRect(QRectF(0, top, self.width(), high), QColor(now.selection))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, names - 8)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(now.on_selection if row == self._chosen else now.text))
        painter.drawText(QRectF(_MARGIN, top, names - 8, high), centre, name)
        painter.drawText(
            QRectF(axis.right() + 4, top, text_size.scaled(_NUMBERS) - 4, high),
            Qt.AlignmentFlag.AlignRight | centre,
            _number(bar.size),
        )
        sound = bar.size is None or math.isfinite(bar.size)
        rect = self.bar_rect(row)
        if not sound:
            rect.setRight(axis.right())
        painter.fillRect(rect, QColor(now.backward if sound else now.nan))

    def _axis(self) -> QRectF:
        metrics = self.fontMetrics()
        line, names = metrics.height(), self._names_width()
        width = max(self.width() - names - text_size.scaled(_NUMBERS) - _MARGIN, 10)
        return QRectF(names, _MARGIN + line, width, text_size.scaled(_ROW) * len(self._bars))

    def _names_width(self) -> int:
        """As much as the longest name needs, up to a limit."""
        advance = self.fontMetrics().horizontalAdvance
        needed = max((advance(bar.name) for bar in self._bars), default=0) + _MARGIN + 10
        return min(needed, text_size.scaled(_NAMES))

    def _x(self, size: float) -> float:
        low, high = self._decades
        axis = self._axis()
        if not size > 0:
            return axis.left()
        share = (math.log10(size) - low) / (high - low) if math.isfinite(size) else 1.0
        return axis.left() + min(max(share, 0.0), 1.0) * axis.width()

    # Pointing and keys.

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None:
            self._go(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None:
            self.row_entered.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self._bars) - 1
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen is not None:
            self.row_entered.emit(self._chosen)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and last >= 0:
            step = 1 if key == Qt.Key.Key_Down else -1
            row = 0 if self._chosen is None else min(max(self._chosen + step, 0), last)
            self._go(row)
        else:
            super().keyPressEvent(event)

    def _row_at(self, y: float) -> int | None:
        row = int((y - self._axis().y()) // text_size.scaled(_ROW))
        return row if 0 <= row < len(self._bars) else None

    def _go(self, row: int) -> None:
        self.choose(row)
        self.row_chosen.emit(row)


def _number(size: float | None) -> str:
    return "–" if size is None else f"{size:.2e}"
