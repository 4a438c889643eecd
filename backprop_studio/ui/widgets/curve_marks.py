"""Marks on a plot of curves: when something happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont

from backprop_studio.ui import theme


@dataclass(frozen=True)
class Mark:
    """Something that happened at a place of the x-axis.

    Attributes
    ----------
    x
        Where.
    text
        What, in a few words.
    short
        The same in a word or two, for which there is room in a small plot.
    color
        Field of the theme.
    """

    x: float
    text: str
    short: str
    color: str = "muted"


class CurveMarks:
    """The marks of one plot: dotted lines with words beside them.

    Parameters
    ----------
    item
        The plot.
    """

    def __init__(self, item: pg.PlotItem) -> None:
        self._item = item
        self._lines: list[pg.InfiniteLine] = []
        self.marks: tuple[Mark, ...] = ()

    def set_marks(self, marks: Sequence[Mark], font: QFont) -> bool:
        """Show other marks; False when they are the same ones."""
        if tuple(marks) == self.marks:
            return False
        for line in self._lines:
            self._item.removeItem(line)
        self._lines, self.marks = [], tuple(marks)
        for mark in self.marks:
            # Upright beside the line, so that a narrow plot has room for several.
            words = {"position": 0.97, "rotateAxis": (1, 0), "anchors": [(1, 1), (1, 0)]}
            line = pg.InfiniteLine(
                mark.x, angle=90, movable=False, label=mark.short, labelOpts=words
            )
            line.setZValue(-5)
            self._item.addItem(line, ignoreBounds=True)
            self._lines.append(line)
        self.restyle(font)
        return True

    def restyle(self, font: QFont) -> None:
        """Take the colours of the theme in use."""
        for mark, line in zip(self.marks, self._lines, strict=True):
            color = theme.current().color(mark.color)
            line.setPen(pg.mkPen(color, width=1, style=Qt.PenStyle.DotLine))
            line.label.setColor(color)
            line.label.textItem.setFont(font)

    def near(self, x: float, reach: float) -> list[Mark]:
        """The marks within `reach` of a place."""
        return [mark for mark in self.marks if abs(mark.x - x) <= reach]
