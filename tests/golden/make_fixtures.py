"""Makes the fixtures of `test_against_pytorch.py`: what PyTorch computes for a few networks.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_fixtures

A fixture holds first weights, batches, and the losses and last weights of 50 steps in float64.
Make them anew only when a case is added or changed; PyTorch's own results do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Settings = tuple[tuple[str, float], ...]

FOLDER = Path(__file__).parent / "fixtures" / "pytorch"
STEPS = 50
BATCHES = 5
"""Different batches; they come again in the same order, and make an epoch."""


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
    settings: Settings = ()
    """More settings of the optimizer, by our names."""
    l1: float = 0.0
    l2: float = 0.0
    schedule: str = "constant"
    schedule_settings: Settings = ()
    warmup: int = 0
    clip: str = "none"
    clip_at: float = 1.0

    @property
    def path(self) -> Path:
        """The fixture."""
        return FOLDER / f"{self.name}.npz"


def _toy(
    name: str,
    optimizer: str,
    rate: float,
    *,
    more: dict[str, float] | None = None,
    settings: dict[str, float] | None = None,
    **others: Any,
) -> Case:
    """A small network; `more` settings of the optimizer, `settings` of the schedule."""
    return Case(
        name,
        (2, 4, 1),
        "tanh",
        "mse",
        optimizer,
        rate,
        10,
        tuple((more or {}).items()),
        schedule_settings=tuple((settings or {}).items()),
        **others,
    )


CASES = (
    Case("digits_sgd", (64, 16, 10), "relu", "softmax_cross_entropy", "sgd", 0.1, 16),
    Case("digits_adam", (64, 16, 10), "relu", "softmax_cross_entropy", "adam", 0.01, 16),
    Case("toy_sgd", (2, 4, 1), "tanh", "mse", "sgd", 0.2, 10),
    Case("toy_adam", (2, 4, 1), "tanh", "mse", "adam", 0.02, 10),
    Case("toy_momentum", (2, 4, 1), "tanh", "mse", "momentum", 0.05, 10, (("momentum", 0.8),)),
    Case("toy_nesterov", (2, 4, 1), "tanh", "mse", "nesterov", 0.05, 10, (("momentum", 0.8),)),
    Case("toy_adagrad", (2, 4, 1), "tanh", "mse", "adagrad", 0.05, 10),
    Case("toy_rmsprop", (2, 4, 1), "tanh", "mse", "rmsprop", 0.01, 10, (("alpha", 0.9),)),
    Case(
        "toy_rmsprop_momentum",
        (2, 4, 1),
        "tanh",
        "mse",
        "rmsprop",
        0.005,
        10,
        (("alpha", 0.95), ("epsilon", 1e-6), ("momentum", 0.7)),
    ),
    Case("toy_adamw", (2, 4, 1), "tanh", "mse", "adamw", 0.02, 10, (("weight_decay", 0.1),)),
    Case("toy_sign", (2, 4, 1), "tanh", "mse", "sign", 0.01, 10),
    Case("toy_penalties", (2, 4, 1), "tanh", "mse", "sgd", 0.1, 10, (), 0.003, 0.02),
    *(
        _toy(f"toy_penalties_{kind}", kind, rate, more=more, l1=0.003, l2=0.02)
        for kind, rate, more in (
            ("momentum", 0.05, {"momentum": 0.7}),
            ("nesterov", 0.05, {"momentum": 0.7}),
            ("adagrad", 0.05, {}),
            ("rmsprop", 0.01, {}),
            ("adam", 0.02, {}),
            ("adamw", 0.02, {}),
            ("sign", 0.01, {}),
        )
    ),
    _toy("toy_step_rate", "sgd", 0.2, schedule="step", settings={"every": 3, "gamma": 0.6}),
    _toy("toy_cosine", "adam", 0.03, schedule="cosine", settings={"epochs": 9, "minimum": 2e-3}),
    _toy("toy_warmup", "momentum", 0.05, more={"momentum": 0.8}, warmup=12),
    _toy(
        "toy_warmup_step",
        "adamw",
        0.03,
        schedule="step",
        settings={"every": 2, "gamma": 0.7},
        warmup=17,
    ),
    _toy(
        "toy_on_plateau",
        "adam",
        0.05,
        schedule="plateau",
        settings={"factor": 0.5, "patience": 1, "threshold": 0.2, "minimum": 0.02},
    ),
    _toy("toy_clip_value", "rmsprop", 0.01, clip="value", clip_at=0.1),
    _toy("toy_clip_norm", "sgd", 0.2, clip="norm", clip_at=0.3),
    _toy("toy_clip_norm_adam", "adam", 0.02, clip="norm", clip_at=0.2),
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


def pytorch_optimizer(
    optimizer: str, parameters: Iterable[Any], rate: float, settings: Settings = ()
) -> Any:
    """PyTorch's optimizer of our name, with settings by our names.

    Parameters
    ----------
    optimizer
        Id of ours; a `KeyError` says that there is none of PyTorch's for it here.
    parameters
        The tensors to train; each of them has a gradient.
    rate
        The learning rate.
    settings
        Names and values of what is not as it is by default.
    """
    import torch

    class Sign(torch.optim.Optimizer):  # type: ignore[misc]
        """PyTorch has none of its own."""

        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        @torch.no_grad()  # type: ignore[untyped-decorator]
        def step(self) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p -= group["lr"] * p.grad.sign()

    kinds: dict[str, tuple[Any, dict[str, object]]] = {
        "sgd": (torch.optim.SGD, {}),
        "momentum": (torch.optim.SGD, {}),
        "nesterov": (torch.optim.SGD, {"nesterov": True}),
        "adagrad": (torch.optim.Adagrad, {}),
        "rmsprop": (torch.optim.RMSprop, {}),
        "adam": (torch.optim.Adam, {}),
        "adamw": (torch.optim.AdamW, {}),
        "sign": (Sign, {}),
    }
    kind, fixed = kinds[optimizer]
    given = {{"epsilon": "eps"}.get(name, name): value for name, value in settings}
    return kind(parameters, lr=rate, **fixed, **given)


def charged(loss: Any, weights: Iterable[Any], *, l1: float, l2: float) -> Any:
    """PyTorch's loss with the penalties on these weights: l1 · Σ |w| and l2 / 2 · Σ w²."""
    if l1 or l2:
        weights = list(weights)
        loss = loss + sum(l1 * w.abs().sum() for w in weights)
        loss = loss + sum(l2 / 2 * w.square().sum() for w in weights)
    return loss


