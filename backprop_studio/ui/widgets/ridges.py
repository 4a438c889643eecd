"""Distributions over time as a range of hills, one behind the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import small_font

MOST = 24
"""Hills that are drawn, at most: evenly spaced ones of the moments, with the first and the last."""

_CLOSEST = 8
"""Pixels from one hill's foot to the next, at least."""

_TALL = 6.0
"""How many feet a hill would pass whose bin holds everything."""

_MARGIN = 6
_FEWEST = 12
"""Bins across, at least, so that a single spike is not a wall."""


class Bin(NamedTuple):
    """A range of numbers that is counted together.

    Attributes
    ----------
    tick
        What is written below it; empty for most.
    reading
        What it is called where a share is read.
    """

    tick: str
    reading: str


class RidgePlot(QWidget):
    """How something was distributed at each moment: the past is behind, the newest in front.

    A hill's height is the square root of the share that a bin holds, so that small shares are seen
    beside large ones. The scale of the heights is fixed. Pointing, or the arrow keys, reads the
    exact share.

    Parameters
    ----------
    x_label
        What is counted.
    time_label
        What time is counted in.
    """

    hovered = Signal(str)
    """Moment, bin and share that is pointed at; empty when there is none."""

    def __init__(self, x_label: str, time_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_label, self._time_label = x_label, time_label
        self._shares: npt.NDArray[np.float64] = np.empty((0, 0))
        self._bins: tuple[Bin, ...] = ()
        self._times: npt.NDArray[np.float64] = np.empty(0)
        self._now: float | None = None
        self._span = (0, 0)
        self._cursor: tuple[int, int] | None = None
        self._pointed: tuple[int, int] | None = None
        self.setAccessibleName(self.tr("Distributions over time"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_hills(
        self,
        shares: npt.NDArray[np.floating],
        bins: Sequence[Bin],
        times: Sequence[float],
        *,
        now: float | None = None,
    ) -> None:
        """Show other distributions.

        Parameters
        ----------
        shares
            Array of shape (bins, moments), from 0 to 1; NaN where a moment has no distribution.
        bins
            From the smallest numbers to the largest.
        times
            When the moments were, ascending.
        now
            The present; hills after it are drawn faintly.
        """
        self._shares = np.asarray(shares, np.float64)
        self._bins, self._times = tuple(bins), np.asarray(times, np.float64)
        self._now = now
        self._span = self._occupied()
        for place in (self._cursor, self._pointed):
            if place is not None and (place[0] >= len(self._bins) or place[1] >= len(self._times)):
                self._cursor = self._pointed = None
        self.setAccessibleName(
            self.tr("Distributions over time, {n} moments").format(n=len(self._times))
        )
        self.update()

    def _occupied(self) -> tuple[int, int]:
        """The first bin that is shown and the one after the last: all that ever held something."""
        held = np.flatnonzero((np.nan_to_num(self._shares) > 0).any(axis=1))
        if not len(held):
            return 0, len(self._bins)
        low, high = max(int(held[0]) - 1, 0), min(int(held[-1]) + 2, len(self._bins))
        while high - low < min(_FEWEST, len(self._bins)):
            low, high = max(low - 1, 0), min(high + 1, len(self._bins))
        return low, high

    def shown(self) -> list[int]:
        """The moments that have a hill."""
        if not self._shares.size:
            return []
        there = np.flatnonzero(~np.isnan(self._shares).all(axis=0))
        room = int(self._ground().height() / (1 + _TALL / MOST) / _CLOSEST)
        count = max(min(len(there), MOST, room), min(len(there), 2))
        if count == 0:
            return []
        # Evenly in time, as the moments thin out towards the past.
        wanted = np.linspace(self._times[there[0]], self._times[there[-1]], count)
        nearest = np.abs(self._times[there][None] - wanted[:, None]).argmin(axis=1)
        return [int(there[i]) for i in dict.fromkeys(nearest.tolist())]

    # Places.

    def _ground(self) -> QRectF:
        line = self.fontMetrics().height()
        left = _MARGIN + self.fontMetrics().horizontalAdvance("0000.0") + 6
        top, below = _MARGIN + line, 2 * line + 8
        return QRectF(
            left, top, max(self.width() - left - _MARGIN, 1), max(self.height() - top - below, 1)
        )

    def _feet(self, shown: Sequence[int]) -> tuple[list[float], float]:
        """Where the hills stand, and how tall one is that holds everything."""
        ground = self._ground()
        tall = ground.height() * _TALL / (len(shown) + _TALL) if len(shown) > 1 else 0.0
        tall = min(tall or ground.height() * 0.8, ground.height() * 0.45)
        if len(shown) < 2:
            return [ground.bottom()] * len(shown), max(tall, ground.height() * 0.8)
        step = (ground.height() - tall) / (len(shown) - 1)
        return [ground.top() + tall + step * place for place in range(len(shown))], tall

    def _x(self, bin_: float) -> float:
        """Middle of a bin."""
        low, high = self._span
        ground = self._ground()
        return ground.left() + (bin_ + 0.5 - low) / max(high - low, 1) * ground.width()

    def entry_at(self, point: QPoint) -> tuple[int, int] | None:
        """Bin and moment that are pointed at: the moment whose foot is nearest below the point."""
        shown, ground = self.shown(), self._ground()
        if not shown or not ground.adjusted(0, 0, 0, 6).contains(QPointF(point)):
            return None
        feet, _ = self._feet(shown)
        place = next((p for p, foot in enumerate(feet) if foot >= point.y() - 3), len(feet) - 1)
        low, high = self._span
        share = (point.x() - ground.left()) / ground.width()
        return min(low + int(share * (high - low)), high - 1), shown[place]

    def text_at(self, bin_: int, moment: int) -> str:
        """A share in words."""
        number = self._shares[bin_, moment]
        read = self.tr("none") if math.isnan(number) else f"{number:.4g}"
        return self.tr("{unit} {time}, {bin}: {share}").format(
            unit=self._time_label,
            time=f"{self._times[moment]:.4g}",
            bin=self._bins[bin_].reading,
            share=read,
        )

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 130)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(now.plot_background))
            shown = self.shown()
            if not shown:
                return
            painter.setFont(small_font(self))
            self._paint_axes(painter, now)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            feet, tall = self._feet(shown)
            for place, moment in enumerate(shown):
                self._paint_hill(painter, now, moment, feet[place], tall, place / len(shown))
            self._paint_times(painter, now, shown, feet)
            self._paint_pointed(painter, now, dict(zip(shown, feet, strict=True)), tall)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_axes(self, painter: QPainter, now: theme.Theme) -> None:
        ground, metrics = self._ground(), painter.fontMetrics()
        line = metrics.height()
        painter.setPen(QColor(now.muted))
        above = QRectF(_MARGIN, 2, ground.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, self._time_label)
        told = self.tr("height: square root of the share")
        right = QRectF(ground.left(), 2, ground.width(), line)
        if metrics.horizontalAdvance(told + self._time_label) < ground.width():
            painter.drawText(right, Qt.AlignmentFlag.AlignRight, told)
        label = QRectF(ground.left(), ground.bottom() + line + 6, ground.width(), line)
        shown = metrics.elidedText(self._x_label, Qt.TextElideMode.ElideRight, int(ground.width()))
        painter.drawText(label, Qt.AlignmentFlag.AlignHCenter, shown)
        middle = len(self._bins) // 2
        taken: list[tuple[float, float]] = []
        # From zero outwards, so that both sides have the same ticks.
        for place in sorted(range(*self._span), key=lambda bin_: abs(bin_ - middle)):
            tick = self._bins[place].tick
            if not tick:
                continue
            x, width = self._x(place), metrics.horizontalAdvance(tick)
            painter.setPen(QPen(QColor(now.plot_grid), 1))
            painter.drawLine(QPointF(x, ground.top()), QPointF(x, ground.bottom() + 3))
            left = min(max(x - width / 2, 0.0), self.width() - width - 2.0)
            if all(left > end + 6 or left + width < start - 6 for start, end in taken):
                painter.setPen(QColor(now.muted))
                painter.drawText(QPointF(left, ground.bottom() + line + 1), tick)
                taken.append((left, left + width))

    def _paint_hill(
        self, painter: QPainter, now: theme.Theme, moment: int, foot: float, tall: float, age: float
    ) -> None:
        low, high = self._span
        heights = np.sqrt(np.clip(np.nan_to_num(self._shares[low:high, moment]), 0.0, 1.0)) * tall
        points = [QPointF(self._x(low + i), foot - h) for i, h in enumerate(heights.tolist())]
        ends = self._ground()
        outline = [QPointF(ends.left(), foot), *points, QPointF(ends.right(), foot)]
        hill = QPainterPath()
        hill.addPolygon(QPolygonF(outline))
        painter.fillPath(hill, QColor(now.plot_background))
        color = _between(QColor(now.muted), QColor(now.curve_train), 0.25 + 0.75 * age)
        fill = QColor(color)
        fill.setAlphaF(0.16)
        future = self._now is not None and self._times[moment] > self._now
        if not future:
            painter.fillPath(hill, fill)
        style = Qt.PenStyle.DotLine if future else Qt.PenStyle.SolidLine
        painter.setPen(QPen(color, 1.3, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(outline))

    def _paint_times(
        self, painter: QPainter, now: theme.Theme, shown: Sequence[int], feet: Sequence[float]
    ) -> None:
        metrics, ground = painter.fontMetrics(), self._ground()
        painter.setPen(QColor(now.muted))
        last = math.inf
        # From the newest up, so that the newest has its number.
        for moment, foot in zip(reversed(shown), reversed(feet), strict=True):
            if last - foot < metrics.height():
                continue
            last = foot
            place = QRectF(0, foot - metrics.height() + 3, ground.left() - 5, metrics.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, f"{self._times[moment]:.3g}")

    def _paint_pointed(
        self, painter: QPainter, now: theme.Theme, feet: dict[int, float], tall: float
    ) -> None:
        place = self._pointed or (self._cursor if self.hasFocus() else None)
        if place is None or place[1] not in feet:
            return
        bin_, moment = place
        height = math.sqrt(min(max(float(np.nan_to_num(self._shares[bin_, moment])), 0), 1)) * tall
        painter.setPen(QPen(QColor(now.text), 1.5))
        painter.setBrush(QColor(now.accent))
        painter.drawEllipse(QPointF(self._x(bin_), feet[moment] - height), 4, 4)

    # Pointing and keys.

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.entry_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1), Qt.Key.Key_Home: (0, -MOST), Qt.Key.Key_End: (0, MOST),
        }  # fmt: skip
        step, shown = steps.get(Qt.Key(event.key())), self.shown()
        if step is None or not shown:
            super().keyPressEvent(event)
            return
        if self._cursor is None or self._cursor[1] not in shown:
            # The fullest bin of the newest moment.
            newest = np.nan_to_num(self._shares[:, shown[-1]])
            self._cursor = int(newest.argmax()), shown[-1]
        else:
            bin_, place = self._cursor[0] + step[0], shown.index(self._cursor[1]) + step[1]
            low, high = self._span
            self._cursor = (
                min(max(bin_, low), high - 1), shown[min(max(place, 0), len(shown) - 1)],
            )  # fmt: skip
        self._pointed = None
        self._read(self._cursor)

    def _point(self, entry: tuple[int, int] | None) -> None:
        self._pointed = entry
        self._read(entry or (self._cursor if self.hasFocus() else None))

    def _read(self, entry: tuple[int, int] | None) -> None:
        text = self.text_at(*entry) if entry else ""
        self.setAccessibleDescription(text)
        self.hovered.emit(text)
        self.update()


def _between(a: QColor, b: QColor, share: float) -> QColor:
    def mean(x: float, y: float) -> float:
        return (1 - share) * x + share * y

    return QColor.fromRgbF(
        mean(a.redF(), b.redF()), mean(a.greenF(), b.greenF()), mean(a.blueF(), b.blueF())
    )
