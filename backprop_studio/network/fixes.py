"""What would mend a problem: for each diagnostic that has an obvious remedy, a pure edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from backprop_studio import data
from backprop_studio.autograd import BATCH
from backprop_studio.data import DatasetInfo, Task
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.network import edits, graph
from backprop_studio.network.lower import Analysis
from backprop_studio.network.network import Network, Node, Wire
from backprop_studio.nn import LayerSpec, LossSpec, nodes
from backprop_studio.nn.layers.dense import Dense
from backprop_studio.specs import Kind, Spec

_ASIDE = 200.0
"""How far a layer that is added stands from the one that it is added for, in scene units."""

_DATASET = "digits"

Edit = Callable[[Network], Network]


@dataclass(frozen=True)
class Fix:
    """A remedy.

    Attributes
    ----------
    text
        What it does, in a few words; the name of the edit.
    edit
        Makes a network without the problem. It is pure, and may raise `EditError`.
    """

    text: str
    edit: Edit


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


def first_fix(analysis: Analysis, node: str | None = None) -> Fix | None:
    """The first remedy for the problems of a node, or of the whole document."""
    for problem in analysis.diagnostics:
        if node is None or problem.node == node:
            fix = fix_for(analysis, problem)
            if fix is not None:
                return fix
    return None


# The ends of the network.


def _choose_dataset(analysis: Analysis, problem: Diagnostic) -> Fix:
    def edit(network: Network) -> Network:
        return edits.set_setup(network, replace(network.setup, dataset=_DATASET))

    return Fix(f"Train on {data.info(_DATASET).title}", edit)


def _add_input(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    open_ports = list(_open_ports(analysis.network))
    if not open_ports:
        return None
    node, port = open_ports[0]

    def edit(network: Network) -> Network:
        place = node.x - _ASIDE, node.y
        network, made = edits.add_node(network, nodes()["input"](), *place)
        return edits.connect(network, made, node.id, port)

    return Fix(f"Put an Input before '{node.name}'", edit)


def _add_loss(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    network = analysis.network
    ends = [n for n in network.nodes if n.spec.has_output and not network.outgoing(n.id)]
    if not ends:
        return None
    last, dataset = max(ends, key=lambda n: n.x), _dataset(network)
    numbers = dataset is not None and dataset.task is not Task.CLASSIFICATION
    spec = nodes()["mse" if numbers else "softmax_cross_entropy"]()

    def edit(network: Network) -> Network:
        network, made = edits.add_node(network, spec, last.x + _ASIDE, last.y)
        return edits.connect(network, last.id, made)

    return Fix(f"Put {spec.info.title} after '{last.name}'", edit)


# Wires.


def _wire_in(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """From the output that leads nowhere and stands nearest."""
    network, node = analysis.network, _node(analysis, problem)
    taken = network.incoming(node.id)
    port = next(p for p in range(len(node.spec.ports)) if p not in taken)
    after = graph.downstream(network, [node.id])
    free = [n for n in network.open_ends if n.id not in after]
    if not free:
        return None

    def distance(other: Node) -> tuple[bool, float]:
        return other.x > node.x, (other.x - node.x) ** 2 + (other.y - node.y) ** 2

    source = min(free, key=distance)
    edit = partial(edits.connect, source=source.id, target=node.id, port=port)
    return Fix(f"Wire '{source.name}' into '{node.name}'", edit)


def _cut_circle(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The wire of the circle that runs back the farthest."""
    network = analysis.network
    _, cycle = graph.order(network)
    if not cycle:
        return None
    pairs = set(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    # `graph.order` names a circle in one direction or the other.
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


def _delete(analysis: Analysis, problem: Diagnostic) -> Fix:
    node = _node(analysis, problem)
    return Fix(f"Delete '{node.name}'", partial(edits.remove, parts=(node.id,)))


# Shapes.


def _fit_prediction(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """As many units before a loss as the data have targets."""
    node, dataset = _node(analysis, problem), _dataset(analysis.network)
    if dataset is None or not isinstance(node.spec, LossSpec):
        return None
    width = dataset.target_width
    if node.spec.target == "features":
        if len(dataset.feature_shape) != 1:
            return None
        width = dataset.feature_shape[0]
    wire = analysis.network.incoming(node.id)[0]
    shape = analysis.shapes.get(wire.source)
    if shape is None or BATCH not in shape:
        return None
    if len(shape) == 2:
        return _set_units(analysis, wire.source, width) or _insert(
            analysis, wire, Dense(units=width), f"a Dense layer of {width:,}"
        )
    return _insert(analysis, wire, nodes()["flatten"](), "a Flatten")


def _fit_input(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """Rows for what takes rows, pictures for what takes pictures."""
    network, node = analysis.network, _node(analysis, problem)
    wires = network.incoming(node.id)
    if len(node.spec.ports) != 1 or 0 not in wires:
        return None
    wire = wires[0]
    shape = analysis.shapes.get(wire.source, ())
    if isinstance(node.spec, Dense) and len(shape) > 3:
        return _insert(analysis, wire, nodes()["flatten"](), "a Flatten")
    source, dataset = network.node(wire.source), _dataset(network)
    if source.spec.info.id == "input" and len(shape) == 2 and dataset is not None and (
        dataset.image_shape is not None and _takes_pictures(node.spec)
    ):  # fmt: skip
        return _set(source, "Give '{name}' pictures", shape="image")
    return None


def _fit_branches(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The width of the first branch for the second one, or the other way round."""
    network, node = analysis.network, _node(analysis, problem)
    wires = network.incoming(node.id)
    if set(wires) != {0, 1} or node.spec.info.id == "matmul":
        return None
    shapes = [analysis.shapes.get(wires[port].source, ()) for port in (0, 1)]
    if [len(s) for s in shapes] != [2, 2]:
        return None
    for port in (1, 0):
        wanted = shapes[1 - port][-1]
        if isinstance(wanted, int):
            fix = _set_units(analysis, wires[port].source, wanted, alone=True)
            if fix is not None:
                return fix
    return None


def _set_units(analysis: Analysis, start: str, units: int, *, alone: bool = False) -> Fix | None:
    """Another width for the Dense layer behind a node, through what leaves widths as they are.

    Parameters
    ----------
    analysis
        Of the network.
    start
        The node whose output shall have that width.
    units
        The width.
    alone
        Whether nothing else may read what is changed.
    """
    network, at = analysis.network, start
    for _ in range(len(network.nodes)):
        node = network.node(at)
        if alone and len(network.outgoing(at)) > 1:
            return None
        if isinstance(node.spec, Dense):
            return _set(node, f"Give '{{name}}' {units:,} units", units=units)
        wires = network.incoming(at)
        if len(node.spec.ports) != 1 or 0 not in wires:
            return None
        before = wires[0].source
        if before not in analysis.shapes or analysis.shapes[before] != analysis.shapes.get(at):
            return None
        at = before
    return None


def _insert(analysis: Analysis, wire: Wire, spec: LayerSpec, what: str) -> Fix:
    a, b = analysis.network.node(wire.source), analysis.network.node(wire.target)

    def edit(network: Network) -> Network:
        # Between the two where there is room, else below: nothing that stands there is moved.
        room = b.x - a.x >= 1.7 * _ASIDE
        x, y = (a.x + b.x) / 2, (a.y + b.y) / 2 + (0.0 if room else 0.6 * _ASIDE)
        network, made = edits.add_node(network, spec, round(x, -1), round(y, -1))
        return edits.insert_into(network, made, wire)

    return Fix(f"Put {what} before '{b.name}'", edit)


# Settings.


def _into_range(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The nearest value that a setting may have."""
    if problem.node is not None:
        node = _node(analysis, problem)
        value = _nearest(node.spec, problem.field)
        if value is None or problem.field is None:
            return None
        label = str(problem.params["field"])
        return _set(
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
    return _set(_node(analysis, problem), "Let '{name}' take all columns", first=1, columns=0)


def _rows(analysis: Analysis, problem: Diagnostic) -> Fix:
    return _set(_node(analysis, problem), "Let '{name}' give rows", shape="flat")


def _no_class_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    return _set(_node(analysis, problem), "Let all classes of '{name}' count alike",
                class_weights=())  # fmt: skip


def _drawn_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    return _set(_node(analysis, problem), "Draw the first weights of '{name}'", init="he")


def _for_numbers(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    node = _node(analysis, problem)
    if not isinstance(node.spec, LossSpec):
        return None
    settings = {"target": node.spec.target, "weight": node.spec.weight}
    spec = nodes()["mse"].from_config(settings)
    return Fix(
        f"Make '{node.name}' a {spec.info.title}",
        partial(edits.set_spec, node_id=node.id, spec=spec),
    )


def _own_weights(analysis: Analysis, problem: Diagnostic) -> Fix:
    node = _node(analysis, problem)
    return Fix(
        f"Give '{node.name}' weights of its own",
        partial(edits.share_weights, node_id=node.id, other_id=None),
    )


def _thaw(analysis: Analysis, problem: Diagnostic) -> Fix:
    def edit(network: Network) -> Network:
        return replace(network, nodes=tuple(replace(n, frozen=False) for n in network.nodes))

    return Fix("Let all layers learn", edit)


# Looking around.


def _node(analysis: Analysis, problem: Diagnostic) -> Node:
    assert problem.node is not None
    return analysis.network.node(problem.node)


def _set(node: Node, text: str, **settings: object) -> Fix:
    """Other settings of a layer; `{name}` in the text stands for its name."""
    spec = replace(node.spec, **settings)
    words = text.replace("{name}", node.name)
    return Fix(words, partial(edits.set_spec, node_id=node.id, spec=spec))


def _dataset(network: Network) -> DatasetInfo | None:
    try:
        return data.info(network.setup.dataset)
    except StudioError:
        return None


def _open_ports(network: Network) -> Iterator[tuple[Node, int]]:
    """Inputs without a wire, from the left."""
    for node in sorted(network.nodes, key=lambda n: n.x):
        taken = network.incoming(node.id)
        for port in range(len(node.spec.ports)):
            if port not in taken:
                yield node, port


def _takes_pictures(spec: LayerSpec) -> bool:
    """Whether a layer says of itself that it takes pictures."""
    return spec.info.shape.startswith("(N, channels, height, width)")


_REMEDIES: Mapping[str, Callable[[Analysis, Diagnostic], Fix | None]] = MappingProxyType(
    {
        "dataset-missing": _choose_dataset,
        "dataset-unknown": _choose_dataset,
        "input-missing": _add_input,
        "loss-missing": _add_loss,
        "port-unconnected": _wire_in,
        "ports-unconnected": _wire_in,
        "cycle": _cut_circle,
        "node-unused": _delete,
        "target-mismatch": _fit_prediction,
        "target-features": _fit_prediction,
        "target-kind": _for_numbers,
        "shape-mismatch": _fit_input,
        "shapes-differ": _fit_branches,
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
