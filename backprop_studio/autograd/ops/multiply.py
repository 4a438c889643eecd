"""Products and quotients entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.arithmetic import Broadcasting, broadcast
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class MultiplyBackward(Op):
    """`dC · B`: the gradient of one factor is the upstream gradient times the other."""

    name: ClassVar[str] = "multiply_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, other = inputs
        return (TensorType(broadcast(self.name, g.shape, other.shape)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            r"dA = dC \odot B",
            "dA = dC × B",
            ("dC", "B"),
            ("dA",),
            "Each factor is responsible in the measure of the other one.",
        )


@dataclass(frozen=True)
class Multiply(Broadcasting):
    """Product of two arrays, entry by entry, with broadcasting."""

    name: ClassVar[str] = "multiply"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return b.apply(MultiplyBackward(), g, inputs[1 - index])

    def formula(self) -> Formula:
        return Formula(
            r"C = A \odot B",
            "C = A × B",
            ("A", "B"),
            ("C",),
            "Multiplies entry by entry; a single row multiplies each.",
        )


@dataclass(frozen=True)
class NumeratorBackward(Op):
    """`dC / B`: the gradient of what was divided."""

    name: ClassVar[str] = "numerator_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, divisor = inputs
        return (TensorType(broadcast(self.name, g.shape, divisor.shape)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.divide, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            r"dA = \frac{dC}{B}",
            "dA = dC / B",
            ("dC", "B"),
            ("dA",),
            "The larger the divisor, the less what it divides is responsible.",
        )


@dataclass(frozen=True)
class DivisorBackward(Op):
    """`-dC · C / B`: the gradient of what was divided by. Inputs: `dC`, `C`, `B`."""

    name: ClassVar[str] = "divisor_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, quotient, divisor = inputs
        if g.shape != quotient.shape or broadcast(self.name, g.shape, divisor.shape) != g.shape:
            raise ShapeError.of(self.name, quotient.shape, g.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g, quotient, divisor), (out,) = inputs, outputs
        return [
            (np.divide, (quotient, divisor, out)),
            (np.multiply, (g, out, out)),
            (np.negative, (out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dB = -dC \odot \frac{C}{B}",
            "dB = −dC × C / B",
            ("dC", "C", "B"),
            ("dB",),
            "A larger divisor makes a smaller quotient, hence the minus.",
        )


@dataclass(frozen=True)
class Divide(Broadcasting):
    """Quotient of two arrays, entry by entry, with broadcasting; division by zero as IEEE 754."""

    name: ClassVar[str] = "divide"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.divide, (*inputs, *outputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        if index == 0:
            return b.apply(NumeratorBackward(), g, inputs[1])
        return b.apply(DivisorBackward(), g, output, inputs[1])

    def formula(self) -> Formula:
        return Formula(
            r"C = \frac{A}{B}",
            "C = A / B",
            ("A", "B"),
            ("C",),
            "Divides entry by entry; a single row divides each.",
        )
