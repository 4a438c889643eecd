"""The matrix product, of two matrices or of stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, Shape, TensorType, format_shape
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


def product(a: Array, b: Array, out: Array) -> Call:
    """The call that puts the product of two matrices into a third, which may lie transposed."""
    # np.dot costs half of np.matmul on small matrices, and frees the interpreter lock.
    if out.flags.c_contiguous:
        return (np.dot, (a, b, out))
    if out.flags.f_contiguous:
        return (np.dot, (b.T, a.T, out.T))
    return (np.matmul, (a, b, out))


def _turned(shape: Shape, turn: bool) -> Shape:
    """`shape` with its last two axes exchanged if `turn` says so."""
    return (*shape[:-2], shape[-1], shape[-2]) if turn else shape


def _rows(x: Array) -> Array:
    """View of shape (rows, entries of the last axis): every axis but the last counts rows."""
    return x.reshape(x.size // max(x.shape[-1], 1), x.shape[-1])


@dataclass(frozen=True)
class MatMul(Op):
    """Product of two matrices, either of them transposed on the way in.

    The matrices are the last two axes. Axes before them count matrices in a stack, as in
    `torch.matmul`: (…, n, k) · (…, k, m) multiplies pair by pair, and (…, n, k) · (k, m)
    multiplies every row of the stack with the one matrix; the stack is then not transposed.
    """

    transpose_a: bool = False
    transpose_b: bool = False
    name: ClassVar[str] = "matmul"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (x.shape for x in inputs)
        if len(a) < 2 or len(b) < 2:
            got = f"{format_shape(a)} and {format_shape(b)}"
            raise ShapeError.of(self.name, "two matrices", got)
        p, q = _turned(a, self.transpose_a), _turned(b, self.transpose_b)
        one_for_all = len(b) == 2 and not self.transpose_a
        if p[-1] != q[-2] or not (one_for_all or p[:-2] == q[:-2]):
            raise ShapeError.of(self.name, p, q)
        return (TensorType((*p[:-1], q[-1])),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (a, b), (out,) = inputs, outputs
        if b.ndim == 2 < a.ndim:  # one product over all rows of the stack
            a, out = _rows(a), _rows(out)
        a = a.swapaxes(-1, -2) if self.transpose_a else a
        b = b.swapaxes(-1, -2) if self.transpose_b else b
        return [(np.matmul, (a, b, out)) if a.ndim > 2 else product(a, b, out)]

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return all(len(shape) == 2 for shape in shapes)

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        # C = AB has dA = dC Bᵀ and dB = Aᵀ dC; a transposed factor's gradient is the transpose.
        x, w = inputs
        (g,) = upstream
        assert g is not None
        turn_a, turn_b = self.transpose_a, self.transpose_b
        dx: Value | None = None
        dw: Value | None = None
        if needs[1]:
            if len(w.shape) == 2 < len(x.shape):
                dw = b.apply(RowProduct(), *((g, x) if turn_b else (x, g)))
            elif turn_b:
                dw = b.apply(MatMul(True, turn_a), g, x)
            else:
                dw = b.apply(MatMul(not turn_a, False), x, g)
        if needs[0]:
            if turn_a:
                dx = b.apply(MatMul(turn_b, True), w, g)
            else:
                dx = b.apply(MatMul(False, not turn_b), g, w)
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


@dataclass(frozen=True)
class RowProduct(Op):
    """`AᵀB`, where every axis of A and B but the last counts rows: (…, k), (…, m) → (k, m).

    The gradient of a matrix that all rows of a stack were multiplied with.
    """

    name: ClassVar[str] = "row_product"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (x.shape for x in inputs)
        if len(a) < 2 or len(b) < 2 or a[:-1] != b[:-1]:
            raise ShapeError.of(self.name, a, b)
        return (TensorType((a[-1], b[-1])),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (a, b), (out,) = (tuple(_rows(x) for x in inputs), outputs)
        return [(np.dot, (a.T, b, out))]

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
        x, y = inputs
        return [
            b.apply(MatMul(transpose_b=True), y, g) if needs[0] else None,
            b.apply(MatMul(), x, g) if needs[1] else None,
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dW = \sum_n X_n\, dY_n^\top",
            "dW = Σ_n X[n] · dY[n]ᵀ",
            ("X", "dY"),
            ("dW",),
            "A weight's gradient: its input times the error signal, summed over all steps.",
        )
