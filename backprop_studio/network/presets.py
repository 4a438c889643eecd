"""Networks to begin with: pieces that are put on the canvas and changed from there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backprop_studio.network import edits
from backprop_studio.network.network import Network
from backprop_studio.nn import nodes

_ACROSS = 170.0
_DOWN = 110.0

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
    """

    title: str
    summary: str
    make: Callable[[], Network]


def _chain(*layers: tuple[str, dict[str, object]]) -> Network:
    """These layers one after the other, in lines of six."""
    network, ids = Network(), []
    for place, (layer, config) in enumerate(layers):
        spec = nodes()[layer].from_config(config)
        x, y = _ACROSS * (place % 6), _DOWN * (place // 6)
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


def _mazur() -> Network:
    return _chain(_INPUT, _dense(2), _plain("sigmoid"), _dense(2), _plain("sigmoid"), ("mse", {}))


def _neuron() -> Network:
    return _chain(_INPUT, _dense(1), ("mse", {}))


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "perceptron": Preset(
            "Perceptron", "One layer: what can be told apart by lines.", _perceptron
        ),
        "mlp": Preset("Multilayer perceptron", "Two hidden layers with ReLU.", _mlp),
        "deep_sigmoid": Preset(
            "Deep sigmoid chain", "Six sigmoid layers: the error signal fades.", _deep_sigmoid
        ),
        "residual": Preset(
            "Residual MLP", "A skip connection: the error signal has a short way.", _residual
        ),
        "lenet": Preset("LeNet-like CNN", "Two convolutions with pooling, for pictures.", _lenet),
        "autoencoder": Preset(
            "Autoencoder", "Squeezes the features through eight numbers and back.", _autoencoder
        ),
        "lstm": Preset("LSTM", "Reads a row of the picture at each step.", _lstm),
        "mazur": Preset(
            "2-2-2 by hand", "Two inputs, two hidden units, two outputs, all sigmoid.", _mazur
        ),
        "neuron": Preset("One neuron", "A single unit, to compute by hand.", _neuron),
    }
)
