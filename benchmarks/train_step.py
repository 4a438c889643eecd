"""How long a training step takes: this engine beside hand-written numpy and PyTorch.

    python -m benchmarks.train_step [--quick] [--rounds N] [--json FILE]

All train the same networks on the same batches from the same first weights. Blocks of steps are
interleaved in a random order, so that everyone meets the same moods of the machine. The medians are
printed; judge by the ratios.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before numpy and PyTorch are imported, which read these once
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import BATCH, Builder, Machine, Phase, Storage
from backprop_studio.autograd.ops.data import OneHot
from backprop_studio.nn import LayerSpec, add_updates, layers, losses, optimizers
from benchmarks.floor import Floor

Array = np.ndarray[Any, np.dtype[Any]]
SEED = 7


class Peer(Protocol):
    """One of those that are compared."""

    def step(self) -> object:
        """Train on the next batch and return its loss."""
        ...


@dataclass(frozen=True, eq=False)
class Workload:
    """A network and its data.

    Attributes
    ----------
    name
        For the table.
    sizes
        Width of the input and of each layer.
    activation
        "tanh" (after every layer) or "relu" (after every layer but the last).
    optimizer, rate
        "sgd" or "adam", and its learning rate.
    batch
        Rows of a step.
    x, y
        Features (rows, inputs) and targets: numbers (rows, outputs), or classes (rows,).
    """

    name: str
    sizes: tuple[int, ...]
    activation: str
    optimizer: str
    rate: float
    batch: int
    x: Array
    y: Array

    @property
    def classes(self) -> bool:
        """Whether the targets are classes, and the loss is the softmax cross-entropy."""
        return self.y.dtype == np.int64

    def rows(self) -> list[Array]:
        """Row numbers of each batch, in order; rows that do not fill a batch are left out."""
        count = len(self.x) // self.batch
        return list(np.arange(count * self.batch).reshape(count, self.batch))


def workloads() -> tuple[Workload, ...]:
    """The networks that are measured: a toy, a real one, and one that is all arithmetic."""
    rng = np.random.default_rng(SEED)
    points = rng.uniform(-1, 1, (250, 2)).astype(np.float32)
    inside = np.where((points**2).sum(1, keepdims=True) < 0.5, 1, -1).astype(np.float32)
    digits = data.load("digits")
    pixels = rng.random((16 * 128, 784), np.float32)
    pixels *= rng.random(pixels.shape) < 0.2
    labels = rng.integers(0, 10, len(pixels))
    return (
        Workload("2-4-2-1 tanh", (2, 4, 2, 1), "tanh", "sgd", 0.03, 10, points, inside),
        Workload(
            "64-64-32-10 ReLU", (64, 64, 32, 10), "relu", "adam", 1e-3, 32, digits.x, digits.y
        ),
        Workload(
            "784-256-128-10 ReLU", (784, 256, 128, 10), "relu", "adam", 1e-3, 128, pixels, labels
        ),
    )


class Engine:
    """This project's engine: the next rows are fed, and the machine runs its program whole."""

    def __init__(self, work: Workload, dtype: type = np.float32) -> None:
        self._work = work
        b = Builder()
        x = b.input("x", (BATCH, work.sizes[0]))
        for index, spec in enumerate(_stack(work)):
            with b.scope(node=f"{spec.info.id}_{index}"):
                x = spec.lower(b, x)
        with b.scope(node="loss", phase=Phase.LOSS):
            if work.classes:
                labels = b.input("y", (BATCH,), "int")
                target = b.apply(OneHot(work.sizes[-1]), labels)
            else:
                target = b.input("y", (BATCH, work.sizes[-1]))
            kind = "softmax_cross_entropy" if work.classes else "mse"
            loss = losses()[kind]().lower(b, x, target)
        optimizer = optimizers()[work.optimizer].from_config({"learning_rate": work.rate})
        add_updates(b, loss, b.build().parameters, optimizer)
        self.program = b.build(loss)
        self.storage = Storage(self.program, dtype)
        self.storage.initialize(SEED)
        self.machine = Machine(self.program, self.storage, batch=work.batch)
        self._loss = self.machine.array(loss)
        self._x: Array = work.x.astype(dtype)
        self._y = work.y if work.classes else work.y.astype(dtype)
        self._rows, self._next = work.rows(), 0

    def step(self) -> Array:
        rows = self._rows[self._next]
        self._next = (self._next + 1) % len(self._rows)
        machine = self.machine
        machine.feed("x", self._x, rows)
        machine.feed("y", self._y, rows)
        machine.run()
        return self._loss

    def weights(self) -> list[tuple[Array, Array]]:
        """A copy of weight and bias of each dense layer."""
        arrays = [self.storage.view(p).copy() for p in self.program.parameters]
        return list(zip(arrays[::2], arrays[1::2], strict=True))


