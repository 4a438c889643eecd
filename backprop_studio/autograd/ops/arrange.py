"""The same numbers in another shape or order of axes. The batch stays in front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, Dim, TensorType, format_shape
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class Reshape(Op):
    """Each row's numbers, in the same order, as an array of shape `tail`."""

    tail: tuple[Dim, ...]
    name: ClassVar[str] = "reshape"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        sizes = [[d for d in tail if isinstance(d, int)] for tail in (x.shape[1:], self.tail)]
        known = len(sizes[0]) == len(x.shape) - 1 and len(sizes[1]) == len(self.tail)
        if not x.shape or not known or math.prod(sizes[0]) != math.prod(sizes[1]):
            count = f"rows of {math.prod(sizes[1])}" if known else "known sizes"
            raise ShapeError.of(self.name, count, x.shape)
        return (TensorType((x.shape[0], *self.tail)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        # Where the memory of neither allows a view in the other's shape, a copy of it does.
        for source, shape, target in ((x, out.shape, out), (out, x.shape, x)):
            try:
                view = source.reshape(shape, copy=False)
            except ValueError:
                continue
            return [(np.copyto, (target, view) if source is x else (view, target))]
        plain = np.empty(x.shape, x.dtype)
        return [(np.copyto, (plain, x)), (np.copyto, (out, plain.reshape(out.shape)))]

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

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
        return [b.apply(Reshape(inputs[0].shape[1:]), g)]

    def formula(self) -> Formula:
        shape = format_shape(self.tail)
        latex = shape.replace("×", r" \times ") if self.tail else r"\mathrm{scalar}"
        return Formula(
            rf"X \rightarrow Y \in \mathbb{{R}}^{{{latex}}}",
            f"Y = each row of X as {shape}",
            ("X",),
            ("Y",),
            "The same numbers in the same order, in another shape; nothing is computed.",
        )


@dataclass(frozen=True)
class Permute(Op):
    """Axes in another order: axis `i` of the output is axis `order[i]` of the input."""

    order: tuple[int, ...]
    name: ClassVar[str] = "permute"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(x.shape) != len(self.order):
            raise ShapeError.of(self.name, f"{len(self.order)} axes", x.shape)
        return (TensorType(tuple(x.shape[i] for i in self.order)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        return [(np.copyto, (out, x.transpose(self.order)))]

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
        back = tuple(self.order.index(i) for i in range(len(self.order)))
        return [b.apply(Permute(back), g)]

    def formula(self) -> Formula:
        letters = "ijklmnop"[: len(self.order)]
        given = list(letters)
        for place, axis in enumerate(self.order):
            given[axis] = letters[place]
        source = "".join(given)
        return Formula(
            rf"Y_{{{letters}}} = X_{{{source}}}",
            f"Y[{', '.join(letters)}] = X[{', '.join(source)}]",
            ("X",),
            ("Y",),
            "The same numbers with their axes in another order; nothing is computed.",
        )
