"""Nearest-neighbour upsampling and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.pooling import pool, spread
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.autograd.windows import Window
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class UpsampleBackward(Op):
    """Sum of `dY` over the copies of each entry."""

    factor: int
    name: ClassVar[str] = "upsample_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        size = [int(d) for d in g.shape[2:]]
        if len(size) not in (1, 2) or any(d % self.factor for d in size):
            raise ShapeError.of(self.name, f"axes that are multiples of {self.factor}", g.shape)
        return (TensorType((*g.shape[:2], *(d // self.factor for d in size))),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        window = Window.of(g.ndim - 2, self.factor, self.factor)
        return pool(np.add, window, g, out)

    def formula(self) -> Formula:
        return Formula(
            r"dX_{n,c,p} = \sum_{\mathrm{copies}\ q\ \mathrm{of}\ p} dY_{n,c,q}",
            "dX[n, c, p] = Σ over the copies q of p of dY[n, c, q]",
            ("dY",),
            ("dX",),
            "An entry that was copied collects the error signal of all its copies.",
        )


@dataclass(frozen=True)
class Upsample(Op):
    """Every entry `factor` times along each axis. Source: `torch.nn.Upsample`, mode nearest."""

    factor: int
    name: ClassVar[str] = "upsample"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(x.shape) not in (3, 4):
            raise ShapeError.of(self.name, "N×channels×height×width or N×channels×length", x.shape)
        size = [int(d) * self.factor for d in x.shape[2:]]
        return (TensorType((*x.shape[:2], *size)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        window = Window.of(x.ndim - 2, self.factor, self.factor)
        calls: list[Call] = []
        if window.axes == 2:
            rows = np.zeros((*x.shape[:2], out.shape[2], x.shape[3]), x.dtype)
            calls += spread(window, 0, x, rows)
            x = rows
        return calls + spread(window, window.axes - 1, x, out)

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
        return [b.apply(UpsampleBackward(self.factor), g)]

    def formula(self) -> Formula:
        k = self.factor
        return Formula(
            rf"Y_{{n,c,p}} = X_{{n,c,\lfloor p / {k} \rfloor}}",
            f"Y[n, c, p] = X[n, c, floor(p / {k})]",
            ("X",),
            ("Y",),
            f"Repeats every entry {k} times along each axis.",
        )
