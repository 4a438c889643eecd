"""Where the nodes of a network stand when it is arranged automatically."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from backprop_studio.network import grouping
from backprop_studio.network.network import Network

ACROSS, DOWN = 200.0, 120.0
"""From one layer to the next, and from one node of a layer to the next."""

_FRAME = 60.0
"""Room that the frame of a group takes, in both directions."""

_BLOCK, _PORT = 110.0, 20.0
"""Height of the block of a group without its ports, with the room around it, and of each port."""

_SWEEPS = 4

Place = tuple[float, float]
Edge = tuple[str, str]


def arranged(network: Network) -> dict[str, Place]:
    """A place for every node: data on the left, losses on the right, few wires crossing.

    Each node stands one column after the last node that it reads (longest path). Within a
    column, nodes are ordered by the mean height of their neighbours, back and forth a few times
    (Sugiyama, Tagawa and Toda, 1981). A wire that skips columns gets a line of its own in each,
    so that no card stands on it. A group is arranged by itself and then stands among the others
    like one large node, or one of usual size when it is a block. The middle of the drawing stays
    where it is.

    Parameters
    ----------
    network
        Circles are drawn in the order of the document.

    Returns
    -------
    dict
        Id of a node to its centre; and, for notes in groups, id to upper left corner.
    """
    held = {g.id for g in network.groups if g.id in network.holders}
    places, _ = _arrange(network, "", [g.id for g in network.groups if g.id not in held])
    return _centred(network, places)


def _arrange(
    network: Network, group: str, subgroups: Sequence[str]
) -> tuple[dict[str, Place], Place]:
    """Places of all that is in a group around its middle, and the size of that.

    Without a group, of all that is in none.
    """
    inner: dict[str, dict[str, Place]] = {}
    sizes: dict[str, Place] = {}
    home: dict[str, str] = {}
    for sub in subgroups:
        value = grouping.group_of(network, sub)
        below = [m for m in value.members if m in network.marks and m not in _notes(network)]
        inner[sub], (width, height) = _arrange(network, sub, below)
        sizes[sub] = width + _FRAME, height + _FRAME
        if value.collapsed:
            inputs, outputs = grouping.ports(network, sub)
            ports = max(len(inputs), len(outputs))
            sizes[sub] = 1.3 * ACROSS, max(DOWN, _BLOCK + _PORT * ports)
            # The block stands where this member is.
            x, y = inner[sub].get(grouping.anchor(network, sub, inner[sub]), (0.0, 0.0))
            inner[sub] = {key: (a - x, b - y) for key, (a, b) in inner[sub].items()}
        home.update(dict.fromkeys(inner[sub], sub))
    own = [n.id for n in network.nodes if network.holders.get(n.id, "") == group]
    # In the order of the document: a group where the first of its nodes is.
    rank = {n.id: place for place, n in enumerate(network.nodes)}
    home.update((key, key) for key in own)
    keys = list(dict.fromkeys(home[n] for n in sorted(home, key=lambda n: rank.get(n, 0))))
    edges = [
        (home[w.source], home[w.target])
        for w in network.wires
        if w.source in home and w.target in home and home[w.source] != home[w.target]
    ]
    found, size = _columns(keys, edges, sizes)
    places: dict[str, Place] = {}
    for key in keys:
        x, y = found[key]
        if key in inner:
            places.update((node, (a + x, b + y)) for node, (a, b) in inner[key].items())
        else:
            places[key] = x, y
    if group:
        places.update(_along(network, group, places))
    return places, size


def _columns(
    keys: Sequence[str], edges: Sequence[Edge], sizes: Mapping[str, Place]
) -> tuple[dict[str, Place], Place]:
    """The centres of some boxes around the middle of all, and the size of all."""
    order = _order(keys, edges)
    rank = {key: place for place, key in enumerate(order)}
    forward = [e for e in edges if rank[e[0]] < rank[e[1]]]
    into: dict[str, list[str]] = {}
    out_of: dict[str, list[str]] = {}
    for a, b in forward:
        out_of.setdefault(a, []).append(b)
        into.setdefault(b, []).append(a)
    column = dict.fromkeys(order, 0)
    for key in order:
        column[key] = max((column[k] + 1 for k in into.get(key, ())), default=0)
    # An input right before what reads it, not at the far left of a long drawing.
    for key in reversed(order):
        after = [column[k] - 1 for k in out_of.get(key, ())]
        if after and key not in into:
            column[key] = min(after)
    columns: list[list[object]] = [[] for _ in range(max(column.values(), default=0) + 1)]
    for key in order:
        columns[column[key]].append(key)
    left: dict[object, list[object]] = {}
    right: dict[object, list[object]] = {}
    for number, (a, b) in enumerate(forward):
        last: object = a
        passing = [(number, place) for place in range(column[a] + 1, column[b])]
        for line in passing:
            columns[line[1]].append(line)
        for step in (*passing, b):
            right.setdefault(last, []).append(step)
            left.setdefault(step, []).append(last)
            last = step
    tall = {key: size[1] / DOWN for key, size in sizes.items()}
    height: dict[object, float] = {}
    for stack in columns:
        height.update(_stacked(stack, tall))
    for sweep in range(_SWEEPS):
        ahead = sweep % 2 == 0
        beside = left if ahead else right
        for stack in columns if ahead else reversed(columns):
            wanted = {k: [height[o] for o in beside.get(k, ())] or [height[k]] for k in stack}
            stack.sort(key=lambda k, near=wanted: sum(near[k]) / len(near[k]))  # type: ignore[misc]
            height.update(_stacked(stack, tall))
    widths = [
        max((sizes.get(k, (ACROSS, DOWN))[0] for k in stack if isinstance(k, str)), default=ACROSS)
        for stack in columns
    ]
    places, x = {}, -sum(widths) / 2
    for stack, width in zip(columns, widths, strict=True):
        for box in stack:
            if isinstance(box, str):
                places[box] = x + width / 2, height[box] * DOWN
        x += width
    reach = [2 * abs(y) + sizes.get(k, (ACROSS, DOWN))[1] for k, (_, y) in places.items()]
    return places, (sum(widths), max(reach, default=DOWN))


def _stacked(keys: Sequence[object], tall: Mapping[str, float]) -> dict[object, float]:
    """The middles of boxes that stand on each other, around zero, in heights of a node."""
    heights = [tall.get(k, 1.0) if isinstance(k, str) else 1.0 for k in keys]
    found, top = {}, -sum(heights) / 2
    for key, each in zip(keys, heights, strict=True):
        found[key] = top + each / 2
        top += each
    return found


def _order(keys: Sequence[str], edges: Sequence[Edge]) -> list[str]:
    """Sources first, otherwise as they were given; with a circle, as they were given."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(keys, ()))
    for a, b in edges:
        sorter.add(b, a)
    place = {key: i for i, key in enumerate(keys)}
    try:
        sorter.prepare()
    except CycleError:
        return list(keys)
    done: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        done += ready
        sorter.done(*ready)
    return done


