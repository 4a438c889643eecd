"""Losses that are compared with PyTorch's, and what PyTorch gives for them.

Needs PyTorch 2 to make the fixture anew: `python -m tests.golden.loss_cases`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FIXTURE = Path(__file__).parent / "fixtures" / "losses.npz"
ROWS, CLASSES = 8, 5


@dataclass(frozen=True)
class LossCase:
    """A loss with settings, and PyTorch's name and settings of the same."""

    name: str
    loss: str
    config: tuple[tuple[str, object], ...]
    module: str
    options: tuple[tuple[str, object], ...] = ()
    target: str = "numbers"
    """Which of the targets of `given` it is for."""


def _both(
    loss: str,
    module: str,
    target: str,
    config: tuple[tuple[str, object], ...] = (),
    options: tuple[tuple[str, object], ...] = (),
    mean: str = "mean",
) -> list[LossCase]:
    """The case with the mean and with the sum."""
    note = "".join(f"_{value}" for _, value in config) + f"_{target}"
    return [
        LossCase(
            f"{loss}{note}_{ours}",
            loss,
            (*config, ("reduction", ours)),
            module,
            (*options, ("reduction", theirs)),
            target,
        )
        for ours, theirs in (("mean", mean), ("sum", "sum"))
    ]


CASES = (
    *_both("mse", "MSELoss", "numbers"),
    *_both("mae", "L1Loss", "numbers"),
    *_both("huber", "HuberLoss", "numbers"),
    *_both("huber", "HuberLoss", "numbers", (("delta", 0.4),), (("delta", 0.4),)),
    *_both("binary_cross_entropy", "BCEWithLogitsLoss", "one_hot"),
    *_both("binary_cross_entropy", "BCEWithLogitsLoss", "shares"),
    *_both("softmax_cross_entropy", "CrossEntropyLoss", "one_hot"),
    *_both(
        "softmax_cross_entropy",
        "CrossEntropyLoss",
        "one_hot",
        (("label_smoothing", 0.2),),
        (("label_smoothing", 0.2),),
    ),
    *_both("softmax_cross_entropy", "CrossEntropyLoss", "shares"),
    *(
        case
        for amount in (0.0, 0.2)
        for case in _both(
            "softmax_cross_entropy",
            "CrossEntropyLoss",
            "one_hot",
            (("label_smoothing", amount), ("class_weights", (0.5, 2.0, 0.0, 1.0, 3.0))),
            (("label_smoothing", amount), ("weight", (0.5, 2.0, 0.0, 1.0, 3.0))),
        )
    ),
    *_both("hinge", "MultiMarginLoss", "one_hot"),
    *_both("hinge", "MultiMarginLoss", "one_hot", (("margin", 0.3),), (("margin", 0.3),)),
    *_both("kl_divergence", "KLDivLoss", "one_hot", mean="batchmean"),
    *_both("kl_divergence", "KLDivLoss", "shares", mean="batchmean"),
)


def given() -> dict[str, Array]:
    """Predictions, extreme ones among them, and a target of each kind."""
    rng = np.random.default_rng(7)
    prediction = rng.standard_normal((ROWS, CLASSES)) * 2
    prediction[-2:] = np.array([[1e4, -1e4, 3.0, 0.5, -2.0], [-1e4, -1e4, 1e4, 9e3, 30.0]])
    shares = rng.random((ROWS, CLASSES)) * (rng.random((ROWS, CLASSES)) > 0.3)
    shares[:, 0] += 0.1
    shares /= shares.sum(axis=1, keepdims=True)
    return {
        "prediction": prediction,
        "numbers": rng.standard_normal((ROWS, CLASSES)),
        "one_hot": np.eye(CLASSES)[rng.integers(0, CLASSES, ROWS)],
        "shares": shares,
    }


def compute_with_pytorch(case: LossCase, arrays: dict[str, Array]) -> tuple[Array, Array]:
    """Value, and gradient by the prediction."""
    import torch

    prediction = torch.from_numpy(arrays["prediction"].copy()).requires_grad_()
    target = torch.from_numpy(arrays[case.target])
    options = dict(case.options)
    # A mean over class weights is another one for labels and for probabilities; ours is for labels.
    by_label = case.module == "MultiMarginLoss" or "weight" in options
    if "weight" in options:
        options["weight"] = torch.tensor(options["weight"], dtype=torch.float64)
    module: Callable[..., Any] = getattr(torch.nn, case.module)(**options)
    if by_label:
        target = target.argmax(dim=1)
    given = prediction.log_softmax(dim=1) if case.module == "KLDivLoss" else prediction
    loss = module(given, target)
    loss.backward()
    return loss.detach().numpy(), prediction.grad.numpy()


def main() -> None:
    """Write the fixture."""
    arrays = given()
    found: dict[str, Array] = dict(arrays)
    for case in CASES:
        value, gradient = compute_with_pytorch(case, arrays)
        found[f"{case.name}.value"], found[f"{case.name}.gradient"] = value, gradient
    np.savez_compressed(FIXTURE, **found)  # type: ignore[arg-type]
    print(f"{FIXTURE.name}: {FIXTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
