"""Losses of numbers that charge outliers less than their square."""

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
class AbsoluteErrorBackward(LossBackward):
    """`dL · sign(P - T) / n`, zero where both are equal."""

    reduction: str = MEAN
    name: ClassVar[str] = "mae_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (difference, g), (out,) = inputs, outputs
        return [
            (np.sign, (difference, out)),
            *spread(out, g, share(self.reduction, out.size), out),
        ]

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            rf"dP = {latex}\mathrm{{sign}}(D)\,dL",
            f"dP = sign(D) · dL{plain}",
            ("D", "dL"),
            ("dP",),
            "Each prediction is told to which side it was off, but not how far.",
        )


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """Mean (or sum) of the absolute differences over all n entries. Outputs: loss, difference."""

    reduction: str = MEAN
    name: ClassVar[str] = "mae"
    results: ClassVar[tuple[str, ...]] = ("loss", "difference")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (prediction, target), (loss, difference) = inputs, outputs
        size = np.empty_like(difference)
        return [
            (np.subtract, (prediction, target, difference)),
            (np.abs, (difference, size)),
            *total(size, share(self.reduction, size.size), loss),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(AbsoluteErrorBackward(self.reduction), outputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            rf"D = P - T, \quad L = {latex}\sum_{{ij}} |D_{{ij}}|",
            f"D = P − T, L = Σ |D|{plain}",
            ("P", "T"),
            ("L", "D"),
            f"The {self.reduction} of the distances over every entry of the batch.",
        )


@dataclass(frozen=True)
class HuberBackward(LossBackward):
    """`dL · C / n`, from the clipped difference `C` that the forward pass kept."""

    reduction: str = MEAN
    name: ClassVar[str] = "huber_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (clipped, g), (out,) = inputs, outputs
        return spread(clipped, g, share(self.reduction, out.size), out)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        return Formula(
            rf"dP = {latex}C\,dL",
            f"dP = C · dL{plain}",
            ("C", "dL"),
            ("dP",),
            "Each prediction is told by how much it was off, outliers no more than delta.",
        )


@dataclass(frozen=True)
class Huber(Loss):
    """Half the squared difference up to `delta`, and from there on a straight line.

    Huber 1964, with the scale of `torch.nn.HuberLoss`. Outputs: loss, clipped difference.
    """

    delta: float
    reduction: str = MEAN
    name: ClassVar[str] = "huber"
    results: ClassVar[tuple[str, ...]] = ("loss", "clipped")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (prediction, target), (loss, clipped) = inputs, outputs
        difference, half = np.empty_like(clipped), np.empty_like(clipped)
        high = np.full_like(clipped, self.delta)
        # C · (D − C/2) is D²/2 inside of delta and delta · (|D| − delta/2) outside.
        return [
            (np.subtract, (prediction, target, difference)),
            (partial(np.minimum, out=clipped), (difference, high)),
            (partial(np.maximum, out=clipped), (clipped, -high)),
            (np.multiply, (clipped, constant(0.5, clipped), half)),
            (np.subtract, (difference, half, half)),
            (np.multiply, (half, clipped, half)),
            *total(half, share(self.reduction, half.size), loss),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(HuberBackward(self.reduction), outputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "n")
        d = f"{self.delta:g}"
        return Formula(
            rf"D = P - T, \quad C = \min(\max(D, -{d}), {d}),"
            rf" \quad L = {latex}\sum_{{ij}} C_{{ij}} (D_{{ij}} - C_{{ij}} / 2)",
            f"D = P − T, C = D clipped to ±{d}, L = Σ C · (D − C/2){plain}",
            ("P", "T"),
            ("L", "C"),
            "Squares small differences and counts large ones by their distance alone.",
        )
