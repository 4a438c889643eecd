"""Edits of a network: pure functions from one value to the next.

Each raises `EditError` when it is not possible; the network given is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from backprop_studio.errors import EditError
from backprop_studio.network import grouping
from backprop_studio.network.marks import Arrow, Note
from backprop_studio.network.network import MAX_NODES, Network, Node, TrainingSetup, Wire
from backprop_studio.nn import LayerSpec, LossSpec

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def add_node(
    network: Network,
    spec: LayerSpec,
    x: float,
    y: float,
    *,
    retired: Collection[str] = (),
) -> tuple[Network, str]:
    """A network with one node more, and the new node's id.

    Parameters
    ----------
    network
        Where to add it.
    spec
        Layer type and settings.
    x, y
        Centre of the node, in scene units.
    retired
        Ids that must not be used again, because trained weights may be kept under them.

    Raises
    ------
    EditError
        The network has as many nodes as a project can hold.
    """
    _check_room(network, 1)
    node_id = _Ids(network, retired).give(spec)
    node = Node(node_id, node_id, spec, x, y)
    return replace(network, nodes=(*network.nodes, node)), node_id


def remove(network: Network, parts: Iterable[str] = (), wires: Iterable[Wire] = ()) -> Network:
    """A network without these parts, their wires, and these wires.

    Parameters
    ----------
    network
        What to take them from.
    parts
        Ids of nodes, notes, arrows and groups; a group goes with all that is in it.
    wires
        Wires to cut.
    """
    gone, cut = grouping.contents(network, parts), set(wires)
    # Most wires start elsewhere: a name is looked up faster than a wire.
    cut_at = {wire.source for wire in cut}
    return grouping.tidied(
        replace(
            network,
            nodes=tuple(n for n in network.nodes if n.id not in gone),
            wires=tuple(
                w
                for w in network.wires
                if (w.source not in cut_at or w not in cut)
                and w.source not in gone
                and w.target not in gone
            ),
            notes=tuple(n for n in network.notes if n.id not in gone),
            arrows=tuple(a for a in network.arrows if a.id not in gone),
            groups=tuple(g for g in network.groups if g.id not in gone),
        )
    )


def excerpt(network: Network, parts: Iterable[str]) -> Network:
    """These parts, what is in the groups among them, and the wires between the nodes.

    It is a network of its own. An arrow that was tied to something else has a free end there.
    """
    kept = grouping.contents(network, parts)
    return replace(
        network,
        nodes=tuple(n for n in network.nodes if n.id in kept),
        wires=tuple(w for w in network.wires if w.source in kept and w.target in kept),
        notes=tuple(n for n in network.notes if n.id in kept),
        arrows=tuple(
            replace(
                a,
                source=a.source if a.source in kept else "",
                target=a.target if a.target in kept else "",
            )
            for a in network.arrows
            if a.id in kept
        ),
        groups=tuple(g for g in network.groups if g.id in kept),
    )


def insert(
    network: Network,
    piece: Network,
    x: float,
    y: float,
    *,
    retired: Collection[str] = (),
    shared: bool = False,
) -> tuple[Network, tuple[str, ...]]:
    """A network with the parts of another one added, and their new ids, those of nodes first.

    Parameters
    ----------
    network
        Where to add them; its set-up stays.
    piece
        What to add. It gets ids of its own, and names where its own are taken.
    x, y
        Where the middle of the piece goes, in scene units.
    retired
        Ids that must not be used again, because trained weights may be kept under them.
    shared
        Whether the new nodes learn the same numbers as those of their original's weights, where
        these are in `network`; else they learn their own.

    Raises
    ------
    EditError
        The network would have more nodes than a project can hold.
    """
    points = grouping.points(piece)
    if not points:
        return network, ()
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    across, down = x - (min(xs) + max(xs)) / 2, y - (min(ys) + max(ys)) / 2
    _check_room(network, len(piece.nodes))
    fresh, names = _Ids(network, retired), {n.name for n in network.nodes}
    kept = {n.weights for n in network.nodes}
    ids: dict[str, str] = {}
    weights: dict[str, str] = {}
    made: list[Node] = []
    for node in piece.nodes:
        new = ids[node.id] = fresh.give(node.spec)
        # Nodes that share weights in the piece go on sharing them, among themselves or with the
        # originals.
        weights.setdefault(node.weights, node.weights if shared and node.weights in kept else new)
        shares = "" if weights[node.weights] == new else weights[node.weights]
        name = new if node.name in names else node.name
        names.add(name)
        fresh.take(name)
        x, y = node.x + across, node.y + down
        made.append(Node(new, name, node.spec, x, y, shares, node.frozen))
    wires = tuple(Wire(ids[w.source], ids[w.target], w.port) for w in piece.wires)
    network = replace(network, nodes=(*network.nodes, *made), wires=(*network.wires, *wires))
    network = grouping.take_over(network, piece, ids, across, down)
    return network, tuple(ids.values())


def move(network: Network, places: Mapping[str, tuple[float, float]]) -> Network:
    """A network whose parts stand at these places; the others stay.

    Parameters
    ----------
    network
        What to move them in.
    places
        Id to the centre of a node, the upper left corner of a note, the middle of an arrow. Ends
        of arrows that are tied to something move with that alone.
    """
    standing: list[Node | Note] = [*network.nodes, *network.notes]
    by = {
        part.id: (places[part.id][0] - part.x, places[part.id][1] - part.y)
        for part in standing
        if part.id in places
    }

    def moved(arrow: Arrow) -> Arrow:
        x, y = places.get(arrow.id, arrow.middle)
        own = (x - arrow.middle[0], y - arrow.middle[1])
        (ax, ay), (bx, by_) = (
            by.get(end, (0.0, 0.0)) if end else own for end in (arrow.source, arrow.target)
        )
        if not any((ax, ay, bx, by_)):
            return arrow
        return replace(
            arrow, x1=arrow.x1 + ax, y1=arrow.y1 + ay, x2=arrow.x2 + bx, y2=arrow.y2 + by_
        )

    return replace(
        network,
        nodes=tuple(
            replace(n, x=places[n.id][0], y=places[n.id][1]) if n.id in places else n
            for n in network.nodes
        ),
        notes=tuple(
            replace(n, x=places[n.id][0], y=places[n.id][1]) if n.id in places else n
            for n in network.notes
        ),
        arrows=tuple(moved(a) for a in network.arrows),
    )


def why_not_connect(
    network: Network, source: str, target: str, port: int = 0, *, replacing: bool = False
) -> EditError | None:
    """The reason why a wire cannot be drawn; None when it can.

    Parameters
    ----------
    network
        What it would be drawn in.
    source, target, port
        From where, and to which input.
    replacing
        Whether a wire that ends at the input already would give way.
    """
    a, b = network.node(source), network.node(target)
    if not a.spec.has_output:
        return EditError("wire-no-output", name=a.name)
    if port >= len(b.spec.ports):
        return EditError("wire-no-input", name=b.name)
    if source == target:
        return EditError("wire-self", name=a.name)
    if Wire(source, target, port) in network.wires:
        return EditError("wire-exists", source=a.name, target=b.name)
    if source in network.wiring.downstream([target]):
        # First, since one wire less at the port would not help.
        return EditError("wire-cycle", source=a.name, target=b.name)
    if port in network.incoming(target) and not replacing:
        return EditError("port-taken", name=b.name)
    return None


def connect(
    network: Network, source: str, target: str, port: int = 0, *, replacing: bool = False
) -> Network:
    """A network with one wire more; with `replacing`, in place of the one that the input had.

    Raises
    ------
    EditError
        The wire cannot be drawn; `why_not_connect` lists the reasons.
    """
    reason = why_not_connect(network, source, target, port, replacing=replacing)
    if reason is not None:
        raise reason
    before = network.incoming(target).get(port)
    kept = network.wires if before is None else tuple(w for w in network.wires if w != before)
    return replace(network, wires=(*kept, Wire(source, target, port)))


def insert_into(network: Network, node_id: str, wire: Wire) -> Network:
    """A network in which a node stands in a wire: what came by the wire goes through the node.

    Raises
    ------
    EditError
        The node has no input or no output, or a wire to it cannot be drawn.
    """
    without = remove(network, wires=(wire,))
    without = connect(without, wire.source, node_id)
    made = connect(without, node_id, wire.target, wire.port)
    group = made.holders.get(wire.source, "")
    if group and group == made.holders.get(wire.target):
        # Between two of a group it is one of them.
        made = grouping.join(made, group, (node_id,))
    return made


def rename(network: Network, node_id: str, name: str) -> Network:
    """A network whose node has another name.

    Raises
    ------
    EditError
        The name is empty, taken, or has characters that exported weights cannot carry.
    """
    name = name.strip()
    if not name:
        raise EditError("name-empty")
    if not _NAME.fullmatch(name):
        raise EditError("name-invalid", name=name)
    other = network.named(name)
    if other is not None and other.id != node_id:
        raise EditError("name-taken", name=name)
    return _with_node(network, replace(network.node(node_id), name=name))


def set_spec(network: Network, node_id: str, spec: LayerSpec) -> Network:
    """A network whose node has other settings; wires at ports that it has no more are gone."""
    kept = tuple(
        w
        for w in network.wires
        if (w.target != node_id or w.port < len(spec.ports))
        and (w.source != node_id or spec.has_output)
    )
    changed = network if len(kept) == len(network.wires) else replace(network, wires=kept)
    return _with_node(changed, replace(network.node(node_id), spec=spec))


def share_weights(network: Network, node_id: str, other_id: str | None) -> Network:
    """A network whose node learns the same numbers as another one, or its own again with None.

    Raises
    ------
    EditError
        ``weights-unlike``: the other one is a layer of another type.
    """
    node = network.node(node_id)
    if other_id is None:
        return _with_node(network, replace(node, shares=""))
    other = network.node(other_id)
    if type(other.spec) is not type(node.spec):
        raise EditError("weights-unlike", name=node.name, other=other.name)
    shares = "" if other.weights == node_id else other.weights
    return _with_node(network, replace(node, shares=shares, frozen=other.frozen))


def freeze(network: Network, node_id: str, frozen: bool) -> Network:
    """A network whose node, and all that share its weights, learn or do not learn."""
    weights = network.node(node_id).weights
    return replace(
        network,
        nodes=tuple(
            replace(n, frozen=frozen) if n.weights == weights else n for n in network.nodes
        ),
    )


def set_setup(network: Network, setup: TrainingSetup) -> Network:
    """A network with another training set-up."""
    return replace(network, setup=setup)


def _with_node(network: Network, node: Node) -> Network:
    return replace(network, nodes=tuple(node if n.id == node.id else n for n in network.nodes))


def _check_room(network: Network, more: int) -> None:
    if len(network.nodes) + more > MAX_NODES:
        raise EditError("network-full", limit=f"{MAX_NODES:,}")


class _Ids:
    """Ids for new nodes of a network, which nothing in it is called by, nor ever was."""

    def __init__(self, network: Network, retired: Collection[str]) -> None:
        self._taken = {*retired, *network.marks}
        for node in network.nodes:
            self._taken.update((node.id, node.name, node.weights))
        # The last number given to each type: a large piece does not count from 1 each time.
        self._last: dict[str, int] = {}

    def take(self, name: str) -> None:
        """Give this one to nobody."""
        self._taken.add(name)

    def give(self, spec: LayerSpec) -> str:
        """The first free one: `dense_1`, `dense_2` and so on."""
        stem = "loss" if isinstance(spec, LossSpec) else spec.info.id
        number = self._last.get(stem, 0) + 1
        while f"{stem}_{number}" in self._taken:
            number += 1
        self._last[stem] = number
        found = f"{stem}_{number}"
        self._taken.add(found)
        return found
