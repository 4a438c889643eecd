"""Relatives of ReLU that let something through on the left: leaky ReLU, ELU, softplus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.pointwise import Pointwise, PointwiseBackward
from backprop_studio.autograd.symbol import Array


@dataclass(frozen=True)
class LeakyReLUBackward(PointwiseBackward):
    """`dY` where the input was above zero, and `dY · slope` elsewhere (also at zero itself)."""

    slope: float
    name: ClassVar[str] = "leaky_relu_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        on = np.empty_like(x, bool)
        # The larger of a mask and the slope, which is at most one, is the derivative exactly.
        return [
            (np.greater, (x, constant(0.0, x), on)),
            (np.copyto, (out, on)),
            (partial(np.maximum, out=out), (out, np.full_like(x, self.slope))),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"dX = dY \odot \left([\,X > 0\,] + {self.slope:g}\,[\,X \le 0\,]\right)",
            f"dX = dY where X > 0, else {self.slope:g} · dY",
            ("X", "dY"),
            ("dX",),
            "Units that were on pass the error signal; units that were off pass a little of it.",
        )


@dataclass(frozen=True)
class LeakyReLU(Pointwise):
    """`x` above zero, `slope · x` below; the slope is from 0 to 1.

    The derivative at zero is the slope, as PyTorch has it.
    """

    slope: float
    name: ClassVar[str] = "leaky_relu"

    def backward(self) -> Op:
        return LeakyReLUBackward(self.slope)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        zeros, left = np.zeros_like(x), np.empty_like(x)
        return [
            (partial(np.minimum, out=left), (x, zeros)),
            (np.multiply, (left, constant(self.slope, x), left)),
            (partial(np.maximum, out=out), (x, zeros)),
            (np.add, (out, left, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"Y = \max(X, 0) + {self.slope:g}\,\min(X, 0)",
            f"Y = max(X, 0) + {self.slope:g} · min(X, 0)",
            ("X",),
            ("Y",),
            "Keeps what is above zero, and a small share of what is below.",
        )


@dataclass(frozen=True)
class ELUBackward(PointwiseBackward):
    """`dY` where the input was above zero, and `dY · alpha · exp(x)` elsewhere."""

    alpha: float
    name: ClassVar[str] = "elu_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        on = np.empty_like(x, bool)
        return [
            (partial(np.minimum, out=out), (x, np.zeros_like(x))),
            (np.exp, (out, out)),
            (np.multiply, (out, constant(self.alpha, x), out)),
            (np.greater, (x, constant(0.0, x), on)),
            (partial(np.copyto, where=on), (out, constant(1.0, x))),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"dX = dY \odot \left([\,X > 0\,] + {self.alpha:g}\, e^{{X}}\,[\,X \le 0\,]\right)",
            f"dX = dY where X > 0, else dY × {self.alpha:g} · exp(X)",
            ("X", "dY"),
            ("dX",),
            "Right of zero the error signal passes; left of it, less and less does.",
        )


@dataclass(frozen=True)
class ELU(Pointwise):
    """`x` above zero, `alpha (exp(x) - 1)` below.

    Clevert, Unterthiner and Hochreiter 2016, equation 15. The derivative at zero is alpha, as
    PyTorch has it.
    """

    alpha: float
    name: ClassVar[str] = "elu"

    def backward(self) -> Op:
        return ELUBackward(self.alpha)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        zeros, left = np.zeros_like(x), np.empty_like(x)
        return [
            (partial(np.minimum, out=left), (x, zeros)),
            (np.expm1, (left, left)),
            (np.multiply, (left, constant(self.alpha, x), left)),
            (partial(np.maximum, out=out), (x, zeros)),
            (np.add, (out, left, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"Y = \max(X, 0) + {self.alpha:g}\left(e^{{\min(X, 0)}} - 1\right)",
            f"Y = max(X, 0) + {self.alpha:g} · (exp(min(X, 0)) − 1)",
            ("X",),
            ("Y",),
            f"Keeps what is above zero, and bends smoothly towards {-self.alpha:g} below.",
        )


@dataclass(frozen=True)
class SoftplusBackward(PointwiseBackward):
    """`dY · sigmoid(beta x)`, and `dY` beyond the threshold."""

    beta: float
    threshold: float
    name: ClassVar[str] = "softplus_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        t, top, far = np.empty_like(x), np.empty_like(x), np.empty_like(x, bool)
        one = constant(1.0, x)
        # exp(min(t, 0)) / (1 + exp(-|t|)): no power is above one, so nothing overflows.
        return [
            (np.multiply, (x, constant(self.beta, x), t)),
            (partial(np.minimum, out=top), (t, np.zeros_like(x))),
            (np.exp, (top, top)),
            (np.greater, (t, constant(self.threshold, x), far)),
            (np.absolute, (t, t)),
            (np.negative, (t, t)),
            (np.exp, (t, t)),
            (np.add, (t, one, t)),
            (np.divide, (top, t, out)),
            (partial(np.copyto, where=far), (out, one)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"dX = dY \odot \frac{{1}}{{1 + e^{{-{self.beta:g}\,X}}}}",
            f"dX = dY / (1 + exp(−{self.beta:g} · X))",
            ("X", "dY"),
            ("dX",),
            "The slope of softplus is a sigmoid: how far the unit is switched on.",
        )


@dataclass(frozen=True)
class Softplus(Pointwise):
    """`log(1 + exp(beta x)) / beta`, and `x` itself where `beta x` is above the threshold.

    Computed as `max(t, 0) + log1p(exp(-|t|))` with `t = beta x`, which never overflows. Beyond
    the threshold the two differ by less than `exp(-threshold) / beta`, as in PyTorch.
    """

    beta: float
    threshold: float
    name: ClassVar[str] = "softplus"

    def backward(self) -> Op:
        return SoftplusBackward(self.beta, self.threshold)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        t, far = np.empty_like(x), np.empty_like(x, bool)
        return [
            (np.multiply, (x, constant(self.beta, x), t)),
            (np.greater, (t, constant(self.threshold, x), far)),
            (np.absolute, (t, out)),
            (np.negative, (out, out)),
            (np.exp, (out, out)),
            (np.log1p, (out, out)),
            (partial(np.maximum, out=t), (t, np.zeros_like(x))),
            (np.add, (t, out, out)),
            (np.divide, (out, constant(self.beta, x), out)),
            (partial(np.copyto, where=far), (out, x)),
        ]

    def formula(self) -> Formula:
        beta = "" if self.beta == 1 else f"{self.beta:g}"
        scale = r"\ln" if self.beta == 1 else rf"\frac{{1}}{{{self.beta:g}}} \ln"
        return Formula(
            rf"Y = {scale}\left(1 + e^{{{beta} X}}\right)",
            f"Y = ln(1 + exp({self.beta:g} · X)) / {self.beta:g}",
            ("X",),
            ("Y",),
            "A ReLU whose corner is rounded off.",
        )
