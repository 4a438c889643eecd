"""The functions of a pocket calculator, one number at a time, with IEEE 754 at their edges.

Each op is a kernel, a rule in two scripts and what it says; the derivative has the same. What
PyTorch computes its derivative from (the input or the output), this does too, so that edges agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.pointwise import Pointwise, PointwiseBackward
from backprop_studio.autograd.symbol import Array


class _Elementary(Pointwise):
    """`kernel` of each entry."""

    kernel: ClassVar[np.ufunc]
    derivative: ClassVar[type[Op]]
    latex: ClassVar[str]
    plain: ClassVar[str]
    says: ClassVar[str]

    def backward(self) -> Op:
        return self.derivative()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(self.kernel, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(f"Y = {self.latex}", f"Y = {self.plain}", ("X",), ("Y",), self.says)


class _ElementaryBackward(PointwiseBackward):
    """`dY` times the derivative, of which `latex`, `plain` and `slope` are three writings.

    Inputs: X or Y, whichever the derivative is computed from, and dY.
    """

    source: ClassVar[str] = "X"
    latex: ClassVar[str]
    plain: ClassVar[str]
    says: ClassVar[str]

    def slope(self, kept: Array, out: Array) -> list[Call]:
        """Calls that put the derivative into `out`."""
        raise NotImplementedError

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (kept, g), (out,) = inputs, outputs
        return [*self.slope(kept, out), (np.multiply, (g, out, out))]

    def formula(self) -> Formula:
        return Formula(
            rf"dX = dY \odot {self.latex}",
            f"dX = dY × {self.plain}",
            (self.source, "dY"),
            ("dX",),
            self.says,
        )


@dataclass(frozen=True)
class ExpBackward(_ElementaryBackward):
    """`dY · Y`."""

    name: ClassVar[str] = "exp_backward"
    source, latex, plain = "Y", "Y", "Y"
    says = "The slope of the exponential is the exponential itself."

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]


@dataclass(frozen=True)
class Exp(_Elementary):
    """Euler's number to the power of each entry."""

    name: ClassVar[str] = "exp"
    kernel, derivative, backward_from = np.exp, ExpBackward, "output"
    latex, plain = "e^{X}", "exp(X)"
    says = "Grows in proportion to itself."


@dataclass(frozen=True)
class LogBackward(_ElementaryBackward):
    """`dY / X`."""

    name: ClassVar[str] = "log_backward"
    latex, plain = r"\frac{1}{X}", "1 / X"
    says = "Near zero a small change matters most."

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        return [(np.divide, (g, x, out))]


@dataclass(frozen=True)
class Log(_Elementary):
    """Natural logarithm; minus infinity of zero, NaN below."""

    name: ClassVar[str] = "log"
    kernel, derivative = np.log, LogBackward
    latex, plain = r"\ln X", "ln X"
    says = "To which power e must be raised; only for numbers above zero."


@dataclass(frozen=True)
class SquareBackward(_ElementaryBackward):
    """`dY · 2 X`."""

    name: ClassVar[str] = "square_backward"
    latex, plain = "2X", "2X"
    says = "The farther from zero, the steeper the parabola."

    def slope(self, kept: Array, out: Array) -> list[Call]:
        return [(np.multiply, (kept, constant(2.0, kept), out))]


@dataclass(frozen=True)
class Square(_Elementary):
    """Each entry times itself."""

    name: ClassVar[str] = "square"
    kernel, derivative = np.square, SquareBackward
    latex, plain = "X^2", "X²"
    says = "Multiplies each number by itself."


@dataclass(frozen=True)
class PowerBackward(PointwiseBackward):
    """`dY · p X^(p - 1)`; zero for the power 0, also where X is zero."""

    exponent: float
    name: ClassVar[str] = "power_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        if self.exponent == 0.0:
            return [(np.copyto, (out, constant(0.0, out)))]
        return [
            (np.power, (x, constant(self.exponent - 1.0, x), out)),
            (np.multiply, (out, constant(self.exponent, x), out)),
            (np.multiply, (g, out, out)),
        ]

    def formula(self) -> Formula:
        p, less = f"{self.exponent:g}", f"{self.exponent - 1:g}"
        return Formula(
            rf"dX = dY \odot {p}\,X^{{{less}}}",
            f"dX = dY × {p} · X^{less}",
            ("X", "dY"),
            ("dX",),
            "The exponent comes down as a factor, and is one less upstairs.",
        )


