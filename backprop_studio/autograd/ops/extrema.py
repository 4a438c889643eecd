"""The larger or the smaller of two numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.arithmetic import Broadcasting, broadcast
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class _ExtremumBackward(Op):
    """`dC` where A won, half of it where A and B are equal, zero elsewhere.

    Inputs: A (whose gradient it is), B, dC. `torch.maximum` and `torch.minimum` share a tie out
    in the same way, and pass the gradient on where one of the two is NaN.
    """

    loses: ClassVar[np.ufunc]
    sign: ClassVar[str]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, other, g = inputs
        if broadcast(self.name, a.shape, other.shape) != g.shape:
            raise ShapeError.of(self.name, broadcast(self.name, a.shape, other.shape), g.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (a, other, g), (out,) = inputs, outputs
        lost, tied = np.empty(g.shape, bool), np.empty(g.shape, bool)
        return [
            (self.loses, (a, other, lost)),
            (np.equal, (a, other, tied)),
            (np.copyto, (out, g)),
            (partial(np.multiply, where=tied), (g, constant(0.5, g), out)),
            (partial(np.copyto, where=lost), (out, constant(0.0, g))),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"dA = dC \odot \left([\,A {self.sign} B\,] + \frac{{1}}{{2}}[\,A = B\,]\right)",
            f"dA = dC × ([A {self.sign} B] + ½ [A = B])",
            ("A", "B", "dC"),
            ("dA",),
            "Only the number that was taken gets the error signal; equals share it.",
        )


@dataclass(frozen=True)
class MaximumBackward(_ExtremumBackward):
    """To the larger one."""

    name: ClassVar[str] = "maximum_backward"
    loses, sign = np.less, ">"


@dataclass(frozen=True)
class MinimumBackward(_ExtremumBackward):
    """To the smaller one."""

    name: ClassVar[str] = "minimum_backward"
    loses, sign = np.greater, "<"


@dataclass(frozen=True)
class Maximum(Broadcasting):
    """The larger of two arrays, entry by entry, with broadcasting; NaN if either is."""

    name: ClassVar[str] = "maximum"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(partial(np.maximum, out=outputs[0]), tuple(inputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return b.apply(MaximumBackward(), inputs[index], inputs[1 - index], g)

    def formula(self) -> Formula:
        return Formula(
            r"C = \max(A, B)", "C = max(A, B)", ("A", "B"), ("C",), "Takes the larger of the two."
        )


@dataclass(frozen=True)
class Minimum(Broadcasting):
    """The smaller of two arrays, entry by entry, with broadcasting; NaN if either is."""

    name: ClassVar[str] = "minimum"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(partial(np.minimum, out=outputs[0]), tuple(inputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return b.apply(MinimumBackward(), inputs[index], inputs[1 - index], g)

    def formula(self) -> Formula:
        return Formula(
            r"C = \min(A, B)", "C = min(A, B)", ("A", "B"), ("C",), "Takes the smaller of the two."
        )
