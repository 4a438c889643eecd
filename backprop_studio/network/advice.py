"""What a network that can be trained should be warned about, because of how it is trained."""

from __future__ import annotations

from collections.abc import Mapping

from backprop_studio.autograd import Shape
from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network.network import Network, TrainingSetup, UnknownLayer
from backprop_studio.nn import LayerSpec

SOFT_RATE_LIMIT = 10.0
"""Learning rates above this are allowed, with a warning."""


def advice(network: Network, shapes: Mapping[str, Shape]) -> list[Diagnostic]:
    """Warnings about the set-up, and about layers that do not go with it.

    Parameters
    ----------
    network
        What is to be trained.
    shapes
        Id of a node to the shape of its output, as far as it is known.
    """
    return [*_large_rate(network.setup), *_lonely_rows(network, shapes)]


def _large_rate(setup: TrainingSetup) -> list[Diagnostic]:
    optimizer = setup.optimizer
    if optimizer.rate <= SOFT_RATE_LIMIT or optimizer.problems(""):
        return []
    params = {"value": f"{optimizer.rate:g}"}
    return [Diagnostic("rate-large", params, Severity.WARNING, field=optimizer.rate_field)]


def _lonely_rows(network: Network, shapes: Mapping[str, Shape]) -> list[Diagnostic]:
    """A warning for each layer that compares the rows of a batch and gets too few of them."""
    found = []
    batch = network.setup.batch_size
    for node in network.nodes:
        if batch >= 1 and type(node.spec).rows_needed is LayerSpec.rows_needed:
            continue
        wires = network.incoming(node.id).values()
        given = [shapes[w.source] for w in wires if w.source in shapes]
        frozen = any(n.frozen for n in network.sharing(node.weights))
        if isinstance(node.spec, UnknownLayer) or node.id not in shapes or not given or frozen:
            continue
        needed = node.spec.rows_needed(*given)
        if batch < needed:
            params = {"name": node.name, "needed": needed, "batch": batch}
            found.append(Diagnostic("batch-alone", params, Severity.WARNING, node.id))
    return found
