"""Order and reachability of a network's nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backprop_studio.network.network import Network


def order(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids in the order in which they compute, and the ids of one cycle (empty when none).

    Nodes that are equally far from the start keep the document's order, so that the same
    network always gives the same program. With a cycle, the order is empty.
    """
    return network.sorted_ids


def upstream(network: Network, start: Iterable[str]) -> set[str]:
    """`start` and everything whose output reaches it."""
    return _reach(start, lambda key: [w.source for w in network.incoming(key).values()])


def downstream(network: Network, start: Iterable[str]) -> set[str]:
    """`start` and everything that its output reaches."""
    # Asked for each open input of a large network; most reach little.
    return _reach(start, lambda key: (wire.target for wire in network.outgoing(key)))


def _reach(start: Iterable[str], onward: Callable[[str], Iterable[str]]) -> set[str]:
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for other in onward(waiting.pop()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
