"""What an edit has changed, found without looking at each part of a large network.

Edits hand on what they leave alone, so most parts are the same objects before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backprop_studio.network import Analysis, Node, Wire


def renewed(before: Iterable[Node], after: Iterable[Node]) -> list[Node]:
    """Nodes that are new or have changed."""
    old = {node.id: node for node in before}
    return [node for node in after if old.get(node.id) is not node]


def wires(before: Sequence[Wire], after: Sequence[Wire]) -> tuple[set[Wire], list[Wire]]:
    """The wires that are gone, and those that have come."""
    if before is after:
        return set(), []
    old, new = set(map(id, before)), set(map(id, after))
    gone = {wire for wire in before if id(wire) not in new}
    come = [wire for wire in after if id(wire) not in old]
    both = gone.intersection(come)
    return gone - both, [wire for wire in come if wire not in both]


def keys(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """Keys of what two tables do not have in common; their values can be hashed."""
    return {key for key, _ in before.items() ^ after.items()}


def described(
    known: Analysis, analysis: Analysis, changed: Iterable[Node], *, same: bool
) -> list[str]:
    """Ids of the nodes whose texts may be others, in the order of the document.

    Parameters
    ----------
    known, analysis
        What was known before, and what is known now.
    changed
        The nodes that are `renewed`.
    same
        Whether nothing but places is others: what a node says stays then, but not its remedy.
    """
    before, network = known.network, analysis.network
    if before.setup.dataset != network.setup.dataset:
        return [node.id for node in network.nodes]
    # Those with a problem, now or before: a remedy depends on all of the network.
    problems = (*known.diagnostics, *analysis.diagnostics)
    found = {problem.node for problem in problems if problem.node is not None}
    if not same:
        found |= {node.id for node in changed}
        found |= keys(known.shapes, analysis.shapes) | keys(known.parameters, analysis.parameters)
        found |= before.shared ^ network.shared
        # What a loss says is about what comes in.
        found |= {node.id for node in network.losses}
    return [node.id for node in network.nodes if node.id in found]


def outlined(known: Analysis, analysis: Analysis) -> list[str]:
    """Ids of the nodes of which a list of nodes and their wires may say something else."""
    before, network = known.network, analysis.network
    found = {problem.node for problem in (*known.diagnostics, *analysis.diagnostics)}
    found |= keys(known.shapes, analysis.shapes) | keys(known.parameters, analysis.parameters)
    cut, drawn = wires(before.wires, network.wires)
    for wire in (*cut, *drawn):
        found |= {wire.source, wire.target}
    for node in renewed(before.nodes, network.nodes):
        found.add(node.id)
        # Wires are told by the names of their ends.
        found.update(wire.source for wire in network.incoming(node.id).values())
        found.update(wire.target for wire in network.outgoing(node.id))
    return [node.id for node in network.nodes if node.id in found]
