"""Order and reachability of a network's nodes."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from backprop_studio.network.network import Network


def order(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids in the order in which they compute, and the ids of one cycle (empty when none).

    Nodes that are equally far from the start keep the document's order, so that the same
    network always gives the same program. With a cycle, the order is empty.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter({n.id: () for n in network.nodes})
    for wire in network.wires:
        sorter.add(wire.target, wire.source)
    place = {n.id: i for i, n in enumerate(network.nodes)}
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib lists the cycle against the wires' direction, first and last the same.
        return (), tuple(error.args[1][:-1])
    done: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        done += ready
        sorter.done(*ready)
    return tuple(done), ()


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
