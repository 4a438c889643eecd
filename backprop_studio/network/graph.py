"""Order and reachability of a network's nodes."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_studio.network.network import Network


def order(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids in the order in which they compute, and the ids of one cycle (empty when none).

    Nodes that are equally far from the start keep the document's order, so that the same
    network always gives the same program. With a cycle, the order is empty.
    """
    return network.sorted_ids


def upstream(network: Network, start: Iterable[str]) -> set[str]:
    """`start` and everything whose output reaches it."""
    return _reach(network, start, backward=True)


def downstream(network: Network, start: Iterable[str]) -> set[str]:
    """`start` and everything that its output reaches."""
    return _reach(network, start, backward=False)


def _reach(network: Network, start: Iterable[str], *, backward: bool) -> set[str]:
    near: dict[str, list[str]] = {}
    for wire in network.wires:
        a, b = (wire.target, wire.source) if backward else (wire.source, wire.target)
        near.setdefault(a, []).append(b)
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for other in near.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
