"""Cross-entropy in which some classes count more than others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.loss import softmax_rows
from backprop_studio.autograd.ops.reduction import MEAN, Loss, LossBackward
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class WeighClasses(Op):
    """Targets times the weights of their classes and, for a mean, over all labels' weights.

    Inputs: targets, smoothed or not, and the labels as rows with a single one. The mean divides
    by the weights of the labels, not of the smoothed targets, as
    `torch.nn.CrossEntropyLoss(weight=…, label_smoothing=…)` does; a batch of labels that all
    weigh nothing gives NaN, as there.
    """

    weights: tuple[float, ...]
    reduction: str = MEAN
    name: ClassVar[str] = "weigh_classes"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        target, labels = inputs
        if len(target.shape) != 2 or target.shape != labels.shape:
            raise ShapeError.of(self.name, labels.shape, target.shape)
        if target.shape[1] != len(self.weights):
            count, classes = len(self.weights), target.shape[1]
            raise ShapeError("class-weights", name=self.name, count=count, classes=classes)
        return (target,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (target, labels), (out,) = inputs, outputs
        weights = np.array(self.weights, out.dtype)
        calls: list[Call] = [(np.multiply, (target, weights, out))]
        if self.reduction == MEAN:
            each, total = np.empty(len(out), out.dtype), np.empty((), out.dtype)
            calls += [
                (np.dot, (labels, weights, each)),
                (np.dot, (each, np.ones(len(out), out.dtype), total)),
                (np.divide, (out, total, out)),
            ]
        return calls

    def formula(self) -> Formula:
        below = r"\sum_{ik} T_{ik} w_k"
        if self.reduction == MEAN:
            return Formula(
                rf"V_{{ij}} = \frac{{T'_{{ij}} w_j}}{{{below}}}",
                "V[i, j] = T'[i, j] · w[j] / Σ_ik T[i, k] · w[k]",
                ("T'", "T"),
                ("V",),
                "Each row counts as much as its class weighs, in parts of what all rows weigh.",
            )
        return Formula(
            r"V_{ij} = T'_{ij} w_j",
            "V[i, j] = T'[i, j] · w[j]",
            ("T'", "T"),
            ("V",),
            "Each row counts as much as its class weighs.",
        )


@dataclass(frozen=True)
class WeightedCrossEntropyBackward(LossBackward):
    """`dL · (P Σ_k V_k - V)`, from the probabilities that the forward pass kept."""

    name: ClassVar[str] = "weighted_cross_entropy_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (p, weighed, g), (out,) = inputs, outputs
        each = np.empty((len(p), 1), p.dtype)
        return [
            (np.dot, (weighed, np.ones(p.shape[1], p.dtype), each.reshape(-1))),
            (np.multiply, (p, each, out)),
            (np.subtract, (out, weighed, out)),
            (np.multiply, (out, g, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dZ_{ij} = \left(P_{ij} \sum_k V_{ik} - V_{ij}\right) dL",
            "dZ[i, j] = (P[i, j] · Σ_k V[i, k] − V[i, j]) · dL",
            ("P", "V", "dL"),
            ("dZ",),
            "Probability given minus probability that was right, as much as the row counts.",
        )


@dataclass(frozen=True)
class WeightedCrossEntropy(Loss):
    """Softmax of each row, and its cross-entropy with targets that say how much they count.

    Outputs: loss, probabilities. A row of targets may have any sum; a mean is in them already.
    """

    name: ClassVar[str] = "weighted_cross_entropy"
    results: ClassVar[tuple[str, ...]] = ("loss", "probabilities")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (logits, weighed), (loss, p) = inputs, outputs
        shifted, log_total = np.empty_like(logits), np.empty((len(logits), 1), logits.dtype)
        total = np.empty_like(loss)
        return [
            *softmax_rows(logits, p, shifted, log_total),
            (np.subtract, (shifted, log_total, shifted)),
            (np.dot, (shifted.reshape(-1), weighed.reshape(-1), total)),
            (np.negative, (total, loss)),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(WeightedCrossEntropyBackward(), outputs[1], inputs[1], g)

    def formula(self) -> Formula:
        return Formula(
            r"P_{ij} = \frac{e^{Z_{ij}}}{\sum_k e^{Z_{ik}}}, \quad"
            r" L = -\sum_{ij} V_{ij} \ln P_{ij}",
            "P[i, j] = exp(Z[i, j]) / Σ_k exp(Z[i, k]),  L = −Σ V ln P",
            ("Z", "V"),
            ("L", "P"),
            "Turns scores into probabilities, and charges for the right ones what they weigh.",
        )
