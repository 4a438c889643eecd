"""Softmax as an op of its own. As part of a loss it is fused; see `ops.loss`."""

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


def _rows(x: Array) -> Array:
    """View of shape (rows, entries of the last axis)."""
    width = x.shape[-1]
    return x.reshape(x.size // max(width, 1), width)


def _largest(x: Array, top: Array) -> list[Call]:
    """Calls that put the largest entry of each row into `top`, of shape (rows, 1)."""
    if x.shape[1] > 32:
        return [(np.maximum.reduce, (x, 1, None, top, True))]
    # numpy pays for each row by itself; of short rows a transposed copy is several times faster.
    columns = np.empty(x.shape[::-1], x.dtype)
    return [
        (np.copyto, (columns, x.T)),
        (np.maximum.reduce, (columns, 0, None, top.reshape(-1))),
    ]


@dataclass(frozen=True)
class SoftmaxBackward(Op):
    """`Y · (dY - Σ dY · Y)`, the sum over the last axis, from the probabilities `Y`."""

    name: ClassVar[str] = "softmax_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        y, g = inputs
        if y.shape != g.shape:
            raise ShapeError.of(self.name, y.shape, g.shape)
        return (y,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        y, g, out = (_rows(a) for a in (*inputs, *outputs))
        total = np.empty((len(y), 1), y.dtype)
        return [
            (np.multiply, (g, y, out)),
            (np.dot, (out, np.ones(y.shape[1], y.dtype), total.reshape(-1))),
            (np.subtract, (g, total, out)),
            (np.multiply, (out, y, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dX_j = Y_j \left(dY_j - \sum_k dY_k\, Y_k\right)",
            "dX[j] = Y[j] · (dY[j] − Σ_k dY[k] · Y[k])",
            ("Y", "dY"),
            ("dX",),
            "What one entry gains the others of its row lose, so the row's mean is taken off.",
        )


@dataclass(frozen=True)
class Softmax(Op):
    """Positive shares that sum to one along the last axis.

    The largest entry of a row is subtracted first, so nothing overflows.
    """

    name: ClassVar[str] = "softmax"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not x.shape:
            raise ShapeError.of(self.name, "at least one axis", x.shape)
        return (x,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        x, out = _rows(inputs[0]), _rows(outputs[0])
        top, total = (np.empty((len(x), 1), x.dtype) for _ in range(2))
        return [
            *_largest(x, top),
            (np.subtract, (x, top, out)),
            (np.exp, (out, out)),
            (np.dot, (out, np.ones(x.shape[1], x.dtype), total.reshape(-1))),
            (np.divide, (out, total, out)),
        ]

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
        return [b.apply(SoftmaxBackward(), outputs[0], g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y_j = \frac{e^{X_j}}{\sum_k e^{X_k}}",
            "Y[j] = exp(X[j]) / Σ_k exp(X[k])",
            ("X",),
            ("Y",),
            "Turns the numbers of each row into shares of one.",
        )
