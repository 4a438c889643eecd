"""The way of a wire around the cards that stand between its ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, KeysView
from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from backprop_studio.ui.canvas import geometry

_CELL_X, _CELL_Y = 220.0, 130.0
_CLEAR = 14.0
"""Free space between a wire and a card that it goes around."""

_SAMPLES = 14
_TRIES = 12
_RAMPS = (34.0, 14.0)
"""Width of the curve that leads to the height at which a wire passes a card: wide, or narrow."""

_SWINGS = (60.0, 24.0)
"""How far a wire that runs back swings out at its ends: wide, or between two cards."""

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Point = tuple[float, float]
Cell = tuple[int, int]
Curve = tuple[Point, Point, Point, Point]

_NONE: dict[str, Rect] = {}


class Cards:
    """Where cards stand, to be asked quickly: a grid of cells with the cards that touch them."""

    def __init__(self) -> None:
        self._rects: dict[str, Rect] = {}
        self._cells: dict[Cell, dict[str, Rect]] = {}

    def put(self, key: str, rect: QRectF | None) -> tuple[QRectF, ...]:
        """Note where a card stands, None for nowhere; where that has changed something."""
        new = None if rect is None else sides(rect)
        old = self._rects.get(key)
        if new == old:
            return ()
        if old is not None:
            for cell in _cells(old):
                del self._cells[cell][key]
            del self._rects[key]
        if new is not None:
            self._rects[key] = new
            for cell in _cells(new):
                self._cells.setdefault(cell, {})[key] = new
        # Where it was and where it is: what lies between does not mind a card that is put far away.
        places = [QRectF(QPointF(*r[:2]), QPointF(*r[2:])) for r in (old, new) if r is not None]
        if len(places) == 2 and places[0].intersects(places[1]):
            places = [places[0].united(places[1])]
        return tuple(place.adjusted(-_CLEAR, -_CLEAR, _CLEAR, _CLEAR) for place in places)

    def keys(self) -> KeysView[str]:
        """The cards that are known."""
        return self._rects.keys()

    def within(self, area: Rect, but: frozenset[str] = frozenset()) -> list[Rect]:
        """The cards that touch an area, without some."""
        left, top, right, bottom = area
        columns, rows = _spans(area)
        near = self._rects
        # A long wire may have to do with more cells than there are cards.
        if len(columns) * len(rows) < len(near):
            near = {}
            for cell in itertools.product(columns, rows):
                near.update(self._cells.get(cell, _NONE))
        return [
            rect
            for key, rect in near.items()
            if rect[0] < right
            and rect[2] > left
            and rect[1] < bottom
            and rect[3] > top
            and key not in but
        ]

    def under(self, points: Iterable[Point], but: frozenset[str] = frozenset()) -> Iterator[str]:
        """The cards that some points lie on, without some; one for each of its points."""
        cells = self._cells
        for x, y in points:
            there = cells.get((int(x // _CELL_X), int(y // _CELL_Y)))
            if not there:
                continue
            for key, (left, top, right, bottom) in there.items():
                if left < x < right and top < y < bottom and key not in but:
                    yield key


def route(
    start: QPointF,
    end: QPointF,
    cards: Cards,
    own: frozenset[str],
    moving: frozenset[str] = frozenset(),
) -> QPainterPath | None:
    """The path of a wire that crosses no card, or as few as can be had cheaply.

    The plain curve is kept where nothing is in its way. Otherwise the wire passes above or below
    what is there, in the nearest free lane, and of the three ways the one through the fewest cards
    is taken; of equal ones, the shortest detour.

    Parameters
    ----------
    start, end
        The ports, in the scene.
    cards
        What stands around.
    own
        The cards that the wire begins and ends at.
    moving
        Cards that are not where they are noted, because they are dragged.

    Returns
    -------
    QPainterPath or None
        None for the plain curve, `geometry.wire_path`.
    """
    back = start.x() > end.x()
    # A wire that runs back passes its own two cards as well.
    but = moving if back else own | moving
    if next(cards.under(_plain_points(start, end), but), None) is None:
        return None
    middle = (start.y() + end.y()) / 2
    found = (_lane(start, end, cards, but, up=up) for up in (True, False))
    lanes = {lane for lane in found if lane is not None}
    best: tuple[float, float] | None = None
    fewest = math.inf
    # The shortest detour first, so that it is taken of equal ones.
    for lane in sorted(lanes, key=lambda lane: (abs(lane - middle), lane)):
        for swing in _SWINGS if back else _RAMPS:
            crossed = len(set(cards.under(_points(start, end, lane, swing), but)))
            if not crossed:
                return _through(start, end, lane, swing)
            if crossed < fewest:
                best, fewest = (lane, swing), crossed
    if best is None or fewest >= len(set(cards.under(_plain_points(start, end), but))):
        return None
    return _through(start, end, *best)


def _lane(
    start: QPointF, end: QPointF, cards: Cards, but: frozenset[str], *, up: bool
) -> float | None:
    """The nearest height above or below the ends at which the way across is free."""
    left, right = min(start.x(), end.x()), max(start.x(), end.x())
    if start.x() > end.x():
        left, right = left - _SWINGS[-1], right + _SWINGS[-1]
    else:
        left, right = left + 4, right - 4
    lane = (start.y() + end.y()) / 2 if start.x() > end.x() else (
        min(start.y(), end.y()) if up else max(start.y(), end.y())
    )  # fmt: skip
    for _ in range(_TRIES):
        area = (left, lane - _CLEAR + 1, right, lane + _CLEAR - 1)
        blocking = cards.within(area, but)
        if not blocking:
            return lane
        lane = min(r[1] for r in blocking) - _CLEAR if up else max(
            r[3] for r in blocking) + _CLEAR  # fmt: skip
    return None


def _ramps(start: QPointF, end: QPointF, lane: float, swing: float) -> tuple[Curve, Curve]:
    """The curves from `start` to a lane and from the lane to `end`; `swing` is how wide they are.

    Between them, the way goes straight along the lane.
    """
    sx, sy, ex, ey = start.x(), start.y(), end.x(), end.y()
    if sx > ex:
        a, b, bend = sx, ex, swing
        first = (sx, sy), (sx + bend, sy), (a + bend, lane), (a, lane)
        last = (b, lane), (b - bend, lane), (ex - bend, ey), (ex, ey)
    else:
        ramp = min(swing, (ex - sx) / 2)
        a, b, bend = sx + ramp, ex - ramp, ramp * 0.6
        first = (sx, sy), (sx + bend, sy), (a - bend, lane), (a, lane)
        last = (b, lane), (b + bend, lane), (ex - bend, ey), (ex, ey)
    return first, last


def _through(start: QPointF, end: QPointF, lane: float, swing: float) -> QPainterPath:
    """The way along a lane."""
    path = QPainterPath(start)
    first, last = _ramps(start, end, lane, swing)
    path.cubicTo(*(value for point in first[1:] for value in point))
    path.lineTo(*last[0])
    path.cubicTo(*(value for point in last[1:] for value in point))
    return path


def _points(start: QPointF, end: QPointF, lane: float, swing: float) -> Iterator[Point]:
    """Points on the way along a lane where a card may be: the lane itself is free."""
    first, last = _ramps(start, end, lane, swing)
    return itertools.chain(_on_curve(*first, 6), _on_curve(*last, 6))


def _plain_points(start: QPointF, end: QPointF) -> Iterator[Point]:
    sx, sy, ex, ey = start.x(), start.y(), end.x(), end.y()
    bend = geometry.wire_bend(start, end)
    count = min(max(_SAMPLES, math.ceil((abs(ex - sx) + abs(ey - sy)) / 40.0)), 200)
    return _on_curve((sx, sy), (sx + bend, sy), (ex - bend, ey), (ex, ey), count)


def _on_curve(a: Point, b: Point, c: Point, d: Point, count: int) -> Iterator[Point]:
    """Points of a cubic curve, without its ends."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = a, b, c, d
    # One by one, as the first of them often tells enough.
    for p, q, r, s in _shares(count):
        yield p * ax + q * bx + r * cx + s * dx, p * ay + q * by + r * cy + s * dy


@cache
def _shares(count: int) -> tuple[tuple[float, float, float, float], ...]:
    """Shares of the four points of a cubic curve in the points that divide it into `count`."""
    found = []
    for k in range(1, count):
        t = k / count
        u = 1.0 - t
        found.append((u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t))
    return tuple(found)


def sides(rect: QRectF) -> Rect:
    """Left, top, right and bottom of a rectangle."""
    return rect.left(), rect.top(), rect.right(), rect.bottom()


def _cells(area: Rect) -> Iterator[Cell]:
    """The cells of the grid that an area touches."""
    return itertools.product(*_spans(area))


def _spans(area: Rect) -> tuple[range, range]:
    """Columns and rows of the grid that an area touches."""
    left, top, right, bottom = area
    return (
        range(int(left // _CELL_X), int(right // _CELL_X) + 1),
        range(int(top // _CELL_Y), int(bottom // _CELL_Y) + 1),
    )
