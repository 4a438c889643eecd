"""Sizes and places on the canvas, in scene units. Nodes are placed by their centre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

WIDTH = 132.0
WIDEST = 220.0
"""Of a card; a longer title is cut."""

HEIGHT = 64.0
BAND = 24.0
RADIUS = 8.0
PORT = 5.0
PORT_REACH = 13.0
PORT_GAP = 20.0
GRID = 10
GAP = 60.0
"""Free space between a node and one that is added to its right; a shape label fits in it."""

FARTHEST = 50_000.0
"""Nodes cannot be put further than this from the middle of the canvas."""

Side = Literal["in", "out"]


@dataclass(frozen=True)
class PortRef:
    """One port of one node."""

    node: str
    side: Side
    index: int = 0


def snap(x: float, y: float) -> tuple[float, float]:
    """The nearest place on the grid."""

    def one(value: float) -> float:
        return float(round(max(-FARTHEST, min(FARTHEST, value)) / GRID) * GRID)

    return one(x), one(y)


def shifted(places: Mapping[str, QPointF], step: QPointF) -> dict[str, tuple[float, float]]:
    """All these places by the same step elsewhere, none further out than can be."""

    def one(value: float) -> float:
        return max(-FARTHEST, min(FARTHEST, value))

    return {key: (one(p.x() + step.x()), one(p.y() + step.y())) for key, p in places.items()}


def card(width: float) -> QRectF:
    """Outline of a node around its centre."""
    return QRectF(-width / 2, -HEIGHT / 2, width, HEIGHT)


def port_offset(side: Side, index: int, count: int, width: float) -> QPointF:
    """Centre of a port, from the node's centre."""
    if side == "out":
        return QPointF(width / 2, 0)
    return QPointF(-width / 2, (index - (count - 1) / 2) * PORT_GAP)


def wire_bend(start: QPointF, end: QPointF) -> float:
    """How far the curve of a wire swings out at its ends."""
    across = end.x() - start.x()
    # Backwards wires swing out, so that they do not hide behind their nodes.
    return max(across / 2, min(24 + abs(across) / 4, 120.0))


def wire_path(start: QPointF, end: QPointF) -> QPainterPath:
    """The curve of a wire. It leaves to the right and arrives from the left."""
    bend = wire_bend(start, end)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path


def free_place(start: QPointF, width: float, taken: Iterable[QRectF]) -> QPointF:
    """The first free place on the grid at `start` or to the right of it.

    Parameters
    ----------
    start
        Where the node's centre should be, if nothing is there.
    width
        Width of the node.
    taken
        Outlines of the nodes that are there.
    """
    x, y = snap(start.x(), start.y())
    # In order from the left, one pass finds it: each node in the way pushes past its right edge.
    for rect in sorted(taken, key=QRectF.left):
        room = rect.adjusted(-GRID, -GRID, GRID, GRID)
        if room.intersects(card(width).translated(x, y)):
            x = -((-(rect.right() + GAP + width / 2)) // GRID) * GRID
    return QPointF(x, y)
