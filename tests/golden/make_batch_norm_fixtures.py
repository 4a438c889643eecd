"""Makes the fixture of `test_batch_norm_against_pytorch.py`: single layers, and a small CNN.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_batch_norm_fixtures

For each case the fixture holds what PyTorch gives in float64 after some training batches: output
and gradients of the last one, the running statistics, and output and gradient of the layer in
use. For the CNN, in which two convolutions share one batch normalisation, it holds the losses, the
last weights and running statistics of 50 steps of SGD, and its scores in use. Inputs and first
weights are made anew by `batches`, `numbers` and `start`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.make_sequence_fixtures import numbers

Array = np.ndarray[Any, np.dtype[Any]]

PATH = Path(__file__).parent / "fixtures" / "batch_norm.npz"
ROUNDS = 3
"""Training batches of each case."""

STEPS, BATCHES, BATCH, SIDE, CHANNELS, HIDDEN, CLASSES = 50, 5, 8, 4, 4, 6, 3
"""Of the CNN; the batches come again in the same order."""
RATE, MOMENTUM = 0.05, 0.9


@dataclass(frozen=True)
class Case:
    """The shape of a batch, and settings under our names."""

    shape: tuple[int, ...]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the keys of the case in the fixture begin."""
        return "_".join(map(str, [*self.shape, *(f"{k}_{v}" for k, v in self.config.items())]))

    @property
    def parameters(self) -> tuple[str, ...]:
        """What is learned."""
        return ("weight", "bias") if self.config.get("affine", True) else ()


CASES = (
    Case((5, 3)),
    Case((2, 4)),
    Case((5, 3, 4)),
    Case((5, 3, 2, 4)),
    Case((1, 3, 2, 4)),
    Case((5, 3), {"epsilon": 0.3, "momentum": 0.4}),
    Case((5, 3, 4), {"affine": False}),
    Case((5, 3, 2, 4), {"momentum": 1.0}),
    Case((5, 3, 2, 4), {"momentum": 0.0}),
)


def batches(case: Case) -> list[Array]:
    """The training batches; channels differ in mean and spread."""
    by_channel = np.arange(case.shape[1]).reshape(-1, *(1 for _ in case.shape[2:]))
    rounds = (numbers(f"x{i}", case.shape) for i in range(ROUNDS))
    return [(1 + by_channel) * x + 2.0 * by_channel - 1.0 for x in rounds]


def with_pytorch(case: Case) -> dict[str, Array]:
    """What `PATH` holds of a case."""
    import torch

    cls = torch.nn.BatchNorm2d if len(case.shape) == 4 else torch.nn.BatchNorm1d
    config = {"eps" if k == "epsilon" else k: v for k, v in case.config.items()}
    layer = cls(case.shape[1], dtype=torch.float64, **config)
    for name in case.parameters:
        value = numbers(name, (case.shape[1],))
        getattr(layer, name).data = torch.from_numpy(value)
    found: dict[str, Array] = {}
    c = torch.from_numpy(numbers("c", case.shape))

    def look(batch: Array, prefix: str) -> None:
        x = torch.from_numpy(batch).requires_grad_()
        layer.zero_grad()
        y = layer(x)
        (y * c).sum().backward()
        assert x.grad is not None
        found.update({f"{prefix}y": y.detach().numpy(), f"{prefix}dx": x.grad.numpy()})
        for name in case.parameters:
            found[f"{prefix}d_{name}"] = getattr(layer, name).grad.numpy().copy()

    for batch in batches(case):
        look(batch, "")
    for name in ("running_mean", "running_var"):
        found[name] = getattr(layer, name).numpy().copy()
    layer.eval()
    look(batches(case)[0], "use_")
    return found


def start() -> dict[str, Array]:
    """First weights of the CNN by node and name, and batches `x` and `y`."""
    flat = CHANNELS * (SIDE // 2) ** 2
    shapes: dict[str, tuple[int, ...]] = {
        "first/weight": (CHANNELS, 1, 3, 3),
        "first/bias": (CHANNELS,),
        "second/weight": (CHANNELS, CHANNELS, 3, 3),
        "second/bias": (CHANNELS,),
        "wide/weight": (flat, HIDDEN),
        "wide/bias": (HIDDEN,),
        "classes/weight": (HIDDEN, CLASSES),
        "classes/bias": (CLASSES,),
    }
    found = {name: 0.4 * numbers(name, shape) for name, shape in shapes.items()}
    for node, width in (("norm", CHANNELS), ("flat_norm", HIDDEN)):
        found[f"{node}/weight"] = 1 + 0.1 * numbers(f"{node}/weight", (width,))
        found[f"{node}/bias"] = 0.1 * numbers(f"{node}/bias", (width,))
    found["x"] = numbers("x", (BATCHES, BATCH, 1, SIDE, SIDE))
    # Which of the first rows is the brightest.
    found["y"] = found["x"][:, :, 0, :CLASSES].mean(axis=-1).argmax(axis=-1)
    return found


def train_with_pytorch(given: dict[str, Array]) -> dict[str, Array]:
    """`losses` (50,), `scores` in use, last weights and statistics under the names of `start`."""
    import torch

    nn, f8 = torch.nn, {"dtype": torch.float64}
    flat = CHANNELS * (SIDE // 2) ** 2
    nodes = {
        "first": nn.Conv2d(1, CHANNELS, 3, padding=1, **f8),
        "norm": nn.BatchNorm2d(CHANNELS, **f8),
        "second": nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, **f8),
        "wide": nn.Linear(flat, HIDDEN, **f8),
        "flat_norm": nn.BatchNorm1d(HIDDEN, **f8),
        "classes": nn.Linear(HIDDEN, CLASSES, **f8),
    }
    order = ["first", "norm", "relu", "second", "norm", "relu", "pool", "flat"]
    order += ["wide", "flat_norm", "relu", "classes"]
    passive = {"relu": nn.ReLU(), "pool": nn.MaxPool2d(2), "flat": nn.Flatten()}
    network = nn.Sequential(*((nodes | passive)[name] for name in order))
    for node, module in nodes.items():
        for name, parameter in module.named_parameters():
            value = _turned(given[f"{node}/{name}"])
            parameter.data = torch.from_numpy(value)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
    losses = []
    for step in range(STEPS):
        x, y = (torch.from_numpy(given[k][step % BATCHES]) for k in "xy")
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    network.eval()
    found = {
        "losses": np.array(losses),
        "scores": network(torch.from_numpy(given["x"][0])).detach().numpy(),
    }
    for node, module in nodes.items():
        for name, value in module.state_dict().items():
            if name != "num_batches_tracked":
                found[f"{node}/{name}"] = _turned(value.numpy())
    return found


def _turned(array: Array) -> Array:
    """A copy; of weight matrices, which PyTorch has the other way round, the transpose."""
    return (array.T if array.ndim == 2 else array).copy()


def fixture(results: Iterable[dict[str, Array]], cnn: dict[str, Array]) -> dict[str, Array]:
    """All results under the keys of the fixture."""
    found = {f"cnn {name}": array for name, array in cnn.items()}
    for case, result in zip(CASES, results, strict=True):
        found |= {f"{case.name} {name}": array for name, array in result.items()}
    return found


def main() -> None:
    """Write the fixture."""
    found = fixture(map(with_pytorch, CASES), train_with_pytorch(start()))
    np.savez_compressed(PATH, **found)  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
