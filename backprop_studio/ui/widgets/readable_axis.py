"""An axis whose numbers stand clear of each other, however large the text and small the plot."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication

_APART = 2.0
"""Pixels between two numbers, at least."""
_HANGS_OUT = 3


class ReadableAxis(pg.AxisItem):  # type: ignore[misc]
    """Leaves out numbers that would run into others: powers of ten stay, then round numbers.

    On a logarithmic axis pyqtgraph writes 1, 2, 3 … 9 within each decade, whether or not there is
    room for them.
    """

    def setLabel(self, *args: Any, **kwargs: Any) -> None:
        # It would keep the font that the program had when it was made.
        self.label.setFont(QApplication.font())
        super().setLabel(*args, **kwargs)

    def resizeEvent(self, ev: Any = None) -> None:
        super().resizeEvent(ev)
        if self.orientation == "bottom" and hasattr(self, "label"):
            # pyqtgraph lets the lowest pixels of the name hang out of the plot.
            self.label.setY(self.label.y() - _HANGS_OUT)

    def generateDrawSpecs(self, p: Any) -> Any:
        specs = super().generateDrawSpecs(p)
        if specs is None:
            return None
        axis, ticks, texts = specs
        return axis, ticks, clear_of_each_other(texts)


def axes() -> dict[str, ReadableAxis]:
    """Axes at the left and below, for a plot that is about to be made."""
    return {side: ReadableAxis(side) for side in ("left", "bottom")}


def clear_of_each_other(texts: list[Any]) -> list[Any]:
    """Of numbers at their places, those that there is room for, in the order in which they came.

    Parameters
    ----------
    texts
        Tuples with the rectangle first and the text last.
    """
    kept: list[tuple[QRectF, int]] = []
    for place in sorted(range(len(texts)), key=lambda k: (_weight(texts[k][-1]), k)):
        rect = QRectF(texts[place][0])
        around = rect.adjusted(-_APART, -_APART, _APART, _APART)
        if not any(around.intersects(other) for other, _ in kept):
            kept.append((rect, place))
    return [texts[place] for place in sorted(place for _, place in kept)]


def _weight(text: str) -> int:
    """How easily a number is done without: a power of ten is not, 5 and 2 are rather not."""
    if "·" in text:
        digits = text.split("·", maxsplit=1)[0]
    elif "10" in text and not text.strip("-−10⁻⁰¹²³⁴⁵⁶⁷⁸⁹.,"):
        digits = "1"
    else:
        digits = text.strip("-−").replace(".", "").replace(",", "").strip("0")
    return {"": 0, "1": 0, "5": 1, "2": 2}.get(digits, 3)
