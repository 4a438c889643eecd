"""The matrix product."""

from __future__ import annotations

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

_SAYS = {
    (False, False): "Each output is a weighted sum of the inputs.",
    (True, False): "A weight's gradient: its input times the error signal, summed over the batch.",
    (False, True): "The error signal goes back through the same weights that carried the input.",
    (True, True): "The product of two transposed matrices.",
}


@dataclass(frozen=True)
class MatMul(Op):
    """Product of two matrices, either of them transposed on the way in."""

    transpose_a: bool = False
    transpose_b: bool = False
    name: ClassVar[str] = "matmul"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = inputs
        if len(a.shape) != 2 or len(b.shape) != 2:
            raise ShapeError.of(self.name, "two matrices", (*a.shape, *b.shape))
        p = a.shape[::-1] if self.transpose_a else a.shape
        q = b.shape[::-1] if self.transpose_b else b.shape
        if p[1] != q[0]:
            raise ShapeError.of(self.name, p, q)
        return (TensorType((p[0], q[1])),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (a, b), (out,) = inputs, outputs
        a = a.T if self.transpose_a else a
        b = b.T if self.transpose_b else b
        # np.dot costs half of np.matmul on small matrices, and frees the interpreter lock.
        return [(np.dot, (a, b, out))]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        if self.transpose_a or self.transpose_b:
            raise NotImplementedError("the transposed product occurs in backward passes only")
        x, w = inputs
        (g,) = upstream
        assert g is not None
        dw = b.apply(MatMul(transpose_a=True), x, g) if needs[1] else None
        dx = b.apply(MatMul(transpose_b=True), g, w) if needs[0] else None
        return [dx, dw]

    def formula(self) -> Formula:
        key = (self.transpose_a, self.transpose_b)
        symbols = {
            (False, False): ("X", "W", "Y"),
            (True, False): ("X", "dY", "dW"),
            (False, True): ("dY", "W", "dX"),
            (True, True): ("A", "B", "C"),
        }
        a, b, c = symbols[key]
        up_a, up_b = (r"^\top" if t else "" for t in key)
        plain_a, plain_b = ("ᵀ" if t else "" for t in key)
        return Formula(
            rf"{c} = {a}{up_a}\, {b}{up_b}",
            f"{c} = {a}{plain_a} · {b}{plain_b}",
            (a, b),
            (c,),
            _SAYS[key],
        )
