"""Where parts go that are to stand in line, or equally far apart; `edits.move` puts them there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from backprop_studio.errors import EditError

How = Literal["left", "centre", "right", "top", "middle", "bottom", "across", "down"]
"""Edges or middles that come in line, or the direction in which gaps become equal."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in scene units."""


def steps(
    boxes: Mapping[str, Box], how: How, *, grid: float = 0.0
) -> dict[str, tuple[float, float]]:
    """How far each goes, to the right and down.

    What stands at the edge stays, and so do the first and the last of those that are distributed.

    Parameters
    ----------
    boxes
        Outlines by the ids of what is to be moved.
    how
        What is to be the same for all: an edge, a middle, or the gaps between neighbours.
    grid
        Middles come onto a multiple of this, where it is not 0.

    Raises
    ------
    EditError
        ``align-few``, ``distribute-few``: there are less than two, or less than three.
    """
    axis = 0 if how in ("left", "centre", "right", "across") else 1
    spans = {key: (box[axis], box[axis + 2]) for key, box in boxes.items()}
    if how in ("across", "down"):
        by = _spread(spans)
    else:
        if len(boxes) < 2:
            raise EditError("align-few")
        low, high = min(s[0] for s in spans.values()), max(s[1] for s in spans.values())
        match how:
            case "left" | "top":
                by = {key: low - span[0] for key, span in spans.items()}
            case "right" | "bottom":
                by = {key: high - span[1] for key, span in spans.items()}
            case _:
                line = (low + high) / 2
                line = round(line / grid) * grid if grid else line
                by = {key: line - (span[0] + span[1]) / 2 for key, span in spans.items()}
    return {key: (way, 0.0) if axis == 0 else (0.0, way) for key, way in by.items()}


def _spread(spans: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """How far each goes so that the gaps between neighbours are the same.

    Where there is no room for gaps, the middles are equally far apart: the order stays.
    """
    if len(spans) < 3:
        raise EditError("distribute-few")
    order = sorted(spans, key=lambda key: (sum(spans[key]), key))
    first, last = spans[order[0]], spans[order[-1]]
    sizes = {key: span[1] - span[0] for key, span in spans.items()}
    gap = (last[1] - first[0] - sum(sizes.values())) / (len(order) - 1)
    apart = (sum(last) - sum(first)) / 2 / (len(order) - 1)
    by, at = {}, first[0]
    for place, key in enumerate(order):
        if gap < 0:
            at = sum(first) / 2 + place * apart - sizes[key] / 2
        by[key] = at - spans[key][0]
        at += sizes[key] + gap
    # Free of what rounding leaves.
    by[order[0]] = by[order[-1]] = 0.0
    return by
