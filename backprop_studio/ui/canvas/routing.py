"""The way of a wire around the cards that stand between its ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, KeysView

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


class Cards:
    """Where cards stand, to be asked quickly: a grid of cells with the cards that touch them."""

    def __init__(self) -> None:
        self._rects: dict[str, Rect] = {}
        self._cells: dict[tuple[int, int], set[str]] = {}

    def put(self, key: str, rect: QRectF | None) -> tuple[QRectF, ...]:
        """Note where a card stands, None for nowhere; where that has changed something."""
        new = None if rect is None else (rect.left(), rect.top(), rect.right(), rect.bottom())
        old = self._rects.get(key)
        if new == old:
            return ()
        if old is not None:
            for cell in _cells(old):
                self._cells[cell].discard(key)
            del self._rects[key]
        if new is not None:
            self._rects[key] = new
            for cell in _cells(new):
                self._cells.setdefault(cell, set()).add(key)
        # Where it was and where it is: what lies between does not mind a card that is put far away.
        places = [QRectF(QPointF(*r[:2]), QPointF(*r[2:])) for r in (old, new) if r is not None]
        if len(places) == 2 and places[0].intersects(places[1]):
            places = [places[0].united(places[1])]
        return tuple(place.adjusted(-_CLEAR, -_CLEAR, _CLEAR, _CLEAR) for place in places)

    def keys(self) -> KeysView[str]:
        """The cards that are known."""
        return self._rects.keys()

    def within(self, area: Rect, but: frozenset[str]) -> Iterator[Rect]:
        """The cards that touch an area, without some."""
        seen: set[str] = set()
        left, top, right, bottom = area
        for cell in _cells(area):
            for key in self._cells.get(cell, ()):
                if key in seen or key in but:
                    continue
                seen.add(key)
                rect = self._rects[key]
                if rect[0] < right and rect[2] > left and rect[1] < bottom and rect[3] > top:
                    yield rect

    def at(self, x: float, y: float, but: frozenset[str]) -> str:
        """The card at a point, without some; empty for none."""
        for key in self._cells.get((int(x // _CELL_X), int(y // _CELL_Y)), ()):
            if key not in but:
                left, top, right, bottom = self._rects[key]
                if left < x < right and top < y < bottom:
                    return key
        return ""


def route(
    start: QPointF,
    end: QPointF,
    cards: Cards,
    own: frozenset[str],
    moving: frozenset[str] = frozenset(),
) -> QPainterPath:
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
    """
    plain = geometry.wire_path(start, end)
    back = start.x() > end.x()
    # A wire that runs back passes its own two cards as well.
    but = moving if back else own | moving
    hit = _crossed(_plain_points(start, end), cards, but)
    if not hit:
        return plain
    best, fewest, detour = plain, len(hit), math.inf
    lanes = {_lane(start, end, cards, but, up=up) for up in (True, False)}
    for lane in sorted(found for found in lanes if found is not None):
        for swing in _SWINGS if back else _RAMPS:
            path, points = _through(start, end, lane, swing)
            crossed = len(_crossed(points, cards, but))
            away = abs(lane - (start.y() + end.y()) / 2)
            if crossed < fewest or (crossed == fewest and away < detour and best is not plain):
                best, fewest, detour = path, crossed, away
    return best


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
        blocking = list(cards.within(area, but))
        if not blocking:
            return lane
        lane = min(r[1] for r in blocking) - _CLEAR if up else max(
            r[3] for r in blocking) + _CLEAR  # fmt: skip
    return None


def _through(
    start: QPointF, end: QPointF, lane: float, swing: float
) -> tuple[QPainterPath, list[tuple[float, float]]]:
    """The way along a lane, and points on it; `swing` is how wide the curves at its ends are."""
    a, b = QPointF(start.x(), lane), QPointF(end.x(), lane)
    path = QPainterPath(start)
    if start.x() > end.x():
        out, back = QPointF(swing, 0), QPointF(-swing, 0)
        path.cubicTo(start + out, a + out, a)
        path.lineTo(b)
        path.cubicTo(b + back, end + back, end)
        first, last = (start, start + out, a + out, a), (b, b + back, end + back, end)
    else:
        ramp = min(swing, (end.x() - start.x()) / 2)
        a, b = a + QPointF(ramp, 0), b - QPointF(ramp, 0)
        bend = QPointF(ramp * 0.6, 0)
        path.cubicTo(start + bend, a - bend, a)
        path.lineTo(b)
        path.cubicTo(b + bend, end - bend, end)
        first, last = (start, start + bend, a - bend, a), (b, b + bend, end - bend, end)
    points = [*_on_curve(*first, 6), *_on_curve(*last, 6)]
    steps = max(int(abs(b.x() - a.x()) / (_CELL_X / 3)), 1)
    points += [(a.x() + (b.x() - a.x()) * k / steps, lane) for k in range(steps + 1)]
    return path, points


def _plain_points(start: QPointF, end: QPointF) -> list[tuple[float, float]]:
    bend = QPointF(geometry.wire_bend(start, end), 0)
    length = abs(end.x() - start.x()) + abs(end.y() - start.y())
    count = min(max(_SAMPLES, math.ceil(length / 40.0)), 200)
    return _on_curve(start, start + bend, end - bend, end, count)


def _on_curve(
    a: QPointF, b: QPointF, c: QPointF, d: QPointF, count: int
) -> list[tuple[float, float]]:
    """Points of a cubic curve, without its ends."""
    ax, ay, bx, by = a.x(), a.y(), b.x(), b.y()
    cx, cy, dx, dy = c.x(), c.y(), d.x(), d.y()
    found = []
    for k in range(1, count):
        t = k / count
        u = 1.0 - t
        p, q, r, s = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        found.append((p * ax + q * bx + r * cx + s * dx, p * ay + q * by + r * cy + s * dy))
    return found


def _crossed(points: list[tuple[float, float]], cards: Cards, but: frozenset[str]) -> set[str]:
    """The cards that some points lie on."""
    return {key for x, y in points if (key := cards.at(x, y, but))}


def _cells(area: Rect) -> Iterator[tuple[int, int]]:
    left, top, right, bottom = area
    for column in range(int(left // _CELL_X), int(right // _CELL_X) + 1):
        for row in range(int(top // _CELL_Y), int(bottom // _CELL_Y) + 1):
            yield column, row
