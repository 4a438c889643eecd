"""Remedies for shapes that do not fit: of the data, of the loss, of two branches."""

from __future__ import annotations

import math

from backprop_studio.autograd import BATCH, Shape
from backprop_studio.data import DatasetInfo
from backprop_studio.errors import Diagnostic
from backprop_studio.network import edits
from backprop_studio.network.analysis import Analysis, analyze
from backprop_studio.network.network import Network, Node, Wire
from backprop_studio.network.remedy import (
    ASIDE,
    Fix,
    dataset_of,
    free_place,
    node_of,
    takes_pictures,
    takes_sequences,
    with_settings,
)
from backprop_studio.nn import LayerSpec, LossSpec, nodes
from backprop_studio.nn.layers.dense import Dense
from backprop_studio.nn.layers.reshape import Reshape


def fit_prediction(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """As many units before a loss as the data have targets."""
    node, dataset = node_of(analysis, problem), dataset_of(analysis.network)
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


def fit_input(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """Rows for what takes rows, pictures for what takes pictures."""
    network, node = analysis.network, node_of(analysis, problem)
    wires = network.incoming(node.id)
    if len(node.spec.ports) != 1 or 0 not in wires:
        return None
    wire = wires[0]
    shape = analysis.shapes.get(wire.source, ())
    if isinstance(node.spec, Dense) and len(shape) > 3:
        return _insert(analysis, wire, nodes()["flatten"](), "a Flatten")
    source, dataset = network.node(wire.source), dataset_of(network)
    if isinstance(node.spec, Reshape):
        return _fit_table(node, shape, dataset)
    if source.spec.info.id == "input" and len(shape) == 2 and dataset is not None and (
        dataset.image_shape is not None and takes_pictures(node.spec)
    ):  # fmt: skip
        return with_settings(source, "Give '{name}' pictures", shape="image")
    table = _table_of(shape, dataset) if takes_sequences(node.spec) and len(shape) == 2 else None
    if table is not None:
        steps, features = table
        spec = Reshape(channels=steps, height=features, width=0)
        return _insert(analysis, wire, spec, f"a Reshape to {steps:,}×{features:,}")
    return None


def take_out(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """A layer out of its wire, if that mends all: it was put there by mistake."""
    network, node = analysis.network, node_of(analysis, problem)
    wires = list(network.incoming(node.id).values())
    if len(wires) != 1 or not network.outgoing(node.id):
        return None

    def edit(network: Network) -> Network:
        ends = network.outgoing(node.id)
        network = edits.remove(network, (node.id,))
        for end in ends:
            network = edits.connect(network, wires[0].source, end.target, end.port)
        return network

    if analyze(edit(network), analysis, wait=False).errors:
        return None
    return Fix(f"Take '{node.name}' out", edit)


def _table_of(shape: Shape, dataset: DatasetInfo | None) -> tuple[int, int] | None:
    """A table of as many numbers as a row has: that of the picture, or else one number a step."""
    sizes = [size for size in shape[1:] if isinstance(size, int)]
    count = math.prod(sizes)
    if len(sizes) != len(shape) - 1 or not count:
        return None
    picture = None if dataset is None else dataset.image_shape
    return (count, 1) if picture is None or math.prod(picture) != count else picture


def _fit_table(node: Node, shape: Shape, dataset: DatasetInfo | None) -> Fix | None:
    """Sizes for a Reshape that go with what comes in."""
    spec, picture = node.spec, _table_of(shape, dataset)
    if not isinstance(spec, Reshape) or picture is None:
        return None
    if spec.channels and spec.height and spec.width:
        settings = {"channels": 1, "height": picture[0], "width": picture[1]}
    else:
        settings = {"channels": picture[0], "height": picture[1], "width": 0}
    text = f"Let '{{name}}' make {picture[0]:,}×{picture[1]:,} of each row"
    return with_settings(node, text, **settings)


def fit_branches(analysis: Analysis, problem: Diagnostic) -> Fix | None:
    """The width of the first branch for the second one, or the other way round."""
    network, node = analysis.network, node_of(analysis, problem)
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
            return with_settings(node, f"Give '{{name}}' {units:,} units", units=units)
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
        room = b.x - a.x >= 1.7 * ASIDE
        x, y = (a.x + b.x) / 2, (a.y + b.y) / 2 + (0.0 if room else 0.6 * ASIDE)
        network, made = edits.add_node(network, spec, *free_place(network, x, y))
        return edits.insert_into(network, made, wire)

    return Fix(f"Put {what} before '{b.name}'", edit)