def _notes(network: Network) -> set[str]:
    return {note.id for note in network.notes}


def _along(network: Network, group: str, places: Mapping[str, Place]) -> dict[str, Place]:
    """The notes of a group, as far from its nodes as before."""
    members = grouping.group_of(network, group).members
    nodes = [n for n in network.nodes if n.id in places]
    if not nodes:
        return {}
    across = sum(places[n.id][0] - n.x for n in nodes) / len(nodes)
    down = sum(places[n.id][1] - n.y for n in nodes) / len(nodes)
    return {n.id: (n.x + across, n.y + down) for n in network.notes if n.id in members}


def _centred(network: Network, places: dict[str, Place]) -> dict[str, Place]:
    """The same places, moved so that their middle is that of the nodes as they stand."""
    if not network.nodes:
        return {}
    moves = []
    there = [places[n.id] for n in network.nodes]
    for now, then in (
        ([n.x for n in network.nodes], [p[0] for p in there]),
        ([n.y for n in network.nodes], [p[1] for p in there]),
    ):
        moves.append((min(now) + max(now) - min(then) - max(then)) / 2)
    across, down = (round(move / 10.0) * 10.0 for move in moves)
    # On the grid: the halves of a drawing with columns of odd widths are not.
    return {
        key: (round((x + across) / 10.0) * 10.0, round((y + down) / 10.0) * 10.0)
        for key, (x, y) in places.items()
    }
