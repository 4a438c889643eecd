"""Alignment guides: lines that appear where what is dragged lines up with what stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.ui.canvas import style
from backprop_studio.ui.canvas.repainting import repaint

REACH = 8.0
"""Scene units within which a card is drawn to the line of another one."""

_BEYOND = 40.0


@dataclass(frozen=True)
class Aligned:
    """How far to shift what is dragged so that it lines up, and what to show of it.

    Attributes
    ----------
    shift
        At most `REACH` in each direction.
    lines
        One for each direction in which something was found.
    across, down
        Whether something was found from left to right, and from top to bottom.
    """

    shift: QPointF
    lines: tuple[QLineF, ...] = ()
    across: bool = False
    down: bool = False


class Guides:
    """What stands, in order, so that what lines up with it is found at once.

    Middles line up with middles, and edges with the same edges.

    Parameters
    ----------
    standing
        Outlines of all that stands.
    """

    def __init__(self, standing: Iterable[QRectF]) -> None:
        lines = _lines(list(standing))
        # By direction, then for middles, near edges and far edges: where they are, in order, and
        # which place in the order is whose.
        self._order = np.argsort(lines, axis=2)
        self._lines = np.take_along_axis(lines, self._order, axis=2)
        self._spans = lines[:, 1:, :]

    def align(
        self, dragged: Sequence[QRectF], *, across: bool = True, down: bool = True
    ) -> Aligned:
        """What a hand that is near a line means.

        Parameters
        ----------
        dragged
            Outlines of what is dragged, where the pointer has them.
        across, down
            Whether it can be shifted in this direction.
        """
        held = _lines(list(dragged))
        shift, found = [0.0, 0.0], []
        if not held.shape[2] or not self._lines.shape[2]:
            return Aligned(QPointF())
        last = self._lines.shape[2] - 1
        for axis, wanted in enumerate((across, down)):
            best: tuple[float, int, int, int] | None = None
            for kind in range(3) if wanted else ():
                there, here = self._lines[axis, kind], held[axis, kind]
                after = np.searchsorted(there, here)
                for near in (np.minimum(after, last), np.maximum(after - 1, 0)):
                    gaps = there[near] - here
                    which = int(np.argmin(np.abs(gaps)))
                    # Where middles line up as well as edges, the middles are shown.
                    if best is None or abs(gaps[which]) < abs(best[0]) - 1e-6:
                        best = float(gaps[which]), kind, which, int(near[which])
            if best is not None and abs(best[0]) <= REACH:
                shift[axis] = best[0]
                found.append((axis, *best[1:]))
        lines = tuple(self._line(held, shift, *one) for one in found)
        axes = {one[0] for one in found}
        return Aligned(QPointF(*shift), lines, 0 in axes, 1 in axes)

    def _line(
        self, held: np.ndarray, shift: Sequence[float], axis: int, kind: int, which: int, near: int
    ) -> QLineF:
        """The line through both, from the one to the other and a little beyond."""
        other = 1 - axis
        at = float(self._lines[axis, kind, near])
        spans = (held[other, 1:, which] + shift[other], self._spans[other, :, self._order[
            axis, kind, near]])  # fmt: skip
        low = float(min(span[0] for span in spans)) - _BEYOND
        high = float(max(span[1] for span in spans)) + _BEYOND
        return QLineF(at, low, at, high) if axis == 0 else QLineF(low, at, high, at)


def _lines(rects: Sequence[QRectF]) -> np.ndarray:
    """Array of shape (2 directions, 3, rectangles): their middles, near edges and far edges."""
    corners = np.array(
        [(r.left(), r.right(), r.top(), r.bottom()) for r in rects], dtype=float
    ).reshape(-1, 4)
    left, right, top, bottom = corners.T
    return np.stack(
        [
            np.stack([(left + right) / 2, left, right]),
            np.stack([(top + bottom) / 2, top, bottom]),
        ]
    )


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
