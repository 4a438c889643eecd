"""An op whose formula, and perhaps its derivative, a learner has typed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.expressions import Expr, latex, plain, plan
from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.arithmetic import Broadcasting
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value

SYMBOLS = MappingProxyType({"x": "X", "a": "A", "b": "B"})
"""How the variables of a formula are written where it is shown."""

_LONGEST = 160
"""Characters of a typeset derivative that is shown; a longer one has only its name."""


def _buffers(expression: Expr, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
    """Bytes of the buffers between a formula's steps."""
    size = math.prod(np.broadcast_shapes(*inputs))
    return (plan(expression).buffers - 1) * size * itemsize


@dataclass(frozen=True)
class CustomBackward(Op):
    """Upstream gradient times one derivative of a typed formula.

    Inputs: those of the formula, and `dY` of the broadcast shape.

    Attributes
    ----------
    derivative
        By the variable at `index`.
    variables
        Names of the formula's inputs.
    typed
        Whether the learner typed it, right or wrong; otherwise it was derived from the formula.
    """

    derivative: Expr
    variables: tuple[str, ...]
    index: int = 0
    typed: bool = False
    name: ClassVar[str] = "custom_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        *given, g = inputs
        (expected,) = Custom(self.derivative, self.variables, ()).infer(*given)
        if g.shape != expected.shape:
            raise ShapeError.of(self.name, expected.shape, g.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (*given, g), (out,) = inputs, outputs
        named = dict(zip(self.variables, given, strict=True))
        return [*plan(self.derivative).bind(named, out), (np.multiply, (g, out, out))]

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        return _buffers(self.derivative, inputs, itemsize)

    def formula(self) -> Formula:
        symbols = [SYMBOLS[v] for v in self.variables]
        by, given = symbols[self.index], ", ".join(symbols)
        if len(symbols) == 1:
            up, slope, slope_plain = "dY", f"f'({given})", f"f′({given})"
        else:
            up = "dC"
            slope = rf"\frac{{\partial f}}{{\partial {by}}}({given})"
            slope_plain = f"∂f/∂{by}({given})"
        typeset = latex(self.derivative, SYMBOLS)
        tail = tail_plain = ""
        if len(typeset) <= _LONGEST:
            tail = rf", \quad {slope} = {typeset}"
            tail_plain = f", {slope_plain} = {plain(self.derivative, SYMBOLS)}"
        origin = "as it was typed" if self.typed else "derived from the formula"
        return Formula(
            rf"d{by} = {up} \odot {slope}{tail}",
            f"d{by} = {up} × {slope_plain}{tail_plain}",
            (*symbols, up),
            (f"d{by}",),
            f"The error signal times the derivative, {origin}.",
        )


@dataclass(frozen=True)
class Custom(Broadcasting):
    """A typed formula of one or two inputs, entry by entry, with broadcasting.

    Attributes
    ----------
    expression
        The formula.
    variables
        Names of its inputs, in order.
    derivatives
        By each of them.
    typed
        Which derivatives the learner typed.
    """

    expression: Expr
    variables: tuple[str, ...]
    derivatives: tuple[Expr, ...]
    typed: tuple[bool, ...] = (False, False)
    name: ClassVar[str] = "custom"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        named = dict(zip(self.variables, inputs, strict=True))
        return plan(self.expression).bind(named, outputs[0])

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        return _buffers(self.expression, inputs, itemsize)

    def gradient(
        self, b: Builder, index: int, inputs: Sequence[Value], output: Value, g: Value
    ) -> Value:
        op = CustomBackward(self.derivatives[index], self.variables, index, self.typed[index])
        return b.apply(op, *inputs, g)

    def formula(self) -> Formula:
        symbols = tuple(SYMBOLS[v] for v in self.variables)
        given, made = ", ".join(symbols), "Y" if len(symbols) == 1 else "C"
        return Formula(
            f"{made} = f({given}) = {latex(self.expression, SYMBOLS)}",
            f"{made} = f({given}) = {plain(self.expression, SYMBOLS)}",
            symbols,
            (made,),
            "A formula of your own, at each place of the array.",
        )
