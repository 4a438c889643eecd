"""Small networks that tests share."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

from backprop_studio import nn
from backprop_studio.data import DatasetInfo
from backprop_studio.network import Network, TrainingSetup, edits

Layers = list[tuple[str, dict[str, object]]]

DIGITS: Layers = [
    ("input", {}),
    ("dense", {"units": 16}),
    ("relu", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def described(info: DatasetInfo, *, rows: int) -> SimpleNamespace:
    """As much of prepared data as an analysis looks at: what they are, and how many to train on."""
    split = SimpleNamespace(train=range(rows), validation=range(1))
    return SimpleNamespace(dataset=SimpleNamespace(info=info), split=split)


def chain(layers: Layers = DIGITS, **setup: object) -> Network:
    """A network of these layers one after the other, by default on the digits."""
    network = Network(setup=TrainingSetup(**{"dataset": "digits", **setup}))
    ids = []
    for place, (layer, config) in enumerate(layers):
        spec = nn.nodes()[layer].from_config(config)
        network, node_id = edits.add_node(network, spec, 170.0 * place, 0.0)
        ids.append(node_id)
    for source, target in itertools.pairwise(ids):
        network = edits.connect(network, source, target)
    return network


def residual() -> tuple[Network, dict[str, str]]:
    """dense → relu → dense, with the first dense layer's output added to the last."""
    network = chain(
        [
            ("input", {}),
            ("dense", {"units": 12}),
            ("relu", {}),
            ("dense", {"units": 12}),
            ("add", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        batch_size=32,
    )
    ids = {n.name: n.id for n in network.nodes}
    return edits.connect(network, ids["dense_1"], ids["add_1"], 1), ids


def diverging() -> Network:
    """A network whose loss becomes infinite within a few iterations."""
    layers: Layers = [("input", {}), ("dense", {"units": 10}), ("mse", {})]
    return chain(layers, optimizer=nn.optimizers()["sgd"].from_config({"learning_rate": 1e6}))
