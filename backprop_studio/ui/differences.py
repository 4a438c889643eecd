"""What an edit has changed of what is shown of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backprop_studio.network import Analysis, Node


def keys(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """Keys of what two tables do not have in common."""
    if before is after:
        return set()
    gone = before.keys() - after.keys()
    # Most values are the same objects; a table has no None in it.
    return gone | {
        key
        for key, value in after.items()
        if (old := before.get(key)) is not value and old != value
    }


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
        counts = known.parameters, analysis.parameters
        # A node that learns nothing and one of which that is not known say the same.
        found |= {key for key in keys(*counts) if counts[0].get(key, 0) != counts[1].get(key, 0)}
        found |= before.shared ^ network.shared
        # What a loss says is about what comes in; other cards say nothing of shapes.
        found |= {node.id for node in network.losses}
    return [node.id for node in network.nodes if node.id in found]


def outlined(known: Analysis, analysis: Analysis) -> list[str]:
    """Ids of the nodes of which a list of nodes and their wires may say something else."""
    before, network = known.network, analysis.network
    found = {problem.node for problem in (*known.diagnostics, *analysis.diagnostics)}
    found |= keys(known.shapes, analysis.shapes) | keys(known.parameters, analysis.parameters)
    edit = network.changes_from(before)
    for wire in edit.rewired:
        found |= {wire.source, wire.target}
    for node in edit.renewed:
        found.add(node.id)
        # Wires are told by the names of their ends.
        found.update(wire.source for wire in network.incoming(node.id).values())
        found.update(wire.target for wire in network.outgoing(node.id))
    return [node.id for node in network.nodes if node.id in found]
