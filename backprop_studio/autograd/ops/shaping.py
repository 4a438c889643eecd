"""Ops that change the shape of an array and none of its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class Unflatten(Op):
    """Each row gets its axes back, of lengths `shape`."""

    shape: tuple[int, ...]
    name: ClassVar[str] = "unflatten"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.shape[1:] != (math.prod(self.shape),):
            raise ShapeError.of(self.name, f"N×{math.prod(self.shape)}", x.shape)
        return (TensorType((x.shape[0], *self.shape)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        return [(np.copyto, (out, x.reshape(out.shape)))]

    def formula(self) -> Formula:
        return Formula(
            r"dX = \mathrm{reshape}(dY)",
            "dX = reshape(dY)",
            ("dY",),
            ("dX",),
            "The error signal goes back to where each number came from.",
        )


@dataclass(frozen=True)
class Flatten(Op):
    """Each row as one vector, its last axis varying fastest."""

    name: ClassVar[str] = "flatten"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(x.shape) < 2 or not all(isinstance(d, int) for d in x.shape[1:]):
            raise ShapeError.of(self.name, "N×… with at least two axes", x.shape)
        return (TensorType((x.shape[0], math.prod(int(d) for d in x.shape[1:]))),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        return [(np.copyto, (out, x.reshape(out.shape)))]

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
        return [b.apply(Unflatten(tuple(int(d) for d in inputs[0].shape[1:])), g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y = \mathrm{reshape}(X)",
            "Y = reshape(X)",
            ("X",),
            ("Y",),
            "Writes the numbers of each row one after the other.",
        )
