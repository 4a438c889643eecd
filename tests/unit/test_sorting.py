"""The order of computation is the one that the standard library's sorter gives."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from backprop_studio.network.sorting import in_order

KEYS = st.lists(st.integers(0, 30).map(str), unique=True, min_size=1, max_size=14)


def _reference(
    keys: list[str], pairs: list[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(keys, ()))
    for first, then in pairs:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        return (), tuple(error.args[1][:-1])
    done: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=keys.index)
        done += ready
        sorter.done(*ready)
    return tuple(done), ()


@given(keys=KEYS, ends=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=25))
def test_that_the_order_and_the_cycle_are_those_of_the_standard_library(
    keys: list[str], ends: list[tuple[int, int]]
) -> None:
    pairs = [(keys[a % len(keys)], keys[b % len(keys)]) for a, b in ends]
    assert in_order(keys, pairs) == _reference(keys, pairs)
    downhill = [(a, b) for a, b in pairs if keys.index(a) < keys.index(b)]
    assert in_order(keys, downhill) == _reference(keys, downhill)
    assert len(in_order(keys, downhill)[0]) == len(keys)