def pytorch_schedule(case: Case, optimizer: Any) -> Any:
    """PyTorch's schedule of a case, to be stepped after each epoch; None where it has none."""
    from torch.optim import lr_scheduler

    given = dict(case.schedule_settings)
    match case.schedule:
        case "step":
            return lr_scheduler.StepLR(optimizer, given["every"], given["gamma"])
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, given["epochs"], given["minimum"])
        case "plateau":
            given["min_lr"] = given.pop("minimum")
            return lr_scheduler.ReduceLROnPlateau(optimizer, **given)
    return None


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
    optimizer = pytorch_optimizer(case.optimizer, net.parameters(), case.rate, case.settings)
    schedule = pytorch_schedule(case, optimizer)
    warmup = None
    if case.warmup:
        start_factor, iters = 1 / case.warmup, case.warmup - 1
        warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor, total_iters=iters)
    losses: list[float] = []
    for step in range(STEPS):
        x, y = (torch.from_numpy(given[k][step % BATCHES]) for k in "xy")
        optimizer.zero_grad()
        weights = (m.weight for m in modules if isinstance(m, torch.nn.Linear))
        loss = charged(loss_of(net(x), y), weights, l1=case.l1, l2=case.l2)
        loss.backward()
        if case.clip == "value":
            torch.nn.utils.clip_grad_value_(net.parameters(), case.clip_at)
        elif case.clip == "norm":
            torch.nn.utils.clip_grad_norm_(net.parameters(), case.clip_at)
        optimizer.step()
        losses.append(loss.item())
        if warmup is not None:
            warmup.step()
        if schedule is not None and (step + 1) % BATCHES == 0:
            mean = sum(losses[-BATCHES:]) / BATCHES
            schedule.step(*([mean] if case.schedule == "plateau" else []))
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
