"""Losses: one number that says how wrong the predictions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _same_matrices(name: str, prediction: TensorType, target: TensorType) -> None:
    if len(prediction.shape) != 2 or prediction.shape != target.shape:
        raise ShapeError.of(name, target.shape, prediction.shape)


@dataclass(frozen=True)
class MeanSquaredErrorBackward(Op):
    """`dL · 2 (P - T) / count`, from the difference `P - T` that the forward pass kept."""

    name: ClassVar[str] = "mse_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (difference, g), (out,) = inputs, outputs
        scale = np.empty_like(g)
        return [
            (np.multiply, (g, constant(2.0 / max(difference.size, 1), g), scale)),
            (np.multiply, (difference, scale, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dP = \frac{2}{n}\,D\,dL",
            "dP = 2/n · D · dL",
            ("D", "dL"),
            ("dP",),
            "Each prediction is told by how much, and to which side, it was off.",
        )


@dataclass(frozen=True)
class MeanSquaredError(Op):
    """Mean of the squared differences over all n entries. Outputs: loss, difference."""

    name: ClassVar[str] = "mse"
    results: ClassVar[tuple[str, ...]] = ("loss", "difference")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        prediction, target = inputs
        _same_matrices(self.name, prediction, target)
        return (TensorType(()), prediction)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (prediction, target), (loss, difference) = inputs, outputs
        flat, total = difference.reshape(-1), np.empty_like(loss)
        return [
            (np.subtract, (prediction, target, difference)),
            (np.dot, (flat, flat, total)),
            # On scalars numpy is three times as fast when it does not work in place.
            (np.multiply, (total, constant(1.0 / max(flat.size, 1), loss), loss)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g = upstream[0]
        if g is None or needs[1]:
            raise NotImplementedError("only the prediction of a loss has a gradient")
        return [b.apply(MeanSquaredErrorBackward(), outputs[1], g), None]

    def formula(self) -> Formula:
        return Formula(
            r"D = P - T, \quad L = \frac{1}{n} \sum_{ij} D_{ij}^2",
            "D = P − T, L = Σ D² / n",
            ("P", "T"),
            ("L", "D"),
            "The mean of the squared differences over every entry of the batch.",
        )


@dataclass(frozen=True)
class SoftmaxCrossEntropyBackward(Op):
    """`dL · (P - T) / N`, from the probabilities that the forward pass kept."""

    name: ClassVar[str] = "softmax_cross_entropy_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (probabilities, target, g), (out,) = inputs, outputs
        scale = np.empty_like(g)
        return [
            (np.multiply, (g, constant(1.0 / max(len(out), 1), g), scale)),
            (np.subtract, (probabilities, target, out)),
            (np.multiply, (out, scale, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dZ = \frac{1}{N}\,(P - T)\,dL",
            "dZ = (P − T) · dL / N",
            ("P", "T", "dL"),
            ("dZ",),
            "The error signal is the probability given minus the probability that was right.",
        )


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Op):
    """Softmax of each row and its cross-entropy with the targets, averaged over the N rows.

    Outputs: loss, probabilities. The targets' rows must sum to one. The largest logit of a row
    is subtracted first, so nothing overflows.
    """

    name: ClassVar[str] = "softmax_cross_entropy"
    results: ClassVar[tuple[str, ...]] = ("loss", "probabilities")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        logits, target = inputs
        _same_matrices(self.name, logits, target)
        return (TensorType(()), logits)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (logits, target), (loss, p) = inputs, outputs
        rows, dtype = len(logits), logits.dtype
        top, total, log_total = (np.empty((rows, 1), dtype) for _ in range(3))
        shifted = np.empty_like(logits)
        logs, agreement, charge = (np.empty_like(loss) for _ in range(3))
        # mean(log Σ exp(z)) − mean(z · t); the sums as dot products, the cheapest reduction.
        return [
            (np.maximum.reduce, (logits, 1, None, top, True)),
            (np.subtract, (logits, top, shifted)),
            (np.exp, (shifted, p)),
            (np.dot, (p, np.ones(logits.shape[1], dtype), total.reshape(-1))),
            (np.divide, (p, total, p)),
            (np.log, (total, log_total)),
            (np.dot, (np.ones(rows, dtype), log_total.reshape(-1), logs)),
            (np.dot, (shifted.reshape(-1), target.reshape(-1), agreement)),
            (np.subtract, (logs, agreement, charge)),
            (np.multiply, (charge, constant(1.0 / max(rows, 1), loss), loss)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g = upstream[0]
        if g is None or needs[1]:
            raise NotImplementedError("only the prediction of a loss has a gradient")
        return [b.apply(SoftmaxCrossEntropyBackward(), outputs[1], inputs[1], g), None]

    def formula(self) -> Formula:
        return Formula(
            r"P_{ij} = \frac{e^{Z_{ij}}}{\sum_k e^{Z_{ik}}}, \quad"
            r" L = -\frac{1}{N} \sum_{ij} T_{ij} \ln P_{ij}",
            "P[i, j] = exp(Z[i, j]) / Σ_k exp(Z[i, k]),  L = −Σ T ln P / N",
            ("Z", "T"),
            ("L", "P"),
            "Turns scores into probabilities, and charges for what the right class did not get.",
        )
