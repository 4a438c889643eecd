"""What would mend a problem: for each diagnostic that has an obvious remedy, a pure edit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from backprop_studio import data
from backprop_studio.data import DatasetInfo, Task
from backprop_studio.errors import Diagnostic
from backprop_studio.network import edits
from backprop_studio.network.analysis import Analysis, analyze
from backprop_studio.network.fitting import fit_branches, fit_input, fit_prediction, take_out
from backprop_studio.network.network import Network, Node, Wire
from backprop_studio.network.presets import PRESETS
from backprop_studio.network.remedy import (
    ASIDE,
    Fix,
    dataset_of,
    free_place,
    node_of,
    takes_pictures,
    with_settings,
)
from backprop_studio.nn import LossSpec, nodes
from backprop_studio.nn.layers.embedding import Embedding
from backprop_studio.specs import Kind, Spec

_DATASET = "digits"

_MOST_FIXES = 4
"""Remedies that a fresh network may need, one after the other, to fit data."""


def fix_for(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The remedy of a problem; None where only the person at the canvas can know it.

    Parameters
    ----------
    analysis
        Where the problem was found.
    problem
        One of its diagnostics.
    """
    find = _REMEDIES.get(problem.code)
    if find is None:
        return None
    known = problem.node is None or problem.node in analysis.network
    return find(analysis, problem) if known else None


def first_fix(analysis: Analysis, nodes: Collection[str] | None = None) -> Fix | None:
    """The first remedy for the problems of some nodes, or of the whole document."""
    for problem in analysis.diagnostics:
        if nodes is None or problem.node in nodes:
            fix = fix_for(analysis, problem)
            if fix is not None:
                return fix
    return None


# The ends of the network.


def _choose_dataset(analysis: Analysis, problem: Diagnostic) -> Fix:
    def edit(network: Network) -> Network:
        return edits.set_setup(network, network.setup.for_dataset(_DATASET))

    return Fix(f"Train on {data.info(_DATASET).title}", edit)


