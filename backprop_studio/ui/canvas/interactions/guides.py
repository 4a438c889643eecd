"""Alignment guides: lines that appear where what is dragged lines up with what stands."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.ui.canvas import style
from backprop_studio.ui.canvas.repainting import repaint

REACH = 8.0
"""Scene units within which a node is drawn to the line of another one."""

_BEYOND = 40.0


def aligned(
    moving: Iterable[QPointF], standing: Iterable[QPointF]
) -> tuple[QPointF, tuple[QLineF, ...]]:
    """How far to shift what is dragged so that centres line up, and the lines to show.

    Parameters
    ----------
    moving
        Centres of the nodes that are dragged, where the pointer has them.
    standing
        Centres of all others.

    Returns
    -------
    tuple
        The shift, at most `REACH` in each direction, and a line for each that was found.
    """
    held, others = list(moving), list(standing)
    shift, found = QPointF(), []
    for axis, value in (("x", QPointF.x), ("y", QPointF.y)):
        # All pairs at once: many can be dragged through many.
        here, there = (np.fromiter(map(value, points), float) for points in (held, others))
        gaps = there[np.newaxis, :] - here[:, np.newaxis]
        if not gaps.size:
            continue
        nearest = int(np.argmin(np.abs(gaps)))
        by = float(gaps.flat[nearest])
        if abs(by) > REACH:
            continue
        (shift.setX if axis == "x" else shift.setY)(by)
        which, to = divmod(nearest, len(others))
        found.append((axis, held[which], others[to]))
    lines = []
    for axis, moved, other in found:
        end = moved + shift
        if axis == "x":
            top, bottom = sorted((end.y(), other.y()))
            lines.append(QLineF(other.x(), top - _BEYOND, other.x(), bottom + _BEYOND))
        else:
            left, right = sorted((end.x(), other.x()))
            lines.append(QLineF(left - _BEYOND, other.y(), right + _BEYOND, other.y()))
    return shift, tuple(lines)


class GuideItem(QGraphicsItem):
    """The lines, on top of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(5)
        self.lines: tuple[QLineF, ...] = ()

    def show_lines(self, lines: tuple[QLineF, ...]) -> None:
        """Show other lines."""
        self.prepareGeometryChange()
        self.lines = lines
        repaint(self)

    def boundingRect(self) -> QRectF:
        bounds = QRectF()
        for line in self.lines:
            bounds = bounds.united(QRectF(line.p1(), line.p2()).normalized())
        return bounds.adjusted(-2, -2, 2, 2)

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setPen(style.current().tone("accent").dashed)
        painter.drawLines(list(self.lines))
