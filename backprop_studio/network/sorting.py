"""In which order things can be computed that need others first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter


def in_order(
    keys: Sequence[str], pairs: Iterable[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys in the order in which they can be computed, and the keys of one cycle.

    Those that are equally far from the start keep their order. With a cycle, the order is empty;
    without one, the cycle is.

    Parameters
    ----------
    keys
        All of them.
    pairs
        What is needed first, and what needs it; both are among the keys.
    """
    place = {key: at for at, key in enumerate(keys)}
    missing = dict.fromkeys(keys, 0)
    after: dict[str, list[str]] = {key: [] for key in keys}
    pairs = list(pairs)
    for first, then in pairs:
        missing[then] += 1
        after[first].append(then)
    done: list[str] = []
    ready = [key for key in keys if not missing[key]]
    while ready:
        done += ready
        freed = []
        for key in ready:
            for then in after[key]:
                missing[then] -= 1
                if not missing[then]:
                    freed.append(then)
        ready = sorted(freed, key=place.__getitem__)
    if len(done) == len(keys):
        return tuple(done), ()
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(keys, ()))
    for first, then in pairs:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib lists the cycle against the pairs' direction, first and last the same.
        return (), tuple(error.args[1][:-1])
    raise AssertionError("there is no cycle, and yet not all can be computed")
