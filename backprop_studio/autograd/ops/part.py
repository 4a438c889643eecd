"""Parts of an array along one axis: cutting one out, and joining two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, Dim, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _resized(shape: Shape, axis: int, size: Dim) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _size(name: str, shape: Shape, axis: int) -> int:
    """How many entries lie along `axis`, which must not be the batch."""
    size = shape[axis] if axis < len(shape) else None
    if not isinstance(size, int):
        raise ShapeError.of(name, f"a known size of axis {axis}", shape)
    return size


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None) for _ in range(axis)), part)


def _index(start: int, stop: int, step: int) -> str:
    return f"{start}:{stop}" if step == 1 else f"{start}:{stop}:{step}"


@dataclass(frozen=True)
class SliceBackward(Op):
    """The gradient of a part, put where the part was taken from, among zeros."""

    axis: int
    size: int
    start: int
    stop: int
    step: int = 1
    name: ClassVar[str] = "slice_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        count = len(range(self.size)[self.start : self.stop : self.step])
        expected = _resized(g.shape, self.axis, count)
        if g.shape != expected:
            raise ShapeError.of(self.name, expected, g.shape)
        return (TensorType(_resized(g.shape, self.axis, self.size)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        part = out[_along(self.axis, slice(self.start, self.stop, self.step))]
        return [(np.copyto, (out, constant(0.0, out))), (np.copyto, (part, g))]

    def formula(self) -> Formula:
        index = _index(self.start, self.stop, self.step)
        return Formula(
            rf"dX_{{{index}}} = dY, \quad 0 \text{{ elsewhere}}",
            f"dX[{index}] = dY, 0 elsewhere",
            ("dY",),
            ("dX",),
            "What was taken gets its error signal; what was left out has no part in the loss.",
        )


@dataclass(frozen=True)
class Slice(Op):
    """Every `step`-th entry along one axis from `start` up to but not including `stop`.

    Start and stop count from the first entry and lie within the axis.
    """

    axis: int
    start: int
    stop: int
    step: int = 1
    name: ClassVar[str] = "slice"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        size = _size(self.name, x.shape, self.axis)
        if not 0 <= self.start < self.stop <= size:
            raise ShapeError.of(self.name, f"{self.stop} entries or more", x.shape)
        count = len(range(self.start, self.stop, self.step))
        return (TensorType(_resized(x.shape, self.axis, count)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        return [(np.copyto, (out, x[_along(self.axis, slice(self.start, self.stop, self.step))]))]

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
        size = _size(self.name, inputs[0].shape, self.axis)
        return [b.apply(SliceBackward(self.axis, size, self.start, self.stop, self.step), g)]

    def formula(self) -> Formula:
        index = _index(self.start, self.stop, self.step)
        return Formula(
            rf"Y = X_{{{index}}}", f"Y = X[{index}]", ("X",), ("Y",), "Takes a part of each row."
        )


@dataclass(frozen=True)
class ConcatenateBackward(Op):
    """The part of the gradient that belongs to one of the joined arrays."""

    axis: int
    start: int
    stop: int
    name: ClassVar[str] = "concatenate_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return Slice(self.axis, self.start, self.stop).infer(*inputs)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return Slice(self.axis, self.start, self.stop).bind(inputs, outputs)

    def formula(self) -> Formula:
        index = _index(self.start, self.stop, 1)
        return Formula(
            rf"dA = dC_{{{index}}}",
            f"dA = dC[{index}]",
            ("dC",),
            ("dA",),
            "Each of the joined inputs gets its own part of the error signal back.",
        )


@dataclass(frozen=True)
class Concatenate(Op):
    """Two arrays one after the other along one axis; their other axes are the same."""

    axis: int
    name: ClassVar[str] = "concatenate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (x.shape for x in inputs)
        first = _size(self.name, a, self.axis)
        if len(a) != len(b) or _resized(b, self.axis, first) != a:
            raise ShapeError.of(self.name, a, b)
        return (TensorType(_resized(a, self.axis, first + _size(self.name, b, self.axis))),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (a, b), (out,) = inputs, outputs
        cut = a.shape[self.axis]
        return [
            (np.copyto, (out[_along(self.axis, slice(cut))], a)),
            (np.copyto, (out[_along(self.axis, slice(cut, None))], b)),
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
        sizes = [_size(self.name, x.shape, self.axis) for x in inputs]
        ends = [(0, sizes[0]), (sizes[0], sum(sizes))]
        return [
            b.apply(ConcatenateBackward(self.axis, *end), g) if need else None
            for end, need in zip(ends, needs, strict=True)
        ]

    def formula(self) -> Formula:
        return Formula(
            r"C = [\,A \mid B\,]",
            "C = [A | B]",
            ("A", "B"),
            ("C",),
            "Puts the second input's entries after the first one's.",
        )
