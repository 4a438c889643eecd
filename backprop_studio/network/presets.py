"""Networks to begin with: pieces that are put on the canvas and changed from there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from backprop_studio import data
from backprop_studio.network import edits
from backprop_studio.network.network import Network, TrainingSetup
from backprop_studio.nn import nodes, optimizers

_ACROSS = 190.0
_DOWN = 150.0
"""From one line of layers to the next: between them are wires, and pictures of what flows."""

Layers = tuple[tuple[str, dict[str, object]], ...]


@dataclass(frozen=True)
class Preset:
    """One of them.

    Attributes
    ----------
    title, summary
        For people: a few words, and one sentence.
    make
        Makes the nodes and wires.
    dataset
        Data that it fits as it is; on an empty canvas it is chosen along with it.
    setup
        What else it is trained with there.
    also
        Other names that a search finds it by.
    """

    title: str
    summary: str
    make: Callable[[], Network]
    dataset: str = "digits"
    setup: Mapping[str, object] = field(default_factory=dict)
    also: str = ""

    def started(self) -> Network:
        """The preset with its data and its training set-up, for an empty canvas."""
        settings: dict[str, Any] = {**self.setup, "dataset": self.dataset}
        return edits.set_setup(self.make(), replace(TrainingSetup(), **settings))


def _chain(*layers: tuple[str, dict[str, object]], line: int = 6) -> Network:
    """These layers one after the other, so many in a line."""
    network, ids = Network(), []
    for place, (layer, config) in enumerate(layers):
        spec = nodes()[layer].from_config(config)
        x, y = _ACROSS * (place % line), _DOWN * (place // line)
        network, node = edits.add_node(network, spec, x, y)
        ids.append(node)
    for source, target in itertools.pairwise(ids):
        network = edits.connect(network, source, target)
    return network


def _dense(units: int) -> tuple[str, dict[str, object]]:
    return ("dense", {"units": units})


_INPUT: tuple[str, dict[str, object]] = ("input", {})
_LOSS: tuple[str, dict[str, object]] = ("softmax_cross_entropy", {})


def _plain(name: str) -> tuple[str, dict[str, object]]:
    return (name, {})


def _perceptron() -> Network:
    return _chain(_INPUT, _dense(10), _LOSS)


def _mlp() -> Network:
    return _chain(_INPUT, _dense(64), _plain("relu"), _dense(32), _plain("relu"), _dense(10), _LOSS)


def _deep_sigmoid() -> Network:
    hidden = itertools.chain.from_iterable((_dense(16), _plain("sigmoid")) for _ in range(6))
    return _chain(_INPUT, *hidden, _dense(10), _LOSS)


def _residual() -> Network:
    network = _chain(
        _INPUT,
        _dense(32),
        _plain("relu"),
        _dense(32),
        _plain("relu"),
        _dense(32),
        _plain("add"),
        _plain("relu"),
        _dense(10),
        _LOSS,
    )
    first = next(n for n in network.nodes if n.name == "relu_1")
    add = next(n for n in network.nodes if n.name == "add_1")
    return edits.connect(network, first.id, add.id, 1)


def _lenet() -> Network:
    return _chain(
        ("input", {"shape": "image"}),
        ("conv2d", {"channels": 6}),
        _plain("tanh"),
        _plain("avg_pool2d"),
        ("conv2d", {"channels": 16}),
        _plain("tanh"),
        _plain("avg_pool2d"),
        _plain("flatten"),
        _dense(84),
        _plain("tanh"),
        _dense(10),
        _LOSS,
    )


def _autoencoder() -> Network:
    return _chain(
        _INPUT,
        _dense(32),
        _plain("tanh"),
        _dense(8),
        _plain("tanh"),
        _dense(32),
        _plain("tanh"),
        _dense(64),
        ("mse", {"target": "features"}),
    )


def _lstm() -> Network:
    return _chain(
        _INPUT,
        ("reshape", {"channels": 8, "height": 8, "width": 0}),
        ("lstm", {"units": 32}),
        _dense(10),
        _LOSS,
    )


def _transformer() -> Network:
    """One block that reads the story: attention and two Dense layers, each with a skip."""
    story = data.info("story")
    width = 32
    network = _chain(
        _INPUT,
        ("embedding", {"vocabulary": story.target_width, "width": width}),
        _plain("positional_encoding"),
        ("multi_head_attention", {"heads": 4}),
        _plain("add"),
        _plain("layer_norm"),
        _dense(2 * width),
        _plain("relu"),
        _dense(width),
        _plain("add"),
        _plain("layer_norm"),
        _plain("flatten"),
        _dense(story.target_width),
        _LOSS,
    )
    by_name = {n.name: n.id for n in network.nodes}
    network = edits.connect(network, by_name["positional_encoding_1"], by_name["add_1"], 1)
    return edits.connect(network, by_name["layer_norm_1"], by_name["add_2"], 1)


def _listed(units: int, *values: float, bias: bool = True) -> tuple[str, dict[str, object]]:
    settings = {"units": units, "init": "listed", "values": list(values), "bias": bias}
    return ("dense", settings)


def _mazur() -> Network:
    # His w1 and w2 lead to the first hidden neuron, so they stand in a column. His biases, one
    # number a layer, are not learned: that is why they are constants.
    network = _chain(
        _INPUT,
        _listed(2, 0.15, 0.25, 0.20, 0.30, bias=False),
        _plain("add"),
        _plain("sigmoid"),
        _listed(2, 0.40, 0.50, 0.45, 0.55, bias=False),
        _plain("add"),
        _plain("sigmoid"),
        ("mse", {}),
        line=8,
    )
    for add, value in (("add_1", 0.35), ("add_2", 0.60)):
        at = next(n for n in network.nodes if n.name == add)
        spec = nodes()["constant_value"].from_config({"value": value})
        network, bias = edits.add_node(network, spec, at.x - _ACROSS, at.y + _DOWN)
        network = edits.connect(network, bias, at.id, 1)
    return network


def _neuron() -> Network:
    return _chain(_INPUT, _listed(1, 3.0, 1.0), ("mse", {}))


def _descent(rate: float) -> dict[str, object]:
    """One row at a time and plain steps, in double precision: to be computed by hand."""
    optimizer = optimizers()["sgd"].from_config({"learning_rate": rate})
    return {"optimizer": optimizer, "batch_size": 1, "precision": "float64"}


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "perceptron": Preset(
            "Perceptron",
            "One layer: what can be told apart by lines.",
            _perceptron,
            also="linear classifier, logistic regression",
        ),
        "mlp": Preset(
            "Multilayer perceptron",
            "Two hidden layers with ReLU.",
            _mlp,
            also="mlp, feedforward, fully connected",
        ),
        "deep_sigmoid": Preset(
            "Deep sigmoid chain",
            "Six sigmoid layers: the error signal fades.",
            _deep_sigmoid,
            also="vanishing gradient",
        ),
        "residual": Preset(
            "Residual MLP",
            "A skip connection: the error signal has a short way.",
            _residual,
            also="resnet",
        ),
        "lenet": Preset(
            "LeNet-like CNN",
            "Two convolutions with pooling, for pictures.",
            _lenet,
            also="convolutional neural network, convnet",
        ),
        "autoencoder": Preset(
            "Autoencoder",
            "Squeezes the features through eight numbers and back.",
            _autoencoder,
            also="bottleneck, encoder, decoder",
        ),
        "lstm": Preset(
            "LSTM, row by row",
            "Reads a row of the picture at each step.",
            _lstm,
            also="recurrent network, rnn",
        ),
        "transformer": Preset(
            "Transformer block",
            "Attention and two Dense layers, each with a skip: guesses the next character.",
            _transformer,
            "story",
            also="gpt, language model, self-attention",
        ),
        "mazur": Preset(
            "Mazur's 2-2-2",
            "The published example, with its numbers: the loss falls from 0.2984 to 0.2910.",
            _mazur,
            "mazur",
            _descent(0.5),
            also="step by step example",
        ),
        "neuron": Preset(
            "One neuron by hand",
            "x = 2, w = 3, b = 1, wanted 9: small enough to compute every number yourself.",
            _neuron,
            "one_point",
            _descent(0.05),
            also="single neuron, regression",
        ),
    }
)
