"""Losses: one number that says how wrong the predictions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, constant
from backprop_studio.autograd.ops.reduction import MEAN, Loss, LossBackward, over, share
from backprop_studio.autograd.symbol import Array

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class MeanSquaredErrorBackward(LossBackward):
    """`dL · 2 (P - T) / n`, from the difference `P - T` that the forward pass kept."""

    reduction: str = MEAN
    name: ClassVar[str] = "mse_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (difference, g), (out,) = inputs, outputs
        scale = np.empty_like(g)
        return [
            (np.multiply, (g, constant(share(self.reduction, difference.size, 2.0), g), scale)),
            (np.multiply, (difference, scale, out)),
        ]

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n", "2")
        return Formula(
            rf"dP = {latex}D\,dL",
            f"dP = 2 · D · dL{plain}",
            ("D", "dL"),
            ("dP",),
            "Each prediction is told by how much, and to which side, it was off.",
        )


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean (or sum) of the squared differences over all n entries. Outputs: loss, difference."""

    reduction: str = MEAN
    name: ClassVar[str] = "mse"
    results: ClassVar[tuple[str, ...]] = ("loss", "difference")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (prediction, target), (loss, difference) = inputs, outputs
        flat, total = difference.reshape(-1), np.empty_like(loss)
        return [
            (np.subtract, (prediction, target, difference)),
            (np.dot, (flat, flat, total)),
            # On scalars numpy is three times as fast when it does not work in place.
            (np.multiply, (total, constant(share(self.reduction, flat.size), loss), loss)),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(MeanSquaredErrorBackward(self.reduction), outputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            rf"D = P - T, \quad L = {latex}\sum_{{ij}} D_{{ij}}^2",
            f"D = P − T, L = Σ D²{plain}",
            ("P", "T"),
            ("L", "D"),
            f"The {self.reduction} of the squared differences over every entry of the batch.",
        )


def softmax_rows(logits: Array, p: Array, shifted: Array, log_total: Array) -> list[Call]:
    """Calls for the softmax of each row, and what its logarithm is made of.

    Parameters
    ----------
    logits
        Array of shape (rows, classes).
    p
        Takes the probabilities.
    shifted
        Takes the logits less the largest of their row, so that nothing overflows.
    log_total
        Array of shape (rows, 1), takes `ln Σ exp(shifted)`: `ln p = shifted - log_total`.
    """
    top, total = (np.empty((len(logits), 1), logits.dtype) for _ in range(2))
    return [
        (np.maximum.reduce, (logits, 1, None, top, True)),
        (np.subtract, (logits, top, shifted)),
        (np.exp, (shifted, p)),
        (np.dot, (p, np.ones(logits.shape[1], logits.dtype), total.reshape(-1))),
        (np.divide, (p, total, p)),
        (np.log, (total, log_total)),
    ]


@dataclass(frozen=True)
class SoftmaxCrossEntropyBackward(LossBackward):
    """`dL · (P - T) / N`, from the probabilities that the forward pass kept."""

    reduction: str = MEAN
    name: ClassVar[str] = "softmax_cross_entropy_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (probabilities, target, g), (out,) = inputs, outputs
        scale = np.empty_like(g)
        return [
            (np.multiply, (g, constant(share(self.reduction, len(out)), g), scale)),
            (np.subtract, (probabilities, target, out)),
            (np.multiply, (out, scale, out)),
        ]

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "N")
        return Formula(
            rf"dZ = {latex}(P - T)\,dL",
            f"dZ = (P − T) · dL{plain}",
            ("P", "T", "dL"),
            ("dZ",),
            "The error signal is the probability given minus the probability that was right.",
        )


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """Softmax of each row and its cross-entropy with the targets, mean or sum over the N rows.

    Outputs: loss, probabilities. The targets' rows must sum to one. The largest logit of a row
    is subtracted first, so nothing overflows.
    """

    reduction: str = MEAN
    name: ClassVar[str] = "softmax_cross_entropy"
    results: ClassVar[tuple[str, ...]] = ("loss", "probabilities")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (logits, target), (loss, p) = inputs, outputs
        rows, dtype = len(logits), logits.dtype
        shifted, log_total = np.empty_like(logits), np.empty((rows, 1), dtype)
        logs, agreement, charge = (np.empty_like(loss) for _ in range(3))
        # mean(log Σ exp(z)) − mean(z · t); the sums as dot products, the cheapest reduction.
        return [
            *softmax_rows(logits, p, shifted, log_total),
            (np.dot, (np.ones(rows, dtype), log_total.reshape(-1), logs)),
            (np.dot, (shifted.reshape(-1), target.reshape(-1), agreement)),
            (np.subtract, (logs, agreement, charge)),
            (np.multiply, (charge, constant(share(self.reduction, rows), loss), loss)),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(SoftmaxCrossEntropyBackward(self.reduction), outputs[1], inputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "N")
        return Formula(
            r"P_{ij} = \frac{e^{Z_{ij}}}{\sum_k e^{Z_{ik}}}, \quad"
            rf" L = -{latex}\sum_{{ij}} T_{{ij}} \ln P_{{ij}}",
            f"P[i, j] = exp(Z[i, j]) / Σ_k exp(Z[i, k]),  L = −Σ T ln P{plain}",
            ("Z", "T"),
            ("L", "P"),
            "Turns scores into probabilities, and charges for what the right class did not get.",
        )
