"""In which order things can be computed that need others first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter


def depths(keys: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many steps each key is away from the start, on the longest way to it.

    Those that are on a cycle, or after one, are left out.

    Parameters
    ----------
    keys
        All of them.
    pairs
        What is needed first, and what needs it; both are among the keys.
    """
    missing = dict.fromkeys(keys, 0)
    after: dict[str, list[str]] = {key: [] for key in keys}
    for first, then in pairs:
        missing[then] += 1
        after[first].append(then)
    found: dict[str, int] = {}
    ready, depth = [key for key in keys if not missing[key]], 0
    while ready:
        found.update(dict.fromkeys(ready, depth))
        freed = []
        for key in ready:
            for then in after[key]:
                missing[then] -= 1
                if not missing[then]:
                    freed.append(then)
        ready, depth = freed, depth + 1
    return found


def one_cycle(keys: Sequence[str], pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The keys of one cycle; empty when there is none.

    Parameters
    ----------
    keys, pairs
        As for `depths`.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(keys, ()))
    for first, then in pairs:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib lists the cycle against the pairs' direction, first and last the same.
        return tuple(error.args[1][:-1])
    return ()
