"""Sums and means over chosen axes: what larger operations, such as losses, are made of.

These explain; layers train with those of `summation`. Any axes are summed, and the mean divides
once, at the end, so that the mean of equal numbers is that number. The axes stay, with one entry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _left(name: str, shape: Shape, axes: tuple[int, ...]) -> Shape:
    """What is left of a shape: one entry along the axes, and a single number if they are all."""
    if not axes or min(axes) < 0 or max(axes) >= len(shape):
        raise ShapeError.of(name, f"more than {max(axes, default=0)} axes", shape)
    if len(set(axes)) == len(shape):
        return ()
    return tuple(1 if i in axes else d for i, d in enumerate(shape))


class _Over(Op):
    """One number for all entries along some axes."""

    axes: tuple[int, ...]
    averages: ClassVar[bool]
    derivative: ClassVar[type[_OverBackward]]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(_left(self.name, inputs[0].shape, self.axes)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        kept = out.reshape(tuple(1 if i in self.axes else d for i, d in enumerate(x.shape)))
        calls: list[Call] = [(np.add.reduce, (x, self.axes, None, kept, True))]
        if self.averages:
            # The division comes last, so that the mean of equal numbers is that number.
            count = max(math.prod(x.shape[i] for i in self.axes), 1)
            calls.append((np.divide, (out, constant(count, out), out)))
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
        return [b.apply(self.derivative(self.axes), inputs[0], g)]


@dataclass(frozen=True)
class _OverBackward(Op):
    """The gradient of the one number, dealt out to the entries that made it.

    Inputs: the entries, whose number counts, and the gradient.
    """

    axes: tuple[int, ...]
    averages: ClassVar[bool]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, g = inputs
        left = _left(self.name, x.shape, self.axes)
        if g.shape != left:
            raise ShapeError.of(self.name, left, g.shape)
        return (x,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        kept = g.reshape(tuple(1 if i in self.axes else d for i, d in enumerate(x.shape)))
        count = max(math.prod(x.shape[i] for i in self.axes), 1) if self.averages else 1
        return [(np.divide, (kept, constant(count, out), out))]


@dataclass(frozen=True)
class SumOverBackward(_OverBackward):
    """`dY` to every entry that was added up."""

    name: ClassVar[str] = "sum_over_backward"
    averages: ClassVar[bool] = False

    def formula(self) -> Formula:
        return Formula(
            r"dX_{ij} = dY",
            "dX = dY, for each entry",
            ("X", "dY"),
            ("dX",),
            "Every number counted in full, so each gets the whole error signal.",
        )


@dataclass(frozen=True)
class SumOver(_Over):
    """Sum over some axes, which keep one entry; over all of them, a single number."""

    axes: tuple[int, ...]
    name: ClassVar[str] = "sum_over"
    averages: ClassVar[bool] = False
    derivative: ClassVar[type[_OverBackward]] = SumOverBackward

    def formula(self) -> Formula:
        index = _letters(self.axes)
        return Formula(
            rf"Y = \sum_{{{index}}} X",
            f"Y = Σ_{index} X",
            ("X",),
            ("Y",),
            "Adds up all entries along these axes.",
        )


@dataclass(frozen=True)
class MeanOverBackward(_OverBackward):
    """`dY / n` to each of the n entries of a mean."""

    name: ClassVar[str] = "mean_over_backward"
    averages: ClassVar[bool] = True

    def formula(self) -> Formula:
        return Formula(
            r"dX_{ij} = \frac{dY}{n}",
            "dX = dY / n, for each of n entries",
            ("X", "dY"),
            ("dX",),
            "Each of the n numbers counted by an n-th, and gets as much of the error signal.",
        )


@dataclass(frozen=True)
class MeanOver(_Over):
    """Mean over some axes, which keep one entry; over all of them, a single number."""

    axes: tuple[int, ...]
    name: ClassVar[str] = "mean_over"
    averages: ClassVar[bool] = True
    derivative: ClassVar[type[_OverBackward]] = MeanOverBackward

    def formula(self) -> Formula:
        index = _letters(self.axes)
        return Formula(
            rf"Y = \frac{{1}}{{n}} \sum_{{{index}}} X",
            f"Y = Σ_{index} X / n",
            ("X",),
            ("Y",),
            "The mean of all entries along these axes.",
        )


def _letters(axes: tuple[int, ...]) -> str:
    """The indices that a sum runs over: `i` for the first axis, `j` for the second."""
    return "".join("ijklmn"[axis] for axis in axes)
