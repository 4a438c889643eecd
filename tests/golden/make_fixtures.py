"""Makes the fixtures of `test_against_pytorch.py`: what PyTorch computes for a few networks.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_fixtures

A fixture holds first weights, batches, and the losses and last weights of 50 steps in float64.
Make them anew only when a case is added or changed; PyTorch's own results do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FOLDER = Path(__file__).parent / "fixtures" / "pytorch"
STEPS = 50
BATCHES = 5
"""Different batches; they come again in the same order."""


@dataclass(frozen=True)
class Case:
    """A network that both train: dense layers with an activation between."""

    name: str
    sizes: tuple[int, ...]
    activation: str
    loss: str
    optimizer: str
    rate: float
    batch: int

    @property
    def path(self) -> Path:
        """The fixture."""
        return FOLDER / f"{self.name}.npz"


CASES = (
    Case("digits_sgd", (64, 16, 10), "relu", "softmax_cross_entropy", "sgd", 0.1, 16),
    Case("digits_adam", (64, 16, 10), "relu", "softmax_cross_entropy", "adam", 0.01, 16),
    Case("toy_sgd", (2, 4, 1), "tanh", "mse", "sgd", 0.2, 10),
    Case("toy_adam", (2, 4, 1), "tanh", "mse", "adam", 0.02, 10),
)


def start(case: Case) -> dict[str, Array]:
    """First weights `w0`, `b0`, `w1`, …, features `x` and targets `y` of each batch."""
    rng = np.random.default_rng([ord(c) for c in case.name])
    found: dict[str, Array] = {}
    for i, (fan_in, units) in enumerate(pairwise(case.sizes)):
        found[f"w{i}"] = rng.standard_normal((fan_in, units)) * (2 / fan_in) ** 0.5
        found[f"b{i}"] = rng.standard_normal(units) * 0.1
    shape = (BATCHES, case.batch, case.sizes[0])
    if case.loss == "mse":
        found["x"] = rng.uniform(-1, 1, shape)
        found["y"] = np.sin(3 * found["x"]).sum(axis=2, keepdims=True)
    else:
        # Sixteenths, as the pixels of the digits are: they compress well.
        found["x"] = rng.integers(0, 17, shape) / 16
        found["y"] = rng.integers(0, case.sizes[-1], shape[:2])
    return found


def train_with_pytorch(case: Case, given: dict[str, Array]) -> dict[str, Array]:
    """`losses` (50,) and the last weights `last_w0`, `last_b0`, …"""
    import torch

    modules: list[Any] = []
    for i, (fan_in, units) in enumerate(pairwise(case.sizes)):
        dense = torch.nn.Linear(fan_in, units, dtype=torch.float64)
        dense.weight.data = torch.from_numpy(given[f"w{i}"].T.copy())
        dense.bias.data = torch.from_numpy(given[f"b{i}"].copy())
        modules.append(dense)
        if i + 2 < len(case.sizes):
            modules.append(torch.nn.ReLU() if case.activation == "relu" else torch.nn.Tanh())
    net = torch.nn.Sequential(*modules)
    loss_of = torch.nn.MSELoss() if case.loss == "mse" else torch.nn.CrossEntropyLoss()
    kind = torch.optim.Adam if case.optimizer == "adam" else torch.optim.SGD
    optimizer = kind(net.parameters(), lr=case.rate)
    losses = []
    for step in range(STEPS):
        x, y = (torch.from_numpy(given[k][step % BATCHES]) for k in "xy")
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    last = {"losses": np.array(losses)}
    for i, dense in enumerate(m for m in modules if isinstance(m, torch.nn.Linear)):
        last[f"last_w{i}"] = dense.weight.detach().numpy().T.copy()
        last[f"last_b{i}"] = dense.bias.detach().numpy().copy()
    return last


def main() -> None:
    """Write every fixture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        given = start(case)
        np.savez_compressed(case.path, **given, **train_with_pytorch(case, given))
        print(f"{case.path.name}: {case.path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
