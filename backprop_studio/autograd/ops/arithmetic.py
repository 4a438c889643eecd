"""Sums and differences with broadcasting, what undoes it, and the two ops that backward needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.pointwise import NegateBackward
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def broadcast(name: str, a: Shape, b: Shape) -> Shape:
    """The shape of `a + b` under numpy's broadcasting rules, symbols included.

    Raises
    ------
    ShapeError
        The shapes do not go together.
    """
    if a == b or not a:
        return b
    out = []
    for i in range(max(len(a), len(b))):
        p = a[len(a) - 1 - i] if i < len(a) else 1
        q = b[len(b) - 1 - i] if i < len(b) else 1
        if p != q and 1 not in (p, q):
            raise ShapeError.of(name, a, b)
        out.append(q if p == 1 else p)
    return tuple(reversed(out))


class Broadcasting(Op):
    """A function of the entries of one or more arrays, under numpy's broadcasting rules.

    Subclasses give the gradient at the output's shape; what was stretched is summed here.
    """

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        shape: Shape = ()
        for x in inputs:
            shape = broadcast(self.name, shape, x.shape)
        return (TensorType(shape),)

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        """Emit the gradient by the input at `index`, of the shape of `output`, and return it."""
        raise NotImplementedError

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
        found: list[Value | None] = []
        for index, (x, need) in enumerate(zip(inputs, needs, strict=True)):
            part = self.gradient(b, index, inputs, outputs[0], g) if need else None
            if part is not None and part.shape != x.shape:
                part = b.apply(SumTo(x.shape), part)
            found.append(part)
        return found


@dataclass(frozen=True)
class Add(Broadcasting):
    """Sum of two arrays with broadcasting: a bias row goes to every row of a batch."""

    name: ClassVar[str] = "add"

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.add, (*inputs, *outputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return g

    def formula(self) -> Formula:
        return Formula(
            r"C = A + B", "C = A + B", ("A", "B"), ("C",), "Adds; a single row is added to each."
        )


@dataclass(frozen=True)
class Subtract(Broadcasting):
    """Difference of two arrays with broadcasting."""

    name: ClassVar[str] = "subtract"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.subtract, (*inputs, *outputs))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return g if index == 0 else b.apply(NegateBackward(), g)

    def formula(self) -> Formula:
        return Formula(
            r"C = A - B",
            "C = A − B",
            ("A", "B"),
            ("C",),
            "Subtracts; a single row is subtracted from each.",
        )


@dataclass(frozen=True)
class SumTo(Op):
    """Sum over the axes along which an array of `shape` was broadcast."""

    shape: Shape
    name: ClassVar[str] = "sum_to"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if broadcast(self.name, x.shape, self.shape) != x.shape:
            raise ShapeError.of(self.name, self.shape, x.shape)
        return (TensorType(self.shape),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        lead = x.ndim - out.ndim
        if lead and out.ndim and out.shape == x.shape[lead:]:
            # A product with ones is a third of the time of a sum over the first axes.
            count = math.prod(x.shape[:lead])
            rows = x.reshape(count, out.size)
            return [(np.dot, (np.ones(count, x.dtype), rows, out.reshape(-1)))]
        axes = tuple(
            i for i in range(x.ndim) if i < lead or (out.shape[i - lead] == 1 and x.shape[i] != 1)
        )
        kept = out.reshape((1,) * lead + out.shape)
        return [(np.add.reduce, (x, axes, None, kept, True))]

    def formula(self) -> Formula:
        return Formula(
            r"dB_j = \sum_i dC_{ij}",
            "dB[j] = Σ_i dC[i, j]",
            ("dC",),
            ("dB",),
            "What was used by every row collects the error signal of every row.",
        )


@dataclass(frozen=True)
class BroadcastTo(Broadcasting):
    """The array again and again, until it has `shape`: one prediction for every row."""

    shape: Shape
    name: ClassVar[str] = "broadcast_to"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if broadcast(self.name, x.shape, self.shape) != self.shape:
            raise ShapeError.of(self.name, self.shape, x.shape)
        return (TensorType(self.shape),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.copyto, (outputs[0], inputs[0]))]

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        return g

    def formula(self) -> Formula:
        return Formula(
            r"C_{ij} = B_j",
            "C[i, j] = B[j]",
            ("B",),
            ("C",),
            "What does not depend on the data is the same in every row.",
        )


@dataclass(frozen=True)
class Accumulate(Op):
    """Sum of two gradients that reach the same value along two ways."""

    adds_up: ClassVar[bool] = True
    name: ClassVar[str] = "accumulate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = inputs
        if a.shape != b.shape:
            raise ShapeError.of(self.name, a.shape, b.shape)
        return (a,)

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.add, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            r"dX = dX_1 + dX_2",
            "dX = dX1 + dX2",
            ("dX_1", "dX_2"),
            ("dX",),
            "A value that was used twice is responsible for both: its error signals add.",
        )


@dataclass(frozen=True)
class Fill(Op):
    """An array like the input, every entry the same number: the seed of the backward pass."""

    value: float
    name: ClassVar[str] = "fill"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (out,) = outputs
        return [(np.copyto, (out, constant(self.value, out)))]

    def formula(self) -> Formula:
        return Formula(
            rf"\frac{{\partial L}}{{\partial L}} = {self.value:g}",
            f"dL/dL = {self.value:g}",
            ("L",),
            ("dL",),
            "The backward pass starts here: the loss changes one for one with itself.",
        )