class Torch:
    """PyTorch, eager, with the optimizers as they come."""

    def __init__(self, work: Workload, weights: Sequence[tuple[Array, Array]]) -> None:
        import torch

        torch.set_num_threads(1)
        modules: list[Any] = []
        for index, (weight, bias) in enumerate(weights):
            dense = torch.nn.Linear(*weight.shape)
            dense.weight.data = torch.from_numpy(weight.T.copy())
            dense.bias.data = torch.from_numpy(bias.copy())
            modules.append(dense)
            if work.activation == "tanh":
                modules.append(torch.nn.Tanh())
            elif index + 1 < len(weights):
                modules.append(torch.nn.ReLU())
        self._net = torch.nn.Sequential(*modules)
        self._loss = torch.nn.CrossEntropyLoss() if work.classes else torch.nn.MSELoss()
        kind = torch.optim.Adam if work.optimizer == "adam" else torch.optim.SGD
        self._optimizer = kind(self._net.parameters(), lr=work.rate)
        dtype = weights[0][0].dtype
        y = work.y if work.classes else work.y.astype(dtype)
        self._batches = [
            (torch.from_numpy(work.x[r].astype(dtype)), torch.from_numpy(y[r])) for r in work.rows()
        ]
        self._next = 0

    def step(self) -> Any:
        x, y = self._batches[self._next]
        self._next = (self._next + 1) % len(self._batches)
        self._optimizer.zero_grad()
        loss = self._loss(self._net(x), y)
        loss.backward()
        self._optimizer.step()
        return loss.detach()


def peers(work: Workload, dtype: type = np.float32, *, torch: bool = True) -> dict[str, Peer]:
    """Everyone who can be measured here, each at the same first weights."""
    engine = Engine(work, dtype)
    targets = np.eye(work.sizes[-1], dtype=dtype)[work.y] if work.classes else work.y
    found: dict[str, Peer] = {
        "engine": engine,
        "floor": Floor(
            engine.weights(),
            [(work.x[r], targets[r]) for r in work.rows()],
            activation=work.activation,
            classes=work.classes,
            optimizer=work.optimizer,
            rate=work.rate,
        ),
    }
    if torch and find_spec("torch") is not None:
        found["torch"] = Torch(work, engine.weights())
    return found


def first_losses(peer: Peer, count: int = 30) -> list[float]:
    """The losses of a peer's next steps."""
    return [float(peer.step()) for _ in range(count)]  # type: ignore[arg-type]


def measure(peers: Mapping[str, Peer], *, rounds: int, block: float) -> dict[str, list[float]]:
    """Microseconds a step of each peer, one figure a round.

    Parameters
    ----------
    peers
        Whom to measure.
    rounds
        How many blocks each gets.
    block
        Seconds that a block takes, about.
    """
    with np.errstate(all="ignore"):
        steps = {name: _calibrated(peer.step, block) for name, peer in peers.items()}
        times: dict[str, list[float]] = {name: [] for name in peers}
        shuffle = random.Random(SEED).shuffle
        for _ in range(rounds):
            order = list(peers)
            shuffle(order)
            for name in order:
                seconds = _time(peers[name].step, steps[name])
                times[name].append(seconds / steps[name] * 1e6)
    return times


def compare(work: Workload, times: Mapping[str, list[float]]) -> dict[str, object]:
    """The medians of a workload, and the medians of the rounds' ratios."""
    row: dict[str, object] = {"network": work.name, "batch": work.batch}
    row |= {f"{name}_us": statistics.median(t) for name, t in times.items()}
    for other in times:
        if other != "engine":
            pairs = zip(times["engine"], times[other], strict=True)
            row[f"engine_over_{other}"] = statistics.median(a / b for a, b in pairs)
    return row


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """The results for people."""
    columns = {
        "network": "network",
        "batch": "batch",
        "engine_us": "engine µs",
        "floor_us": "floor µs",
        "torch_us": "torch µs",
        "engine_over_floor": "÷ floor",
        "engine_over_torch": "÷ torch",
    }
    cells = [list(columns.values())]
    for row in rows:
        cells.append([_write(key, row.get(key)) for key in columns])
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            c.ljust(w) if i == 0 else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the figures if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_step", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=15, help="blocks each (default: 15)")
    parser.add_argument("--quick", action="store_true", help="3 short rounds, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    options = parser.parse_args(arguments)
    rounds, block = (3, 0.01) if options.quick else (options.rounds, 0.06)

    rows = []
    for work in workloads():
        everyone = peers(work)
        times = measure(everyone, rounds=rounds, block=block)
        rows.append(compare(work, times) | {"rounds": times})
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    if "torch" in sys.modules:
        versions += f", PyTorch {sys.modules['torch'].__version__}"
    print(table(rows))
    print(f"medians of {rounds} interleaved blocks, float32, one thread; {versions}")
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "results": rows}, indent=1))
    return 0


def _stack(work: Workload) -> list[LayerSpec]:
    stack: list[LayerSpec] = []
    for index, (_, units) in enumerate(pairwise(work.sizes)):
        init = "xavier" if work.activation == "tanh" else "he"
        stack.append(layers()["dense"].from_config({"units": units, "init": init}))
        if work.activation == "tanh" or index + 2 < len(work.sizes):
            stack.append(layers()[work.activation]())
    return stack


def _calibrated(step: Callable[[], object], block: float) -> int:
    """How many steps fill a block; also warms up."""
    count = 1
    while (seconds := _time(step, count)) < block / 3:
        count *= 3
    return max(1, round(count * block / seconds))


def _time(step: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def _write(key: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if key.endswith("_us") else f"{value:.2f}"
    return "–" if value is None else str(value)


if __name__ == "__main__":
    raise SystemExit(main())
