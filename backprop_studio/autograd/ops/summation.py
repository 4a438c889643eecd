"""Sum and mean of the numbers of each example.

Unlike the sums of `over`, which take any axes, these give one number an example, in a column. So a
matrix product with ones computes them, two to four times as fast, and their gradient needs nothing
of the forward pass but a shape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, Shape, Symbol, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _width(shape: tuple[int, ...]) -> int:
    """Numbers of one example: every axis but the first, or all of a single one."""
    return math.prod(shape[1:]) if len(shape) > 1 else shape[0]


def _summed(shape: Shape) -> Shape:
    return (shape[0], 1) if len(shape) > 1 else (1,)


class _Summary(Op):
    """One number an example: (N, …) → (N, 1), and a list (n) → (1)."""

    averages: ClassVar[bool]
    derivative: ClassVar[type[_SummaryBackward]]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not x.shape or (len(x.shape) == 1 and isinstance(x.shape[0], Symbol)):
            raise ShapeError.of(self.name, "N×features", x.shape)
        return (TensorType(_summed(x.shape)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        width, flat = _width(x.shape), out.reshape(-1)
        calls: list[Call] = [
            (np.dot, (x.reshape(flat.size, width), np.ones(width, x.dtype), flat)),
        ]
        if self.averages:
            calls.append((np.multiply, (out, constant(1.0 / max(width, 1), out), out)))
        return calls

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,) = upstream
        assert g is not None
        return [b.apply(self.derivative(inputs[0].shape), g)]


@dataclass(frozen=True)
class _SummaryBackward(Op):
    """The gradient of each example's one number, dealt out to the numbers that made it."""

    shape: Shape
    averages: ClassVar[bool]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        if g.shape != _summed(self.shape):
            raise ShapeError.of(self.name, _summed(self.shape), g.shape)
        return (TensorType(self.shape),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        spread = g.reshape(*g.shape[:1], *(1 for _ in out.shape[1:]))
        share = 1.0 / max(_width(out.shape), 1) if self.averages else 1.0
        return [(np.multiply, (spread, constant(share, out), out))]


@dataclass(frozen=True)
class SumBackward(_SummaryBackward):
    """`dY` to every number of its example."""

    name: ClassVar[str] = "sum_backward"
    averages: ClassVar[bool] = False

    def formula(self) -> Formula:
        return Formula(
            r"dX_{ij} = dY_i",
            "dX[i, j] = dY[i]",
            ("dY",),
            ("dX",),
            "Every number counted in full, so each gets the whole error signal.",
        )


@dataclass(frozen=True)
class Sum(_Summary):
    """Sum of each example's numbers."""

    name: ClassVar[str] = "sum"
    averages: ClassVar[bool] = False
    derivative: ClassVar[type[_SummaryBackward]] = SumBackward

    def formula(self) -> Formula:
        return Formula(
            r"Y_i = \sum_j X_{ij}",
            "Y[i] = Σ_j X[i, j]",
            ("X",),
            ("Y",),
            "Adds up the numbers of each example.",
        )


@dataclass(frozen=True)
class MeanBackward(_SummaryBackward):
    """`dY / n` to each of the n numbers of its example."""

    name: ClassVar[str] = "mean_backward"
    averages: ClassVar[bool] = True

    def formula(self) -> Formula:
        return Formula(
            r"dX_{ij} = \frac{dY_i}{n}",
            "dX[i, j] = dY[i] / n",
            ("dY",),
            ("dX",),
            "Each of the n numbers counted by an n-th, and gets as much of the error signal.",
        )


@dataclass(frozen=True)
class Mean(_Summary):
    """Mean of each example's numbers."""

    name: ClassVar[str] = "mean"
    averages: ClassVar[bool] = True
    derivative: ClassVar[type[_SummaryBackward]] = MeanBackward

    def formula(self) -> Formula:
        return Formula(
            r"Y_i = \frac{1}{n} \sum_j X_{ij}",
            "Y[i] = Σ_j X[i, j] / n",
            ("X",),
            ("Y",),
            "Averages the numbers of each example.",
        )
