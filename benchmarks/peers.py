"""Who is compared: the engine, a whole session, the floor, and PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from backprop_studio.autograd import Machine, Storage
from backprop_studio.training import Session
from benchmarks.floor import DenseFloor, Floor
from benchmarks.floor_pictures import PicturesFloor
from benchmarks.workloads import SEED, Array, Workload


class Peer(Protocol):
    """One of those that are compared."""

    def run(self, count: int) -> Any:
        """Train on the next `count` batches and return the last one's loss."""
        ...


class Engine:
    """This project's engine: the next rows are fed, and the machine runs its program whole."""

    def __init__(self, work: Workload, dtype: type = np.float32) -> None:
        self.program = work.lowered().program
        self.storage = Storage(self.program, dtype)
        self.storage.initialize(SEED)
        self.machine = Machine(self.program, self.storage, batch=work.batch)
        assert self.program.loss is not None
        self._loss = self.machine.array(self.program.loss)
        self._x: Array = work.x.astype(dtype)
        self._y = work.y if work.classes else work.y.astype(dtype)
        self._rows, self._next = work.rows(), 0

    def run(self, count: int) -> Array:
        machine, batches = self.machine, self._rows
        for _ in range(count):
            rows = batches[self._next]
            self._next = (self._next + 1) % len(batches)
            machine.feed("x", self._x, rows)
            machine.feed("y", self._y, rows)
            machine.run()
        return self._loss

    def weights(self) -> list[Array]:
        """Copies of all parameters, in the order of the layers."""
        return [self.storage.view(p).copy() for p in self.program.parameters]


class Whole:
    """A session, as the window runs it.

    With shuffled rows, smaller last batches, checks that all numbers are finite, points of the loss
    curve, keyframes to go back to, and a test on held-out rows after every epoch.
    """

    def __init__(self, work: Workload) -> None:
        with work.on_offer():
            self.session = Session(work.lowered(), work.network().setup)

    def run(self, count: int) -> float | None:
        # The unit is an iteration, or an instruction where iterations are long.
        stop = self.session.completed + count
        self.session.run(1e9, lambda: self.session.completed >= stop)
        return self.session.last_loss


class Torch:
    """PyTorch, eager, with the optimizers as they come."""

    def __init__(self, work: Workload, weights: Sequence[Array]) -> None:
        import torch

        torch.set_num_threads(1)
        left = iter(weights)
        self._net = torch.nn.Sequential(*(_module(torch, layer, left) for layer, _ in work.layers))
        self._loss = torch.nn.CrossEntropyLoss() if work.classes else torch.nn.MSELoss()
        kind, settings = work.optimizer
        rate, parameters = settings["learning_rate"], self._net.parameters()
        self._optimizer = (
            torch.optim.Adam(parameters, lr=rate)
            if kind == "adam"
            else torch.optim.SGD(parameters, lr=rate, momentum=0.9 if kind == "momentum" else 0.0)
        )
        dtype = weights[0].dtype
        y = work.y if work.classes else work.y.astype(dtype)
        self._batches = [
            (torch.from_numpy(work.x[r].astype(dtype)), torch.from_numpy(y[r])) for r in work.rows()
        ]
        self._next = 0

    def run(self, count: int) -> Any:
        for _ in range(count):
            x, y = self._batches[self._next]
            self._next = (self._next + 1) % len(self._batches)
            self._optimizer.zero_grad()
            loss = self._loss(self._net(x), y)
            loss.backward()
            self._optimizer.step()
        return loss.detach()


def peers(work: Workload, dtype: type = np.float32, *, torch: bool = True) -> dict[str, Peer]:
    """Those who train the same network on the same batches, each at the same first weights."""
    engine = Engine(work, dtype)
    found: dict[str, Peer] = {"engine": engine}
    floor = _floor(work, engine.weights())
    if floor is not None:
        found["floor"] = floor
    if torch and find_spec("torch") is not None:
        found["torch"] = Torch(work, engine.weights())
    return found


def first_losses(peer: Peer, count: int = 30) -> list[float]:
    """The losses of a peer's next steps."""
    return [float(peer.run(1)) for _ in range(count)]


def _floor(work: Workload, weights: Sequence[Array]) -> Floor | None:
    """The same network by hand; sequences have none."""
    names = {layer for layer, _ in work.layers}
    if not names <= {"dense", "relu", "tanh", "conv2d", "max_pool2d", "flatten"}:
        return None
    dtype = weights[0].dtype
    outputs = work.y.max() + 1 if work.classes else 0
    targets = np.eye(outputs, dtype=dtype)[work.y] if work.classes else work.y
    batches = [(work.x[r], targets[r]) for r in work.rows()]
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    kind, settings = work.optimizer
    rate = settings["learning_rate"]
    if "conv2d" in names:
        return PicturesFloor(pairs, batches, optimizer=kind, rate=rate)
    return DenseFloor(
        pairs,
        batches,
        activation="tanh" if "tanh" in names else "relu",
        classes=work.classes,
        optimizer=kind,
        rate=rate,
    )


def _module(torch: Any, layer: str, weights: Iterator[Array]) -> Any:
    """PyTorch's module for a layer, with the next of our weights if it has any."""
    plain: dict[str, Callable[[], Any]] = {
        "relu": torch.nn.ReLU,
        "tanh": torch.nn.Tanh,
        "flatten": torch.nn.Flatten,
        "max_pool2d": lambda: torch.nn.MaxPool2d(2),
    }
    if layer in plain:
        return plain[layer]()
    first, second = next(weights), next(weights)
    if layer == "dense":
        module = torch.nn.Linear(*first.shape)
        values = {"weight": first.T, "bias": second}
    elif layer == "conv2d":
        module = torch.nn.Conv2d(first.shape[1], first.shape[0], 3, padding=1)
        values = {"weight": first, "bias": second}
    elif layer == "multi_head_attention":
        module = torch.nn.MultiheadAttention(len(first), 2, batch_first=True)
        values = {"in_proj_weight": first.T, "in_proj_bias": second}
        values |= {"out_proj.weight": next(weights).T, "out_proj.bias": next(weights)}
    else:
        kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[layer]
        module = kind(len(first), len(second), batch_first=True)
        # PyTorch has two biases where one is enough; we have that one, and GRU's part of the other.
        bias, other = next(weights), np.zeros(first.shape[1], first.dtype)
        trained = np.zeros_like(other)
        if layer == "gru":
            other[-len(second) :], trained[-len(second) :] = next(weights), 1
        values = {"weight_ih_l0": first.T, "weight_hh_l0": second.T}
        values |= {"bias_ih_l0": bias, "bias_hh_l0": other}
        mask = torch.from_numpy(trained)
        module.bias_hh_l0.register_hook(lambda gradient: gradient * mask)
    parameters = dict(module.named_parameters())
    for name, value in values.items():
        parameters[name].data = torch.from_numpy(np.ascontiguousarray(value))
    return _only_result(torch, module, layer)


def _only_result(torch: Any, module: Any, layer: str) -> Any:
    """A module in a form that follows another: PyTorch's layers for sequences return tuples."""
    if layer not in ("lstm", "gru", "multi_head_attention"):
        return module

    class Only(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Any) -> Any:
            if layer == "multi_head_attention":
                return self.inner(x, x, x, need_weights=False)[0]
            return self.inner(x)[0][:, -1]

    return Only()