def _add_input(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    open_ports = list(_open_ports(analysis.network))
    if not open_ports:
        return None
    node, port = open_ports[0]

    def edit(network: Network) -> Network:
        place = free_place(network, node.x - ASIDE, node.y)
        network, made = edits.add_node(network, nodes()["input"](), *place)
        return edits.connect(network, made, node.id, port)

    return Fix(f"Put an Input before '{node.name}'", edit)


def _add_loss(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    network = analysis.network
    ends = [n for n in network.nodes if n.spec.has_output and not network.outgoing(n.id)]
    if not ends:
        return None
    last, dataset = max(ends, key=lambda n: n.x), dataset_of(network)
    numbers = dataset is not None and dataset.task is not Task.CLASSIFICATION
    spec = nodes()["mse" if numbers else "softmax_cross_entropy"]()

    def edit(network: Network) -> Network:
        place = free_place(network, last.x + ASIDE, last.y)
        network, made = edits.add_node(network, spec, *place)
        return edits.connect(network, last.id, made)

    return Fix(f"Put {spec.info.title} after '{last.name}'", edit)


# Wires.


def _wire_in(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """From the output that leads nowhere and stands nearest."""
    network, node = analysis.network, node_of(analysis, problem)
    taken = network.incoming(node.id)
    port = next(p for p in range(len(node.spec.ports)) if p not in taken)
    after = network.wiring.downstream([node.id])
    free = [n for n in network.open_ends if n.id not in after]
    if not free:
        return take_out(analysis, problem)

    def distance(other: Node) -> tuple[bool, float]:
        return other.x > node.x, (other.x - node.x) ** 2 + (other.y - node.y) ** 2

    source = min(free, key=distance)
    edit = partial(edits.connect, source=source.id, target=node.id, port=port)
    return Fix(f"Wire '{source.name}' into '{node.name}'", edit)


def _cut_circle(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The wire of the circle that runs back the farthest."""
    network = analysis.network
    cycle = network.wiring.cycle
    if not cycle:
        return None
    pairs = set(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    # `Wiring.cycle` names a circle in one direction or the other.
    wires = [w for w in network.wires if (w.source, w.target) in pairs]
    wires = wires or [w for w in network.wires if (w.target, w.source) in pairs]
    if not wires:
        return None

    def back(wire: Wire) -> float:
        return network.node(wire.source).x - network.node(wire.target).x

    worst = max(wires, key=back)
    names = network.node(worst.source).name, network.node(worst.target).name
    return Fix(
        f"Remove the wire from '{names[0]}' to '{names[1]}'", partial(edits.remove, wires=(worst,))
    )


def _wire_on(analysis: Analysis, problem: Diagnostic) -> Fix:
    """Into the nearest layer on the way to a loss that waits for an input; else do without it."""
    network, node = analysis.network, node_of(analysis, problem)
    before = network.wiring.upstream([node.id])
    waiting = [
        (other, port)
        for other, port in _open_ports(network)
        if other.id in network.used and other.id not in before
    ]
    if not waiting:
        return Fix(f"Delete '{node.name}'", partial(edits.remove, parts=(node.id,)))

    def distance(place: tuple[Node, int]) -> tuple[bool, float]:
        other, _ = place
        return other.x < node.x, (other.x - node.x) ** 2 + (other.y - node.y) ** 2

    target, port = min(waiting, key=distance)
    edit = partial(edits.connect, source=node.id, target=target.id, port=port)
    return Fix(f"Wire '{node.name}' into '{target.name}'", edit)


def _fit_layer(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """What fits the layer, or does without it, or a network for data of another kind."""
    fix = fit_input(analysis, problem) or take_out(analysis, problem)
    dataset = dataset_of(analysis.network)
    tokens = isinstance(node_of(analysis, problem).spec, Embedding)
    if fix is None and tokens and dataset is not None and dataset.vocabulary is None:
        return _start_over(dataset)
    return fix


def _start_over(dataset: DatasetInfo) -> Fix:
    """A network that fits, where what there is was made for data of another kind."""

    def edit(network: Network) -> Network:
        old = [n.id for n in network.nodes]
        x, y = (
            (min(places) + max(places)) / 2
            for places in zip(*((n.x, n.y) for n in network.nodes), strict=True)
        )
        network = edits.remove(network, old)
        network, _ = edits.insert(network, PRESETS["mlp"].make(), x, y, retired=old)
        for _ in range(_MOST_FIXES):
            found = analyze(network, wait=False)
            fix = first_fix(found)
            if fix is None:
                break
            network = fix.edit(network)
        return network

    return Fix(f"Put a small network that fits '{dataset.title}' in its place", edit)


# Settings.


def _into_range(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The nearest value that a setting may have."""
    if problem.node is not None:
        node = node_of(analysis, problem)
        value = _nearest(node.spec, problem.field)
        if value is None or problem.field is None:
            return None
        label = str(problem.params["field"])
        return with_settings(
            node, f"Set {label} of '{{name}}' to {_written(value)}", **{problem.field: value}
        )
    setup = analysis.network.setup
    for part in (setup, setup.optimizer, setup.schedule):
        value = _nearest(part, problem.field)
        if value is None or problem.field is None or problem not in _as_setup(part):
            continue
        changes: dict[str, Any] = {problem.field: value}
        made: Any = replace(cast(Any, part), **changes)
        if part is setup.optimizer:
            made = replace(setup, optimizer=made)
        elif part is setup.schedule:
            made = replace(setup, schedule=made)
        text = f"Set {problem.params['field']} to {_written(value)}"
        return Fix(text, partial(edits.set_setup, setup=made))
    return None


def _as_setup(spec: Spec) -> list[Diagnostic]:
    """The problems of a part of the set-up, as `analyze` words them."""
    keys = ("field", "value", "allowed")
    return [
        replace(p, code="setup-range", params={k: p.params[k] for k in keys})
        for p in spec.problems(spec.info.title)
    ]


def _nearest(spec: Spec, name: str | None) -> object:
    field = next((f for f in spec.fields() if f.name == name), None)
    if field is None:
        return None
    now = getattr(spec, field.name)
    if field.kind is Kind.CHOICE:
        return field.default
    if field.kind not in (Kind.INTEGER, Kind.NUMBER) or field.high is None:
        return None
    if now > field.high:
        return int(field.high) if field.kind is Kind.INTEGER else field.high
    if field.low is None:
        return field.default
    return int(field.low) if field.kind is Kind.INTEGER else field.low


def _written(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(
        value, float) else str(value)  # fmt: skip


def _calm_rate(analysis: Analysis, problem: Diagnostic) -> Fix:
    optimizer = analysis.network.setup.optimizer
    usual = next(f.default for f in optimizer.fields() if f.name == optimizer.rate_field)
    calm = replace(optimizer, **{optimizer.rate_field: usual})

    def edit(network: Network) -> Network:
        return edits.set_setup(network, replace(network.setup, optimizer=calm))

    return Fix(f"Set the learning rate to {usual:g}", edit)


def _batch(count: int) -> Fix:
    def edit(network: Network) -> Network:
        return edits.set_setup(network, replace(network.setup, batch_size=count))

    return Fix(f"Set the batch size to {count:,}", edit)


def _smaller_batch(analysis: Analysis, problem: Diagnostic) -> Fix:
    return _batch(int(str(problem.params["rows"])))


def _larger_batch(analysis: Analysis, problem: Diagnostic) -> Fix:
    return _batch(int(str(problem.params["needed"])))


def _all_columns(analysis: Analysis, problem: Diagnostic) -> Fix:
    return with_settings(
        node_of(analysis, problem), "Let '{name}' take all columns", first=1, columns=0
    )


def _rows(analysis: Analysis, problem: Diagnostic) -> Fix:
    network, dataset = analysis.network, dataset_of(analysis.network)
    readers = [network.node(w.target) for w in network.wires if w.source == problem.node]
    if dataset is not None and any(takes_pictures(n.spec) for n in readers):
        return _start_over(dataset)
    return with_settings(node_of(analysis, problem), "Let '{name}' give rows", shape="flat")


def _no_class_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    return with_settings(node_of(analysis, problem), "Let all classes of '{name}' count alike",
                class_weights=())  # fmt: skip


def _drawn_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    return with_settings(
        node_of(analysis, problem), "Draw the first weights of '{name}'", init="he"
    )


def _for_numbers(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """A loss of numbers, and as many units before it as there are numbers."""
    node = node_of(analysis, problem)
    if not isinstance(node.spec, LossSpec):
        return None
    settings = {"target": node.spec.target, "weight": node.spec.weight}
    spec = nodes()["mse"].from_config(settings)

    def edit(network: Network) -> Network:
        network = edits.set_spec(network, node.id, spec)
        found = analyze(network, wait=False)
        for left in found.diagnostics:
            if (left.node, left.code) == (node.id, "target-mismatch"):
                fix = fit_prediction(found, left)
                return network if fix is None else fix.edit(network)
        return network

    return Fix(f"Make '{node.name}' a {spec.info.title}", edit)


def _own_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    node = node_of(analysis, problem)
    return Fix(
        f"Give '{node.name}' weights of its own",
        partial(edits.share_weights, node_id=node.id, other_id=None),
    )


def _thaw(analysis: Analysis, problem: Diagnostic) -> Fix:
    def edit(network: Network) -> Network:
        return replace(network, nodes=tuple(replace(n, frozen=False) for n in network.nodes))

    return Fix("Let all layers learn", edit)


def _open_ports(network: Network) -> Iterator[tuple[Node, int]]:
    """Inputs without a wire, from the left."""
    for node in sorted(network.nodes, key=lambda n: n.x):
        taken = network.incoming(node.id)
        for port in range(len(node.spec.ports)):
            if port not in taken:
                yield node, port


_REMEDIES: Mapping[str, Callable[[Analysis, Diagnostic], Fix | None]] = MappingProxyType(
    {
        "dataset-missing": _choose_dataset,
        "dataset-unknown": _choose_dataset,
        "input-missing": _add_input,
        "loss-missing": _add_loss,
        "port-unconnected": _wire_in,
        "ports-unconnected": _wire_in,
        "cycle": _cut_circle,
        "node-unused": _wire_on,
        "target-mismatch": fit_prediction,
        "target-features": fit_prediction,
        "target-kind": _for_numbers,
        "shape-mismatch": _fit_layer,
        "shapes-differ": fit_branches,
        "field-range": _into_range,
        "field-range-memory": _into_range,
        "setup-range": _into_range,
        "rate-large": _calm_rate,
        "batch-too-large": _smaller_batch,
        "batch-alone": _larger_batch,
        "columns-missing": _all_columns,
        "image-missing": _rows,
        "class-weights": _no_class_weights,
        "weights-listed": _drawn_weights,
        "weights-differ": _own_weights,
        "parameters-frozen": _thaw,
    }
)
"""How to find the remedy, by the code of the problem."""
