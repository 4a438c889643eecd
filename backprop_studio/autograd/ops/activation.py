"""Activations and the local derivatives that their backward passes multiply by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.pointwise import Pointwise, PointwiseBackward
from backprop_studio.autograd.symbol import Array


class _ActivationBackward(PointwiseBackward):
    """Upstream gradient times local derivative: inputs are the forward output and upstream."""

    def _formula(self, local_latex: str, local_plain: str, says: str) -> Formula:
        return Formula(
            rf"dX = dY \odot {local_latex}",
            f"dX = dY × {local_plain}",
            ("Y", "dY"),
            ("dX",),
            says,
        )


@dataclass(frozen=True)
class ReLUBackward(_ActivationBackward):
    """`dY` where the output was above zero, and zero elsewhere (also at zero itself)."""

    name: ClassVar[str] = "relu_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (y, g), (out,) = inputs, outputs
        on = np.empty_like(y, bool)
        # A mask of truth values and a copy of it as numbers: half of the price of np.sign.
        return [
            (np.greater, (y, constant(0.0, y), on)),
            (np.copyto, (out, on)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return self._formula(
            r"[\,Y > 0\,]",
            "[Y > 0]",
            "Units that were on pass the error signal; units that were off get none.",
        )


@dataclass(frozen=True)
class ReLU(Pointwise):
    """Rectified linear unit, `max(x, 0)`; its derivative at zero is taken as zero."""

    name: ClassVar[str] = "relu"
    backward_from = "output"

    def backward(self) -> Op:
        return ReLUBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        # An array of zeros: numpy compares with a single zero three times as slowly.
        return [(partial(np.maximum, out=out), (x, np.zeros_like(x)))]

    def formula(self) -> Formula:
        return Formula(
            r"Y = \max(X, 0)", "Y = max(X, 0)", ("X",), ("Y",), "Keeps what is above zero."
        )


@dataclass(frozen=True)
class TanhBackward(_ActivationBackward):
    """`dY (1 - Y²)`."""

    name: ClassVar[str] = "tanh_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (y, g), (out,) = inputs, outputs
        return [
            (np.multiply, (y, y, out)),
            (np.subtract, (constant(1.0, y), out, out)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return self._formula(
            "(1 - Y^2)", "(1 − Y²)", "The flatter the curve at this point, the less error passes."
        )


@dataclass(frozen=True)
class Tanh(Pointwise):
    """Hyperbolic tangent, between -1 and 1."""

    name: ClassVar[str] = "tanh"
    backward_from = "output"

    def backward(self) -> Op:
        return TanhBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.tanh, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            r"Y = \tanh(X)", "Y = tanh(X)", ("X",), ("Y",), "Squeezes into −1 to 1, odd around 0."
        )


@dataclass(frozen=True)
class SigmoidBackward(_ActivationBackward):
    """`dY Y (1 - Y)`."""

    name: ClassVar[str] = "sigmoid_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (y, g), (out,) = inputs, outputs
        return [
            (np.subtract, (constant(1.0, y), y, out)),
            (np.multiply, (y, out, out)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return self._formula(
            r"Y \odot (1 - Y)",
            "Y × (1 − Y)",
            "At most a quarter of the error signal passes, and less where the unit is saturated.",
        )


@dataclass(frozen=True)
class Sigmoid(Pointwise):
    """Logistic function `1 / (1 + exp(-x))`, between 0 and 1."""

    name: ClassVar[str] = "sigmoid"
    backward_from = "output"

    def backward(self) -> Op:
        return SigmoidBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        # exp may overflow to infinity far left; its reciprocal is then the right answer, zero.
        return [
            (np.negative, (x, out)),
            (np.exp, (out, out)),
            (np.add, (out, constant(1.0, x), out)),
            (np.reciprocal, (out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"Y = \frac{1}{1 + e^{-X}}",
            "Y = 1 / (1 + exp(−X))",
            ("X",),
            ("Y",),
            "Squeezes into 0 to 1.",
        )
