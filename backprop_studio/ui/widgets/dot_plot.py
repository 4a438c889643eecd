"""Examples as points of a plane, over a ground that may be coloured, read by mouse and keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.kinds import draw_cross, draw_mark
from backprop_studio.ui.widgets.scale_bar import number, small_font

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

_STAMP = 14
"""Pixels along the sides of a mark's picture."""

_NEAR = 9.0
"""Pixels within which a point is pointed at."""


@dataclass(frozen=True)
class Dots:
    """Points.

    Attributes
    ----------
    places
        Of shape (points, 2). Those that are not finite are not drawn.
    kinds
        Class of each, from 0.
    hollow
        Whether each is only an outline, as held-out examples are.
    crossed
        Whether each is marked as wrong.
    """

    places: Floats
    kinds: npt.NDArray[np.integer]
    hollow: Flags
    crossed: Flags


@dataclass(frozen=True)
class Path:
    """A line behind the points, or in front of them.

    Attributes
    ----------
    points
        Of shape (points, 2).
    dashed
        For a line to compare with.
    color
        Field of the theme.
    above
        Whether it is in front of the points.
    """

    points: Floats
    dashed: bool = False
    color: str = "text"
    above: bool = False


@dataclass(frozen=True)
class View:
    """All that a plot shows.

    Attributes
    ----------
    low, high
        Ends of the axes: two numbers each.
    dots, paths
        What is drawn.
    ground
        Colours as uint32 of shape (down, across), ``0xffrrggbb``, the first row on top; None for
        a plain ground.
    labels
        Names of the axes; empty for none.
    upright
        Whether the upright axis has numbers; it has none where it only keeps points apart.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    dots: Dots
    paths: tuple[Path, ...] = ()
    ground: npt.NDArray[np.uint32] | None = None
    labels: tuple[str, str] = ("", "")
    upright: bool = True


class DotPlot(QWidget):
    """Points on two axes. Arrow keys go from point to point, Enter chooses one.

    Parameters
    ----------
    compact
        Whether it is one of many: without numbers on its axes, with smaller points.
    """

    dot_hovered = Signal(int)
    """Which point is pointed at; -1 for none."""
    dot_chosen = Signal(int)
    """Which point was clicked or entered."""

    def __init__(self, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = compact
        self._view: View | None = None
        self._cache: QPixmap | None = None
        self._pixels: QPointF | None = None
        self._at: Floats = np.empty((0, 2))
        self._current = -1
        self._empty = ""
        self.tell_dot: Callable[[int], str] = lambda _: ""
        """Says what a point is."""
        self.tell_place: Callable[[float, float], str] = lambda x, y: ""
        """Says what is at a place without a point."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def view(self) -> View | None:
        """What is shown."""
        return self._view

    @property
    def current(self) -> int:
        """The point that was pointed at last; -1 for none."""
        return self._current

    def set_view(self, view: View | None, empty: str = "") -> None:
        """Show something else; without anything, say `empty`."""
        self._view, self._empty = view, empty
        self._cache = None
        if view is None or self._current >= len(view.dots.places):
            self._current = -1
        self.update()

    def set_current(self, dot: int) -> None:
        """Mark a point; -1 for none."""
        if dot != self._current:
            self._current = dot
            self.update()

    def spot(self, dot: int) -> QPointF:
        """Where a point is drawn, in pixels."""
        self._measure()
        return QPointF(float(self._at[dot, 0]), float(self._at[dot, 1]))

    def sizeHint(self) -> QSize:
        return QSize(150, 110) if self._compact else QSize(320, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(90, 70) if self._compact else QSize(180, 150)

    # Places.

    def area(self) -> QRectF:
        """Where the plot is, in the widget's coordinates."""
        if self._compact:
            return QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        line = self.fontMetrics().height()
        labels = self._view.labels if self._view is not None else ("", "")
        below = line + 4 + (line if labels[0] else 0)
        upright = self._view is None or self._view.upright
        left = (46 if upright else 8) + (line if labels[1] else 0)
        return QRectF(self.rect()).adjusted(left, 6, -8, -below)

    def _to_pixels(self, places: Floats) -> Floats:
        view, area = self._view, self.area()
        assert view is not None
        low, high = np.array(view.low), np.array(view.high)
        unit = (np.asarray(places, float) - low) / (high - low)
        return np.stack(
            [area.left() + unit[:, 0] * area.width(), area.bottom() - unit[:, 1] * area.height()],
            axis=1,
        )

    def _to_place(self, pixel: QPointF) -> tuple[float, float] | None:
        view, area = self._view, self.area()
        if view is None or not area.contains(pixel):
            return None
        across = (pixel.x() - area.left()) / area.width()
        up = (area.bottom() - pixel.y()) / area.height()
        return (
            view.low[0] + across * (view.high[0] - view.low[0]),
            view.low[1] + up * (view.high[1] - view.low[1]),
        )

    def _measure(self) -> None:
        if self._view is not None:
            self._at = self._to_pixels(self._view.dots.places)

    def _near(self, pixel: QPointF) -> int:
        if self._view is None or not len(self._view.dots.places):
            return -1
        self._measure()
        away = np.hypot(self._at[:, 0] - pixel.x(), self._at[:, 1] - pixel.y())
        away = np.where(np.isfinite(away), away, np.inf)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= _NEAR else -1

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._cache is None:
            self._cache = QPixmap(self.size() * ratio)
            self._cache.setDevicePixelRatio(ratio)
            self._cache.fill(QColor(theme.current().plot_background))
            with QPainter(self._cache) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setFont(self.font())
                self._paint(painter)
        now = theme.current()
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._cache)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._view is not None and 0 <= self._current < len(self._view.dots.places):
                self._measure()
                if np.isfinite(self._at[self._current]).all():
                    painter.setPen(QPen(QColor(now.text), 2))
                    painter.drawEllipse(self.spot(self._current), 8, 8)
            if self.hasFocus():
                painter.setPen(QPen(QColor(now.accent), 2))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint(self, painter: QPainter) -> None:
        now, view, area = theme.current(), self._view, self.area()
        if view is None:
            painter.setPen(QColor(now.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(12, 8, -12, -8), flags, self._empty)
            return
        if view.ground is not None:
            pixels = np.ascontiguousarray(view.ground)
            height, width = pixels.shape
            form = QImage.Format.Format_RGB32
            image = QImage(pixels.data.cast("B"), width, height, width * 4, form)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, image)
        if not self._compact:
            self._paint_axes(painter, view)
        painter.setPen(QPen(QColor(now.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        painter.save()
        painter.setClipRect(area)
        self._paint_paths(painter, [path for path in view.paths if not path.above])
        self._measure()
        ground, dots = QColor(now.plot_background), view.dots
        size = 5.0 if self._compact else (7.0 if len(dots.places) <= 600 else 5.5)
        shown = np.asarray(np.isfinite(self._at).all(axis=1))
        half = QPointF(_STAMP / 2, _STAMP / 2)
        stamps: dict[tuple[int, bool, bool], QPixmap] = {}
        marks = zip(dots.kinds.tolist(), dots.hollow.tolist(), dots.crossed.tolist(), strict=True)
        drawn = [
            (mark, QPointF(x, y))
            for mark, (x, y), good in zip(marks, self._at.tolist(), shown.tolist(), strict=True)
            if good
        ]
        # Wrong ones on top, as they are what is looked for.
        for mark, place in sorted(drawn, key=lambda one: one[0][2]):
            if mark not in stamps:
                # Thousands of equal marks: each kind is drawn once, and stamped.
                stamps[mark] = self._stamp(*mark, size, ground)
            painter.drawPixmap(place - half, stamps[mark])
        self._paint_paths(painter, [path for path in view.paths if path.above])
        painter.restore()

    def _stamp(
        self, kind: int, hollow: bool, crossed: bool, size: float, ground: QColor
    ) -> QPixmap:
        """A picture of a mark, with nothing around it."""
        ratio = self.devicePixelRatioF()
        stamp = QPixmap(QSize(_STAMP, _STAMP) * ratio)
        stamp.setDevicePixelRatio(ratio)
        stamp.fill(Qt.GlobalColor.transparent)
        middle = QPointF(_STAMP / 2, _STAMP / 2)
        with QPainter(stamp) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_mark(painter, middle, kind, size, hollow=hollow, ground=ground)
            if crossed:
                draw_cross(painter, middle, size)
        return stamp

    def _paint_paths(self, painter: QPainter, paths: Sequence[Path]) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path in paths:
            style = Qt.PenStyle.DashLine if path.dashed else Qt.PenStyle.SolidLine
            painter.setPen(
                QPen(theme.current().color(path.color), 1.2 if path.dashed else 2.0, style)
            )
            for piece in _finite_pieces(self._to_pixels(path.points)):
                painter.drawPolyline(QPolygonF([QPointF(float(x), float(y)) for x, y in piece]))

    def _paint_axes(self, painter: QPainter, view: View) -> None:
        now, area = theme.current(), self.area()
        painter.setFont(small_font(self))
        metrics = painter.fontMetrics()
        line = metrics.height()
        painter.setPen(QColor(now.muted))
        for tick in ticks(view.low[0], view.high[0], max(2, int(area.width() / 70))):
            x = area.left() + (tick - view.low[0]) / (view.high[0] - view.low[0]) * area.width()
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            place = QRectF(x - 40, area.bottom() + 3, 80, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, number(tick))
        rungs = ticks(view.low[1], view.high[1], max(2, int(area.height() / 45)))
        for tick in rungs if view.upright else ():
            y = area.bottom() - (tick - view.low[1]) / (view.high[1] - view.low[1]) * area.height()
            painter.drawLine(QPointF(area.left() - 3, y), QPointF(area.left(), y))
            place = QRectF(area.left() - 50, y - line / 2, 45, line)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, right, number(tick))
        if view.labels[0]:
            place = QRectF(area.left(), self.height() - line - 1, area.width(), line)
            text = metrics.elidedText(
                view.labels[0], Qt.TextElideMode.ElideRight, int(area.width())
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if view.labels[1]:
            painter.save()
            painter.translate(2 + line / 2, area.center().y())
            painter.rotate(-90)
            text = metrics.elidedText(
                view.labels[1], Qt.TextElideMode.ElideRight, int(area.height())
            )
            wide = QRectF(-area.height() / 2, -line / 2, area.height(), line)
            painter.drawText(wide, Qt.AlignmentFlag.AlignCenter, text)
            painter.restore()

    # The user.

    def _point_at(self, dot: int) -> None:
        if dot != self._current:
            self._current = dot
            self.setAccessibleDescription(self.tell_dot(dot) if dot >= 0 else "")
            self.dot_hovered.emit(dot)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pixel = event.position()
        dot = self._near(pixel)
        self._point_at(dot)
        place = self._to_place(pixel)
        text = self.tell_dot(dot) if dot >= 0 else ""
        if not text and place is not None:
            text = self.tell_place(*place)
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        dot = self._near(event.position())
        if event.button() == Qt.MouseButton.LeftButton and dot >= 0:
            self._point_at(dot)
            self.dot_chosen.emit(dot)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = 0 if self._view is None else len(self._view.dots.places)
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10,
            Qt.Key.Key_Home: -count, Qt.Key.Key_End: count,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if count and key in steps:
            dot = min(max(self._current + steps[key], 0), count - 1)
            self._point_at(dot)
            place = self.mapToGlobal(self.spot(dot).toPoint())
            QToolTip.showText(place, self.tell_dot(dot), self)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._current < count:
            self.dot_chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._cache = None
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self._cache = None
            self.update()
        super().changeEvent(event)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers in a range, evenly spaced."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(s * power for s in (1, 2, 5, 10, 20) if span / (s * power) <= most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [0.0 if n == 0 else n * step for n in range(first, last + 1)]


def _finite_pieces(points: Floats) -> list[Floats]:
    """A line cut where it is not finite."""
    good = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    # No painter draws to where a diverged prediction may lie.
    return [np.clip(points[a:b], -1e5, 1e5) for a, b in edges.reshape(-1, 2) if b - a > 1]
