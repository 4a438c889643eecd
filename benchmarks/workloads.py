"""What is measured: networks of several kinds and sizes, each with data, an optimizer and goals.

Learning rates and data are such that every network trains without diverging; what it learns does
not matter here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np

from backprop_studio import data
from backprop_studio.data import Dataset, Task, registry
from backprop_studio.network import Lowered, Network, TrainingSetup, analyze, edits
from backprop_studio.nn import nodes, optimizers

Array = np.ndarray[Any, np.dtype[Any]]
Layers = tuple[tuple[str, Mapping[str, Any]], ...]
SEED = 7


@dataclass(frozen=True, eq=False)
class Workload:
    """A network and its data.

    Attributes
    ----------
    key, name
        Short and for the table.
    layers
        Id and settings of each layer in turn, without the input and the loss.
    optimizer
        Id and settings.
    batch
        Rows of a step.
    x, y
        Features (rows, …) and targets: numbers (rows, outputs), or classes (rows,).
    floor_goal, torch_goal
        What the engine's time over that of the floor and of PyTorch should be, at most.
    """

    key: str
    name: str
    layers: Layers
    optimizer: tuple[str, Mapping[str, Any]]
    batch: int
    x: Array
    y: Array
    floor_goal: float | None
    torch_goal: float

    @property
    def classes(self) -> bool:
        """Whether the targets are classes, and the loss is the softmax cross-entropy."""
        return self.y.dtype == np.int64

    @property
    def missing(self) -> list[str]:
        """Layers that this version does not have."""
        return sorted({layer for layer, _ in self.layers} - set(nodes()))

    def rows(self) -> list[Array]:
        """Row numbers of each batch, in order; rows that do not fill a batch are left out."""
        count = len(self.x) // self.batch
        return list(np.arange(count * self.batch).reshape(count, self.batch))

    def dataset(self) -> Dataset:
        """The rows as a data set of the studio; pictures lie flat in it."""
        pictures = self.x.ndim == 4
        return Dataset(
            id=self.key,
            title=self.name,
            summary="",
            x=self.x.reshape(len(self.x), -1) if pictures else self.x,
            y=self.y,
            task=Task.CLASSIFICATION if self.classes else Task.REGRESSION,
            class_names=tuple("0123456789") if self.classes else (),
            feature_names=(),
            image_shape=(self.x.shape[2], self.x.shape[3]) if pictures else None,
            citation="",
            licence="",
        )

    def network(self, dtype: type = np.float32) -> Network:
        """The document, as somebody would have drawn it."""
        kind, settings = self.optimizer
        setup = TrainingSetup(
            dataset=self.key,
            optimizer=optimizers()[kind].from_config(settings),
            batch_size=self.batch,
            validation=0.05,
            precision=np.dtype(dtype).name,
        )
        shape = {"shape": "image"} if self.x.ndim == 4 else {}
        loss = "softmax_cross_entropy" if self.classes else "mse"
        network, ids = Network(setup=setup), []
        for layer, config in (("input", shape), *self.layers, (loss, {})):
            network, node = edits.add_node(network, nodes()[layer].from_config(config), 0.0, 0.0)
            ids.append(node)
        for source, target in pairwise(ids):
            network = edits.connect(network, source, target)
        return network

    def lowered(self) -> Lowered:
        """The program, as the studio makes it from the document."""
        with self.on_offer():
            return analyze(self.network()).require()

    @contextmanager
    def on_offer(self) -> Iterator[None]:
        """A context in which the studio finds these data, and no others."""
        found = self.dataset()
        data.prepare.cache_clear()  # it keeps what it once found
        with (
            patch.object(data, "info", lambda _: found.info),
            patch.object(registry, "load", lambda *_: found),
        ):
            yield


def _perceptron(*units: int, activation: str, last: bool) -> Layers:
    init = "xavier" if activation == "tanh" else "he"
    layers: list[tuple[str, Mapping[str, Any]]] = []
    for place, n in enumerate(units, 1):
        layers.append(("dense", {"units": n, "init": init}))
        if last or place < len(units):
            layers.append((activation, {}))
    return tuple(layers)


def _pictures(*channels: int) -> Layers:
    blocks = [
        block
        for n in channels
        for block in (("conv2d", {"channels": n}), ("relu", {}), ("max_pool2d", {}))
    ]
    return (*blocks, ("flatten", {}), ("dense", {"units": 10}))


def workloads() -> tuple[Workload, ...]:
    """Everything that is measured, from toys to networks that are all arithmetic."""
    rng = np.random.default_rng(SEED)
    sgd = ("sgd", {"learning_rate": 0.03})
    adam = ("adam", {"learning_rate": 1e-3})
    points = rng.uniform(-1, 1, (250, 2)).astype(np.float32)
    inside = np.where((points**2).sum(1, keepdims=True) < 0.5, 1, -1).astype(np.float32)
    digits = data.load("digits")
    pixels = rng.random((16 * 128, 784), np.float32)
    pixels *= rng.random(pixels.shape) < 0.2
    labels = rng.integers(0, 10, len(pixels))
    pictures = rng.random((8 * 64, 1, 28, 28), np.float32)
    noise = rng.standard_normal((8 * 16, 16)).astype(np.float32)
    sequences = rng.standard_normal((8 * 16, 20, 16)).astype(np.float32)
    words = rng.standard_normal((8 * 16, 16, 32)).astype(np.float32)
    kinds = rng.integers(0, 10, 8 * 16)
    toy = _perceptron(4, 2, 1, activation="tanh", last=True)
    deep = _perceptron(*[8] * 6, 1, activation="tanh", last=True)
    tower = _perceptron(*[16] * 50, activation="tanh", last=True)
    lstm = Workload(
        "W6-LSTM",
        "LSTM 32, 20 steps",
        (("lstm", {"units": 32}), ("dense", {"units": 10})),
        adam,
        16,
        sequences,
        kinds,
        None,
        0.80,
    )
    attention: Layers = (
        ("multi_head_attention", {"heads": 2}),
        ("flatten", {}),
        ("dense", {"units": 10}),
    )
    return (
        Workload("W1a", "2-4-2-1 tanh", toy, sgd, 10, points, inside, 1.3, 0.08),
        Workload("W1b", "2-8×6-1 tanh", deep, sgd, 10, points, inside, 1.3, 0.09),
        Workload(
            "W2",
            "64-64-32-10 ReLU",
            _perceptron(64, 32, 10, activation="relu", last=False),
            adam,
            32,
            digits.x,
            digits.y,
            1.15,
            0.16,
        ),
        Workload(
            "W3",
            "784-256-128-10 ReLU",
            _perceptron(256, 128, 10, activation="relu", last=False),
            adam,
            128,
            pixels,
            labels,
            1.15,
            0.70,
        ),
        Workload(
            "W4",
            "CNN 8×8: 8, 16",
            _pictures(8, 16),
            ("momentum", {"learning_rate": 0.05}),
            32,
            digits.x.reshape(-1, 1, 8, 8),
            digits.y,
            1.3,
            0.35,
        ),
        Workload(
            "W5",
            "CNN 28×28: 16, 32",
            _pictures(16, 32),
            adam,
            64,
            pictures,
            rng.integers(0, 10, len(pictures)),
            1.3,
            0.90,
        ),
        lstm,
        replace(
            lstm,
            key="W6-GRU",
            name="GRU 32, 20 steps",
            layers=(("gru", {"units": 32}), ("dense", {"units": 10})),
            torch_goal=0.30,
        ),
        replace(
            lstm,
            key="W6-attention",
            name="attention, 2 heads",
            layers=attention,
            x=words,
            torch_goal=0.40,
        ),
        Workload(
            "W7",
            "16×51 tanh",
            tower,
            ("sgd", {"learning_rate": 0.01}),
            16,
            noise,
            np.tanh(noise[:, ::-1]).astype(np.float32),
            1.3,
            0.14,
        ),
    )
