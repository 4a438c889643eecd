"""Experiments that may cure what the gradient doctor found: edits of the network, to be tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from backprop_studio.insight.doctor import Finding, Rule
from backprop_studio.network import Network, Node, analyze, edits
from backprop_studio.nn import LayerSpec, LossSpec, nodes, optimizers

_SQUASHING = ("sigmoid", "tanh")

PENALTY = 1e-3
"""Of the weights, where none is set yet."""

DROPPED = 0.3
"""Share of the units that dropout silences."""


class Remedy(StrEnum):
    """What can be tried; the key of its words."""

    SLOWER = "slower"
    FASTER = "faster"
    CLIP = "clip"
    RELU = "relu"
    LEAKY = "leaky"
    FRESH = "fresh"
    ADAM = "adam"
    PENALTY = "penalty"
    DROPOUT = "dropout"


@dataclass(frozen=True)
class Experiment:
    """One thing to try.

    Attributes
    ----------
    remedy
        What is done.
    network
        The design with it.
    redraw
        Names of weights that have to begin anew for it to show.
    """

    remedy: Remedy
    network: Network
    redraw: frozenset[str] = frozenset()


BY_RULE = {
    Rule.NON_FINITE: (Remedy.SLOWER, Remedy.CLIP),
    Rule.RATE_HIGH: (Remedy.SLOWER, Remedy.CLIP),
    Rule.EXPLODING: (Remedy.FRESH, Remedy.CLIP),
    Rule.VANISHING: (Remedy.RELU,),
    Rule.DEAD_RELU: (Remedy.LEAKY, Remedy.SLOWER, Remedy.FRESH),
    Rule.SATURATED: (Remedy.FRESH, Remedy.RELU),
    Rule.SYMMETRIC: (Remedy.FRESH,),
    Rule.UPDATE_LARGE: (Remedy.SLOWER,),
    Rule.UPDATE_SMALL: (Remedy.FASTER, Remedy.ADAM),
    Rule.CHANCE: (Remedy.FASTER, Remedy.ADAM),
    Rule.OVERFIT: (Remedy.PENALTY, Remedy.DROPOUT),
}
"""What to try against what, the most promising first."""


def experiments(finding: Finding, network: Network) -> tuple[Experiment, ...]:
    """What can be tried against a finding: only what changes something and can be trained."""
    found = []
    for remedy in BY_RULE[finding.rule]:
        tried = _EDITS[remedy](network, finding)
        if tried is None or tried[0] == network or not analyze(tried[0]).trainable:
            continue
        found.append(Experiment(remedy, *tried))
    return tuple(found)


_Tried = tuple[Network, frozenset[str]] | None


def _rate(factor: float) -> Callable[[Network, Finding], _Tried]:
    def edit(network: Network, finding: Finding) -> _Tried:
        optimizer = network.setup.optimizer
        # Rounded, so that it reads as people would write it.
        rate = float(f"{optimizer.rate * factor:.6g}")
        slower = replace(optimizer, **{optimizer.rate_field: rate})
        return _set_up(network, optimizer=slower)

    return edit


def _clip(network: Network, finding: Finding) -> _Tried:
    if network.setup.clip == "norm" and network.setup.clip_at <= 1.0:
        return None
    return _set_up(network, clip="norm", clip_at=1.0)


def _adam(network: Network, finding: Finding) -> _Tried:
    if network.setup.optimizer.info.id == "adam":
        return None
    return _set_up(network, optimizer=optimizers()["adam"]())


def _penalty(network: Network, finding: Finding) -> _Tried:
    return _set_up(network, l2=min(max(10 * network.setup.l2, PENALTY), 1000.0))


def _relu(network: Network, finding: Finding) -> _Tried:
    """ReLU for every sigmoid and tanh that does not lead into a loss, and weights to match."""
    changed = network
    for node in network.nodes:
        if node.spec.info.id in _SQUASHING and not _leads_to_loss(network, node):
            changed = edits.set_spec(changed, node.id, nodes()["relu"]())
    if changed == network:
        return None
    return _drawn(changed, [n for n in changed.nodes if hasattr(n.spec, "init")])


def _leaky(network: Network, finding: Finding) -> _Tried:
    if finding.node is None or finding.node not in network:
        return None
    leaky = nodes()["leaky_relu"]()
    return edits.set_spec(network, finding.node, leaky), frozenset()


def _fresh(network: Network, finding: Finding) -> _Tried:
    """First weights that fit the size of the layer, where they are made some other way."""
    ill = [n for n in network.nodes if _init(n.spec) in ("normal", "uniform", "constant", "zeros")]
    if finding.rule is Rule.SYMMETRIC:
        # Where the layers after it start alike too, its units would hardly be told apart.
        ill = [n for n in ill if _init(n.spec) in ("constant", "zeros")]
    return _drawn(network, ill) if ill else None


def _dropout(network: Network, finding: Finding) -> _Tried:
    """Dropout before the last layer with weights, in the wire that leads there."""
    last = next((n for n in reversed(network.nodes) if _init(n.spec)), None)
    wires = [] if last is None else list(network.incoming(last.id).values())
    if last is None or len(wires) != 1:
        return None
    source = network.node(wires[0].source)
    if source.spec.info.id in ("dropout", "input"):
        return None
    place = (source.x + last.x) / 2, max(source.y, last.y) + 90.0
    spec = nodes()["dropout"].from_config({"p": DROPPED})
    grown, node = edits.add_node(network, spec, *place)
    return edits.insert_into(grown, node, wires[0]), frozenset()


_EDITS: dict[Remedy, Callable[[Network, Finding], _Tried]] = {
    Remedy.SLOWER: _rate(0.1),
    Remedy.FASTER: _rate(10.0),
    Remedy.CLIP: _clip,
    Remedy.RELU: _relu,
    Remedy.LEAKY: _leaky,
    Remedy.FRESH: _fresh,
    Remedy.ADAM: _adam,
    Remedy.PENALTY: _penalty,
    Remedy.DROPOUT: _dropout,
}


def _set_up(network: Network, **changes: object) -> _Tried:
    return edits.set_setup(network, replace(network.setup, **changes)), frozenset()  # type: ignore[arg-type]


def _drawn(network: Network, chosen: list[Node]) -> _Tried:
    """With He's first weights in these nodes, drawn anew."""
    for node in chosen:
        network = edits.set_spec(network, node.id, replace(node.spec, init="he"))  # type: ignore[call-arg]
    return network, frozenset(n.weights for n in chosen)


def _init(spec: LayerSpec) -> str:
    return str(getattr(spec, "init", ""))


def _leads_to_loss(network: Network, node: Node) -> bool:
    return any(isinstance(network.node(w.target).spec, LossSpec) for w in network.outgoing(node.id))
