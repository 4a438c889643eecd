"""Where parts go that are put in line or spread out."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_studio.errors import EditError
from backprop_studio.network import aligning
from backprop_studio.network.aligning import Box, How

BOXES: dict[str, Box] = {
    "a": (0.0, 0.0, 100.0, 60.0),
    "b": (130.0, 20.0, 190.0, 80.0),
    "c": (400.0, -50.0, 600.0, 10.0),
}


def put(boxes: dict[str, Box], how: How, grid: float = 0.0) -> dict[str, Box]:
    by = aligning.steps(boxes, how, grid=grid)
    return {
        k: (b[0] + by[k][0], b[1] + by[k][1], b[2] + by[k][0], b[3] + by[k][1])
        for k, b in boxes.items()
    }


@pytest.mark.parametrize(
    ("how", "edge", "wanted"),
    [
        ("left", lambda b: b[0], 0.0),
        ("right", lambda b: b[2], 600.0),
        ("top", lambda b: b[1], -50.0),
        ("bottom", lambda b: b[3], 80.0),
        ("centre", lambda b: (b[0] + b[2]) / 2, 300.0),
        ("middle", lambda b: (b[1] + b[3]) / 2, 15.0),
    ],
)
def test_that_edges_and_middles_come_in_line(how: How, edge: object, wanted: float) -> None:
    assert callable(edge)
    assert {edge(box) for box in put(BOXES, how).values()} == {wanted}
    # Only in that direction.
    other = 1 if how in ("left", "right", "centre") else 0
    assert all(step[other] == 0.0 for step in aligning.steps(BOXES, how).values())


def test_that_middles_come_onto_the_grid() -> None:
    found = {(b[1] + b[3]) / 2 for b in put(BOXES, "middle", grid=10.0).values()}
    assert found == {20.0}


def test_that_gaps_become_the_same_and_the_outer_ones_stay() -> None:
    made = put(BOXES, "across")
    assert made["a"] == BOXES["a"] and made["c"] == BOXES["c"]
    assert made["b"] == (220.0, 20.0, 280.0, 80.0)  # 300 units are free, half on each side


def test_that_too_few_are_refused() -> None:
    one = {"a": BOXES["a"]}
    two = {**one, "b": BOXES["b"]}
    for how in get_args(How):
        few = two if how in ("across", "down") else one
        with pytest.raises(EditError, match="Select t"):
            aligning.steps(few, how)
        with pytest.raises(EditError, match="Select t"):
            aligning.steps({}, how)


sides = st.integers(-900, 900).map(float)
boxes = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.tuples(sides, sides, st.integers(1, 300), st.integers(1, 300)).map(
        lambda t: (t[0], t[1], t[0] + t[2], t[1] + t[3])
    ),
    min_size=3,
    max_size=9,
)


@given(boxes, st.sampled_from(get_args(How)))
def test_that_what_stands_in_line_stays(found: dict[str, Box], how: How) -> None:
    once = put(found, how)
    again = aligning.steps(once, how)
    assert all(abs(x) + abs(y) < 1e-6 for x, y in again.values())


@given(boxes)
def test_that_any_boxes_are_spread_evenly(found: dict[str, Box]) -> None:
    order = sorted(found, key=lambda k: (found[k][1] + found[k][3], k))
    made = put(found, "down")
    gaps = [made[b][1] - made[a][3] for a, b in pairwise(order)]
    middles = [(made[k][1] + made[k][3]) / 2 for k in order]
    if sum(gaps) < 0:
        # No room for gaps: they lie over each other in the same order.
        gaps = [b - a for a, b in pairwise(middles)]
    assert max(gaps) - min(gaps) < 1e-6
    assert middles == sorted(middles) or max(middles) - min(middles) < 1e-6
    assert made[order[0]] == found[order[0]] and made[order[-1]] == found[order[-1]]
