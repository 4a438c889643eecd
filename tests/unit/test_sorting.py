"""The order of computation is the one that the standard library's sorter gives."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from backprop_studio.network.sorting import depths, one_cycle

KEYS = st.lists(st.integers(0, 30).map(str), unique=True, min_size=1, max_size=14)


def _reference(keys: list[str], pairs: list[tuple[str, str]]) -> list[list[str]] | tuple[str, ...]:
    """Keys by how far they are from the start; the keys of a cycle, if there is one."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(keys, ()))
    for first, then in pairs:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        return tuple(error.args[1][:-1])
    done: list[list[str]] = []
    while sorter.is_active():
        done.append(sorted(sorter.get_ready(), key=keys.index))
        sorter.done(*done[-1])
    return done


def _found(keys: list[str], pairs: list[tuple[str, str]]) -> list[list[str]] | tuple[str, ...]:
    cycle, found = one_cycle(keys, pairs), depths(keys, pairs)
    assert bool(cycle) == (len(found) < len(keys))
    levels = range(max(found.values(), default=-1) + 1)
    return cycle or [[key for key in keys if found[key] == level] for level in levels]


@given(keys=KEYS, ends=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=25))
def test_that_the_order_and_the_cycle_are_those_of_the_standard_library(
    keys: list[str], ends: list[tuple[int, int]]
) -> None:
    pairs = [(keys[a % len(keys)], keys[b % len(keys)]) for a, b in ends]
    assert _found(keys, pairs) == _reference(keys, pairs)
    downhill = [(a, b) for a, b in pairs if keys.index(a) < keys.index(b)]
    assert _found(keys, downhill) == _reference(keys, downhill)
    assert len(depths(keys, downhill)) == len(keys)