@dataclass(frozen=True)
class Power(Pointwise):
    """Each entry to a fixed power; NaN where it is below zero and the power is no whole number."""

    exponent: float
    name: ClassVar[str] = "power"

    def backward(self) -> Op:
        return PowerBackward(self.exponent)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        return [(np.power, (x, constant(self.exponent, x), out))]

    def formula(self) -> Formula:
        return Formula(
            f"Y = X^{{{self.exponent:g}}}",
            f"Y = X^{self.exponent:g}",
            ("X",),
            ("Y",),
            "Raises each number to the same power.",
        )


@dataclass(frozen=True)
class SqrtBackward(_ElementaryBackward):
    """`dY / (2 Y)`; infinite at zero."""

    name: ClassVar[str] = "sqrt_backward"
    source, latex, plain = "Y", r"\frac{1}{2Y}", "1 / (2Y)"
    says = "The root rises ever more slowly, and infinitely fast at zero."

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (y, g), (out,) = inputs, outputs
        return [(np.multiply, (y, constant(2.0, y), out)), (np.divide, (g, out, out))]


@dataclass(frozen=True)
class Sqrt(_Elementary):
    """Square root; NaN below zero."""

    name: ClassVar[str] = "sqrt"
    kernel, derivative, backward_from = np.sqrt, SqrtBackward, "output"
    latex, plain = r"\sqrt{X}", "√X"
    says = "What must be squared to get the number; only from zero up."


@dataclass(frozen=True)
class ReciprocalBackward(_ElementaryBackward):
    """`-dY · Y²`."""

    name: ClassVar[str] = "reciprocal_backward"
    source, latex, plain = "Y", "(-Y^2)", "(−Y²)"
    says = "A larger number has a smaller reciprocal, hence the minus."

    def slope(self, kept: Array, out: Array) -> list[Call]:
        return [(np.multiply, (kept, kept, out)), (np.negative, (out, out))]


@dataclass(frozen=True)
class Reciprocal(_Elementary):
    """One divided by each entry; infinite at zero."""

    name: ClassVar[str] = "reciprocal"
    kernel, derivative, backward_from = np.reciprocal, ReciprocalBackward, "output"
    latex, plain = r"\frac{1}{X}", "1 / X"
    says = "Divides one by each number."


@dataclass(frozen=True)
class AbsoluteBackward(_ElementaryBackward):
    """`dY · sign(X)`; zero at zero, as PyTorch has it."""

    name: ClassVar[str] = "absolute_backward"
    latex, plain = r"\mathrm{sign}(X)", "sign(X)"
    says = "Left of zero the error signal comes back turned round; at zero there is none."

    def slope(self, kept: Array, out: Array) -> list[Call]:
        return [(np.sign, (kept, out))]


@dataclass(frozen=True)
class Absolute(_Elementary):
    """Distance from zero."""

    name: ClassVar[str] = "absolute"
    kernel, derivative = np.absolute, AbsoluteBackward
    latex, plain = r"\left|X\right|", "|X|"
    says = "Drops the sign."


@dataclass(frozen=True)
class SineBackward(_ElementaryBackward):
    """`dY · cos X`."""

    name: ClassVar[str] = "sine_backward"
    latex, plain = r"\cos X", "cos X"
    says = "The slope of the sine is the cosine."

    def slope(self, kept: Array, out: Array) -> list[Call]:
        return [(np.cos, (kept, out))]


@dataclass(frozen=True)
class Sine(_Elementary):
    """Sine of an angle in radians."""

    name: ClassVar[str] = "sine"
    kernel, derivative = np.sin, SineBackward
    latex, plain = r"\sin X", "sin X"
    says = "A wave that starts at zero."


@dataclass(frozen=True)
class CosineBackward(_ElementaryBackward):
    """`-dY · sin X`."""

    name: ClassVar[str] = "cosine_backward"
    latex, plain = r"(-\sin X)", "(−sin X)"
    says = "The slope of the cosine is the sine turned round."

    def slope(self, kept: Array, out: Array) -> list[Call]:
        return [(np.sin, (kept, out)), (np.negative, (out, out))]


@dataclass(frozen=True)
class Cosine(_Elementary):
    """Cosine of an angle in radians."""

    name: ClassVar[str] = "cosine"
    kernel, derivative = np.cos, CosineBackward
    latex, plain = r"\cos X", "cos X"
    says = "A wave that starts at one."
