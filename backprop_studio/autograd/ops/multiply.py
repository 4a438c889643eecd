"""The product entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.arithmetic import SumTo, broadcast
from backprop_studio.autograd.symbol import Array, TensorType

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
class Multiply(Op):
    """Product of two arrays, entry by entry, with broadcasting."""

    name: ClassVar[str] = "multiply"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = inputs
        return (TensorType(broadcast(self.name, a.shape, b.shape)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]

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
        for x, other, need in zip(inputs, reversed(inputs), needs, strict=True):
            part = b.apply(MultiplyBackward(), g, other) if need else None
            if part is not None and part.shape != x.shape:
                part = b.apply(SumTo(x.shape), part)
            found.append(part)
        return found

    def formula(self) -> Formula:
        return Formula(
            r"C = A \odot B",
            "C = A × B",
            ("A", "B"),
            ("C",),
            "Multiplies entry by entry; a single row multiplies each.",
        )
