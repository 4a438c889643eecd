"""Activations that multiply their input by a gate from 0 to 1: SiLU and GELU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.gaussian import normal_cdf
from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.pointwise import Pointwise, PointwiseBackward
from backprop_studio.autograd.symbol import Array

_ROOT = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


@dataclass(frozen=True)
class SiLUBackward(PointwiseBackward):
    """`dY · G (1 + x (1 - G))`, from the gate `G` that the forward pass kept."""

    name: ClassVar[str] = "silu_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, gate, g), (out,) = inputs, outputs
        one = constant(1.0, x)
        return [
            (np.subtract, (one, gate, out)),
            (np.multiply, (out, x, out)),
            (np.add, (out, one, out)),
            (np.multiply, (out, gate, out)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dX = dY \odot G \odot \left(1 + X \odot (1 - G)\right)",
            "dX = dY × G × (1 + X × (1 − G))",
            ("X", "G", "dY"),
            ("dX",),
            "The gate passes the error signal, and moving the gate adds to it.",
        )


@dataclass(frozen=True)
class SiLU(Pointwise):
    """`x · sigmoid(x)`. Outputs: the product, and the gate `sigmoid(x)` for backward.

    Elfwing, Uchibe and Doya 2018, equation 10; also known as swish.
    """

    name: ClassVar[str] = "silu"
    results: ClassVar[tuple[str, ...]] = ("silu", "gate")

    def backward(self) -> Op:
        return SiLUBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out, gate) = inputs, outputs
        # exp(min(x, 0)) / (1 + exp(-|x|)): no power is above one, so nothing overflows.
        return [
            (partial(np.minimum, out=gate), (x, np.zeros_like(x))),
            (np.exp, (gate, gate)),
            (np.absolute, (x, out)),
            (np.negative, (out, out)),
            (np.exp, (out, out)),
            (np.add, (out, constant(1.0, x), out)),
            (np.divide, (gate, out, gate)),
            (np.multiply, (x, gate, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"G = \frac{1}{1 + e^{-X}}, \quad Y = X \odot G",
            "G = 1 / (1 + exp(−X)), Y = X × G",
            ("X",),
            ("Y", "G"),
            "A gate opens with the input itself, and lets that share of it through.",
        )


@dataclass(frozen=True)
class GELUBackward(PointwiseBackward):
    """`dY · (G + x · dG/dx)`, from the gate `G` that the forward pass kept."""

    tanh: bool = False
    name: ClassVar[str] = "gelu_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, gate, g), (out,) = inputs, outputs
        ending: list[Call] = [
            (np.multiply, (out, x, out)),
            (np.add, (out, gate, out)),
            (np.multiply, (g, out, out)),
        ]
        if not self.tanh:
            # dG/dx is the bell curve.
            return [
                (np.multiply, (x, x, out)),
                (np.multiply, (out, constant(-0.5, x), out)),
                (np.exp, (out, out)),
                (np.multiply, (out, constant(1 / math.sqrt(2 * math.pi), x), out)),
                *ending,
            ]
        slope = np.empty_like(x)
        # dG/dx = 2 G (1 - G) · √(2/π) (1 + 3 · 0.044715 x²).
        return [
            (np.multiply, (x, x, slope)),
            (np.multiply, (slope, constant(6 * _CUBIC * _ROOT, x), slope)),
            (np.add, (slope, constant(2 * _ROOT, x), slope)),
            (np.subtract, (constant(1.0, x), gate, out)),
            (np.multiply, (out, gate, out)),
            (np.multiply, (out, slope, out)),
            *ending,
        ]

    def formula(self) -> Formula:
        if self.tanh:
            local = rf"2 G (1 - G) \sqrt{{2 / \pi}}\, (1 + {3 * _CUBIC:g}\, X^2)"
            plain = f"2 G (1 − G) √(2/π) (1 + {3 * _CUBIC:g} X²)"
        else:
            local = r"\frac{1}{\sqrt{2\pi}}\, e^{-X^2 / 2}"
            plain = "exp(−X²/2) / √(2π)"
        return Formula(
            rf"dX = dY \odot \left(G + X \odot {local}\right)",
            f"dX = dY × (G + X × {plain})",
            ("X", "G", "dY"),
            ("dX",),
            "The gate passes the error signal, and moving the gate adds to it.",
        )


@dataclass(frozen=True)
class GELU(Pointwise):
    """`x · Φ(x)`, Φ the normal distribution function; outputs: the product, and the gate Φ(x).

    Hendrycks and Gimpel 2016, section 2; with `tanh`, their approximation of Φ.
    """

    tanh: bool = False
    name: ClassVar[str] = "gelu"
    results: ClassVar[tuple[str, ...]] = ("gelu", "gate")

    def backward(self) -> Op:
        return GELUBackward(self.tanh)

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        # The exact form works on pieces of a vector.
        return self.tanh

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out, gate) = inputs, outputs
        if not self.tanh:
            return [*normal_cdf(x, gate), (np.multiply, (x, gate, out))]
        return [
            (np.multiply, (x, x, gate)),
            (np.multiply, (gate, constant(_CUBIC * _ROOT, x), gate)),
            (np.add, (gate, constant(_ROOT, x), gate)),
            (np.multiply, (gate, x, gate)),
            (np.tanh, (gate, gate)),
            (np.add, (gate, constant(1.0, x), gate)),
            (np.multiply, (gate, constant(0.5, x), gate)),
            (np.multiply, (x, gate, out)),
        ]

    def formula(self) -> Formula:
        if self.tanh:
            inner = rf"\tanh\left(\sqrt{{2 / \pi}}\, (X + {_CUBIC:g}\, X^3)\right)"
            plain = f"tanh(√(2/π) (X + {_CUBIC:g} X³))"
        else:
            inner = r"\mathrm{erf}\left(X / \sqrt{2}\right)"
            plain = "erf(X / √2)"
        return Formula(
            rf"G = \frac{{1}}{{2}}\left(1 + {inner}\right), \quad Y = X \odot G",
            f"G = (1 + {plain}) / 2, Y = X × G",
            ("X",),
            ("Y", "G"),
            "Each input is kept in the share of normal numbers that lie below it.",
        )
