"""Losses of scores for classes that need no softmax: each score stands for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, constant
from backprop_studio.autograd.ops.reduction import (
    MEAN,
    Loss,
    LossBackward,
    over,
    share,
    spread,
    total,
)
from backprop_studio.autograd.symbol import Array

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class BinaryCrossEntropyBackward(LossBackward):
    """`dL · (P - T) / n`, from the probabilities that the forward pass kept."""

    reduction: str = MEAN
    name: ClassVar[str] = "binary_cross_entropy_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (probabilities, target, g), (out,) = inputs, outputs
        return [
            (np.subtract, (probabilities, target, out)),
            *spread(out, g, share(self.reduction, out.size), out),
        ]

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            rf"dZ = {latex}(P - T)\,dL",
            f"dZ = (P − T) · dL{plain}",
            ("P", "T", "dL"),
            ("dZ",),
            "The error signal is the probability given minus the one that was right.",
        )


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Sigmoid of each score and its cross-entropy with a target from 0 to 1, over n entries.

    Outputs: loss, probabilities. Only powers of e below one are taken, so nothing overflows; the
    form is that of `torch.nn.BCEWithLogitsLoss`.
    """

    reduction: str = MEAN
    name: ClassVar[str] = "binary_cross_entropy"
    results: ClassVar[tuple[str, ...]] = ("loss", "probabilities")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (z, target), (loss, p) = inputs, outputs
        power, charge, part = (np.empty_like(z) for _ in range(3))
        zeros = np.zeros_like(z)
        # max(z, 0) − z · t + ln(1 + e^−|z|), and the sigmoid as e^min(z, 0) / (1 + e^−|z|).
        return [
            (np.abs, (z, power)),
            (np.negative, (power, power)),
            (np.exp, (power, power)),
            (partial(np.minimum, out=p), (z, zeros)),
            (np.exp, (p, p)),
            (np.add, (power, constant(1.0, z), part)),
            (np.divide, (p, part, p)),
            (partial(np.maximum, out=charge), (z, zeros)),
            (np.multiply, (z, target, part)),
            (np.subtract, (charge, part, charge)),
            (np.log1p, (power, part)),
            (np.add, (charge, part, charge)),
            *total(charge, share(self.reduction, charge.size), loss),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(BinaryCrossEntropyBackward(self.reduction), outputs[1], inputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            r"P = \frac{1}{1 + e^{-Z}}, \quad"
            rf" L = -{latex}\sum_{{ij}} (T_{{ij}} \ln P_{{ij}} + (1 - T_{{ij}}) \ln(1 - P_{{ij}}))",
            f"P = 1 / (1 + exp(−Z)),  L = −Σ (T ln P + (1 − T) ln(1 − P)){plain}",
            ("Z", "T"),
            ("L", "P"),
            "Asks of every score alone, yes or no, and charges for what the right answer lacked.",
        )


def _over_classes(reduction: str) -> tuple[str, str]:
    """As `over`: the mean over rows, or their sum, and in either case over the C classes."""
    latex, plain = over(reduction, "N")
    return latex + r"\frac{1}{C}\,", plain + " / C"


@dataclass(frozen=True)
class HingeBackward(LossBackward):
    """Each score over the line is pushed down; the right class is pushed up for all of them.

    Inputs: what each wrong score had too much, targets, gradient of the loss.
    """

    reduction: str = MEAN
    name: ClassVar[str] = "hinge_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (excess, target, g), (out,) = inputs, outputs
        rows, classes = excess.shape
        on, zeros = np.empty(excess.shape, bool), np.zeros_like(excess)
        pull, ones = np.empty((rows, 1), out.dtype), np.ones(classes, out.dtype)
        part = np.empty_like(out)
        return [
            (np.greater, (excess, zeros, on)),
            (np.subtract, (constant(1.0, out), target, out)),
            (np.multiply, (out, on, out)),
            (np.dot, (out, ones, pull.reshape(-1))),
            (np.multiply, (target, pull, part)),
            (np.subtract, (out, part, out)),
            *spread(out, g, share(self.reduction, rows, 1.0 / classes), out),
        ]

    def formula(self) -> Formula:
        latex, plain = _over_classes(self.reduction)
        return Formula(
            r"G_{ij} = [H_{ij} > 0] (1 - T_{ij}), \quad"
            rf" dZ_{{ij}} = {latex}\left(G_{{ij}} - T_{{ij}} \sum_k G_{{ik}}\right) dL",
            f"G = [H > 0] · (1 − T),  dZ[i, j] = (G[i, j] − T[i, j] · Σ_k G[i, k]) · dL{plain}",
            ("H", "T", "dL"),
            ("dZ",),
            "Each score that comes too near is pushed down; the right one is pushed up as often.",
        )


@dataclass(frozen=True)
class Hinge(Loss):
    """By how much wrong classes come nearer than `margin` to the right one, over the C classes.

    Weston and Watkins 1999, with the scale of `torch.nn.MultiMarginLoss` with p = 1. Outputs: loss,
    excess. Targets are rows with a single one; other rows that sum to one weigh the scores.
    """

    margin: float
    reduction: str = MEAN
    name: ClassVar[str] = "hinge"
    results: ClassVar[tuple[str, ...]] = ("loss", "excess")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (z, target), (loss, excess) = inputs, outputs
        rows, classes = z.shape
        right, part = np.empty((rows, 1), z.dtype), np.empty_like(z)
        ones, zeros = np.ones(classes, z.dtype), np.zeros_like(z)
        return [
            (np.multiply, (z, target, part)),
            (np.dot, (part, ones, right.reshape(-1))),
            (np.subtract, (z, right, excess)),
            (np.add, (excess, constant(self.margin, z), excess)),
            (partial(np.maximum, out=excess), (excess, zeros)),
            (np.subtract, (constant(1.0, z), target, part)),
            (np.multiply, (excess, part, excess)),
            *total(excess, share(self.reduction, rows, 1.0 / classes), loss),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(HingeBackward(self.reduction), outputs[1], inputs[1], g)

    def formula(self) -> Formula:
        latex, plain = _over_classes(self.reduction)
        m = f"{self.margin:g}"
        return Formula(
            r"H_{ij} = (1 - T_{ij})"
            rf" \max\left(0, {m} + Z_{{ij}} - \sum_k T_{{ik}} Z_{{ik}}\right), \quad"
            rf" L = {latex}\sum_{{ij}} H_{{ij}}",
            f"H[i, j] = max(0, {m} + Z[i, j] − right score) · (1 − T[i, j]),  L = Σ H{plain}",
            ("Z", "T"),
            ("L", "H"),
            "Charges for every wrong class whose score comes near the right one's, or above it.",
        )
