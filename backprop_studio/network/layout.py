"""Where the nodes of a network stand when it is arranged automatically."""

from __future__ import annotations

from backprop_studio.network import graph
from backprop_studio.network.network import Network

ACROSS, DOWN = 200.0, 120.0
"""From one layer to the next, and from one node of a layer to the next."""

_SWEEPS = 4


def arranged(network: Network) -> dict[str, tuple[float, float]]:
    """A place for every node: data on the left, losses on the right, few wires crossing.

    Each node stands one column after the last node that it reads (longest path). Within a
    column, nodes are ordered by the mean height of their neighbours, back and forth a few times
    (Sugiyama, Tagawa and Toda, 1981). A wire that skips columns gets a line of its own in each,
    so that no card stands on it. The middle of the drawing stays where it is.

    Parameters
    ----------
    network
        Circles are drawn in the order of the document.

    Returns
    -------
    dict
        Id of a node to its centre.
    """
    found, _ = graph.order(network)
    order = list(found) if len(found) == len(network.nodes) else [n.id for n in network.nodes]
    rank = {node: place for place, node in enumerate(order)}
    forward = [w for w in network.wires if rank[w.source] < rank[w.target]]
    column = dict.fromkeys(order, 0)
    for node in order:
        before = [column[w.source] + 1 for w in forward if w.target == node]
        column[node] = max(before, default=0)
    # An input right before what reads it, not at the far left of a long drawing.
    for node in reversed(order):
        after = [column[w.target] - 1 for w in forward if w.source == node]
        if after and not any(w.target == node for w in forward):
            column[node] = min(after)
    columns: list[list[object]] = [[] for _ in range(max(column.values(), default=0) + 1)]
    for node in order:
        columns[column[node]].append(node)
    edges: list[tuple[object, object]] = []
    for wire in forward:
        last: object = wire.source
        for place in range(column[wire.source] + 1, column[wire.target]):
            passing = (wire, place)
            columns[place].append(passing)
            edges.append((last, passing))
            last = passing
        edges.append((last, wire.target))
    height = {key: float(i) for keys in columns for i, key in enumerate(keys)}
    for sweep in range(_SWEEPS):
        ahead = sweep % 2 == 0
        for keys in columns if ahead else reversed(columns):
            beside = {
                key: [height[a if ahead else b] for a, b in edges if (b if ahead else a) == key]
                for key in keys
            }
            keys.sort(
                key=lambda k, near=beside: sum(near[k]) / len(near[k]) if near[k] else height[k]  # type: ignore[misc]
            )
            height.update((key, i - (len(keys) - 1) / 2) for i, key in enumerate(keys))
    places = {
        str(key): (place * ACROSS, height[key] * DOWN)
        for place, keys in enumerate(columns)
        for key in keys
        if isinstance(key, str)
    }
    return _centred(network, places)


def _centred(
    network: Network, places: dict[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """The same places, moved so that their middle is that of the nodes as they stand."""
    if not places:
        return {}
    moves = []
    for now, then in (
        ([n.x for n in network.nodes], [p[0] for p in places.values()]),
        ([n.y for n in network.nodes], [p[1] for p in places.values()]),
    ):
        moves.append((min(now) + max(now) - min(then) - max(then)) / 2)
    across, down = (round(move / 10.0) * 10.0 for move in moves)
    return {node: (x + across, y + down) for node, (x, y) in places.items()}
