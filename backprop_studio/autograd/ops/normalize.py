"""Normalising: to mean zero and variance one along some axes.

The heart of layer, group and batch normalisation, which differ in the axes alone: Ioffe and
Szegedy 2015, algorithm 1; Ba, Kiros and Hinton 2016, equation 3; Wu and He 2018, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _cut(name: str, shape: Shape, axes: tuple[int, ...], groups: int) -> tuple[Shape, Shape, Shape]:
    """The axes before, of and after those that stay, with the first of `axes` cut into groups.

    Raises
    ------
    ShapeError
        The axes that stay do not lie together, or the groups do not divide the first of `axes`.
    """
    if not axes or min(axes) < 0 or max(axes) >= len(shape):
        raise ShapeError.of(name, f"more than {max(axes, default=0)} axes", shape)
    if groups:
        first, size = axes[0], shape[axes[0]]
        if not isinstance(size, int) or size % groups:
            raise ShapeError.of(name, f"a multiple of {groups} entries on axis {first}", shape)
        shape = (*shape[:first], groups, size // groups, *shape[first + 1 :])
        axes = tuple(a + 1 for a in axes)
    kept = [i for i in range(len(shape)) if i not in axes]
    if kept and kept[-1] - kept[0] >= len(kept):
        raise ShapeError.of(name, "axes that stay and lie together", shape)
    start = kept[0] if kept else 0
    stop = start + len(kept)
    return shape[:start], shape[start:stop], shape[stop:]


@dataclass(frozen=True)
class Layout:
    """An array seen as (before, groups, after): one group for each mean, the rest averaged."""

    before: int
    groups: int
    after: int

    def view(self, x: Array) -> Array:
        """`x` as (before, groups, after)."""
        return x.reshape(self.before, self.groups, self.after)

    def spread(self, values: Array) -> Array:
        """A value for each group, so that it goes with `view`."""
        return values.reshape(1, self.groups, 1)

    def sum(self, x: Array, out: Array) -> list[Call]:
        """Calls that put the sum of each group of `x` into `out`.

        Products with ones: several times faster than numpy's sums over axes.
        """
        out = out.reshape(-1)
        if self.after == 1:
            rows = x.reshape(self.before, self.groups)
            return [(np.dot, (np.ones(self.before, x.dtype), rows, out))]
        part = out if self.before == 1 else np.empty(self.before * self.groups, x.dtype)
        calls: list[Call] = [
            (np.dot, (x.reshape(len(part), self.after), np.ones(self.after, x.dtype), part))
        ]
        if part is not out:
            rows = part.reshape(self.before, self.groups)
            calls.append((np.dot, (np.ones(self.before, x.dtype), rows, out)))
        return calls

    def mean(self, x: Array, out: Array) -> list[Call]:
        """Calls that put the mean of each group of `x` into `out`.

        The division comes last, so that the mean of equal numbers is that number.
        """
        out = out.reshape(-1)
        count = constant(max(self.before * self.after, 1), out)
        return [*self.sum(x, out), (np.divide, (out, count, out))]


class _Normalizing(Op):
    """What forward and backward share: the settings, and how an array falls apart."""

    axes: tuple[int, ...]
    epsilon: float
    groups: int

    def _parts(self, shape: Shape) -> tuple[Shape, Shape, Shape]:
        return _cut(self.name, shape, self.axes, self.groups)

    def _layout(self, shape: tuple[int, ...]) -> Layout:
        return Layout(*(math.prod(int(d) for d in part) for part in self._parts(shape)))


@dataclass(frozen=True)
class NormalizeBackward(_Normalizing):
    """The gradient by what was normalised, from the result Y, the variance and dY.

    `(dY - mean(dY) - Y · mean(dY · Y)) / √(variance + ε)`: mean and variance depend on every
    entry, which takes two means off. Ioffe and Szegedy 2015, section 3, put together.
    """

    axes: tuple[int, ...]
    epsilon: float
    groups: int = 0
    name: ClassVar[str] = "normalize_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        y, variance, g = inputs
        if y.shape != g.shape:
            raise ShapeError.of(self.name, y.shape, g.shape)
        kept = self._parts(y.shape)[1]
        if variance.shape != kept:
            raise ShapeError.of(self.name, kept, variance.shape)
        return (y,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        y, variance, g = inputs
        (out,) = outputs
        layout = self._layout(y.shape)
        y, g, out = (layout.view(a) for a in (y, g, out))
        mean, along, root = (np.empty(layout.groups, out.dtype) for _ in range(3))
        part = np.empty_like(out)
        return [
            *layout.mean(g, mean),
            (np.multiply, (g, y, part)),
            *layout.mean(part, along),
            (np.multiply, (y, layout.spread(along), part)),
            (np.subtract, (g, layout.spread(mean), out)),
            (np.subtract, (out, part, out)),
            *_root(variance, self.epsilon, root),
            (np.divide, (out, layout.spread(root), out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dX = \frac{dY - \overline{dY} - Y \odot \overline{dY \odot Y}}"
            rf"{{\sqrt{{v + {self.epsilon:g}}}}}",
            f"dX = (dY − mean(dY) − Y × mean(dY × Y)) / √(v + {self.epsilon:g})",
            ("Y", "v", "dY"),
            ("dX",),
            "What would only move the mean or the spread changes nothing, so it is taken off.",
        )


def _root(variance: Array, epsilon: float, root: Array) -> list[Call]:
    return [
        (np.add, (variance.reshape(-1), constant(epsilon, root), root)),
        (np.sqrt, (root, root)),
    ]


@dataclass(frozen=True)
class Normalize(_Normalizing):
    """`(X - mean) / √(variance + ε)`, mean and variance over `axes`.

    The axes that stay lie together, as those of layer normalisation (in front) and of batch
    normalisation (the channels) do. With `groups`, the first of `axes` is cut into that many,
    which are normalised one by one, and which stay.

    Results: the normalised array, and mean and variance in the shape of the axes that stay. The
    variance is the biased one, and it is taken of what is left after the mean is subtracted, so
    that a large mean does not drown it. Only the first result has a gradient. The mean over
    nothing, in an empty batch, is zero.
    """

    axes: tuple[int, ...]
    epsilon: float
    groups: int = 0
    name: ClassVar[str] = "normalize"
    results: ClassVar[tuple[str, ...]] = ("normalized", "mean", "variance")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        kept = TensorType(self._parts(x.shape)[1])
        return (x, kept, kept)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        out, mean, variance = outputs
        layout = self._layout(out.shape)
        x, out = layout.view(inputs[0]), layout.view(out)
        square, root = np.empty_like(out), np.empty(layout.groups, out.dtype)
        return [
            *layout.mean(x, mean),
            (np.subtract, (x, layout.spread(mean), out)),
            (np.multiply, (out, out, square)),
            *layout.mean(square, variance),
            *_root(variance, self.epsilon, root),
            (np.divide, (out, layout.spread(root), out)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g, *others = upstream
        if g is None or any(other is not None for other in others):
            raise NotImplementedError("only the normalised array has a gradient")
        y, _, variance = outputs
        return [b.apply(NormalizeBackward(self.axes, self.epsilon, self.groups), y, variance, g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y = \frac{X - m}{\sqrt{v + " + f"{self.epsilon:g}" + r"}}, \quad "
            r"m = \overline{X}, \quad v = \overline{(X - m)^2}",
            f"Y = (X − m) / √(v + {self.epsilon:g}), m = mean(X), v = mean((X − m)²)",
            ("X",),
            ("Y", "m", "v"),
            "Moves the numbers to mean zero and stretches them to a spread of one.",
        )
