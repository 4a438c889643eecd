"""Pooling over windows, and over whole pictures, with their gradients.

A window of two axes is taken as one along the rows and then one along the columns: the same
results for maxima and means, for fewer numpy calls on longer runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.autograd.windows import Window
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


FEW = 4
"""Entries of a window up to which it is quicker to look at each than to go axis by axis."""


def _taps(window: Window, axis: int, x: Array, places: int) -> list[Array]:
    """For each entry of the window along one of its axes, a view of what lies there."""
    stride = window.stride[axis]
    lead = (slice(None),) * (2 + axis)
    return [
        x[(*lead, slice(k, k + (places - 1) * stride + 1, stride))]
        for k in range(window.kernel[axis])
    ]


def _reduce(function: np.ufunc, taps: list[Array], out: Array) -> list[Call]:
    """Combine the taps into `out`."""
    if len(taps) == 1:
        return [(np.copyto, (out, taps[0]))]
    into = partial(function, out=out)
    return [(into, (taps[0], taps[1])), *((into, (out, tap)) for tap in taps[2:])]


def _padded(window: Window, x: Array, value: float) -> tuple[Array, Array]:
    """A buffer for `x` with its padding, and the part of it that is `x`; itself without padding."""
    if not any(window.padding):
        return x, x
    size = [n + 2 * p for n, p in zip(x.shape[2:], window.padding, strict=True)]
    buffer = np.full_like(x, value, shape=(*x.shape[:2], *size))
    inner = buffer
    for axis, (p, n) in enumerate(zip(window.padding, x.shape[2:], strict=True), 2):
        inner = inner[(*(slice(None),) * axis, slice(p, p + n))]
    return buffer, inner


def pool(function: np.ufunc, window: Window, x: Array, out: Array) -> list[Call]:
    """Calls that reduce the padded `x` to one number a place of the window."""
    places = out.shape[2:]
    rows = np.zeros_like(x, shape=(*x.shape[:-1], places[-1])) if window.axes == 2 else out
    calls = _reduce(function, _taps(window, window.axes - 1, x, places[-1]), rows)
    if window.axes == 2:
        calls += _reduce(function, _taps(window, 0, rows, places[0]), out)
    return calls


class _Pooling(Op):
    window: Window

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        places = self.window.infer(self.name, x.shape)
        for k, p in zip(self.window.kernel, self.window.padding, strict=True):
            if 2 * p > k:
                raise ShapeError.of(self.name, "padding of at most half of the window", x.shape)
        return (TensorType((*x.shape[:2], *places)),)

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        padded = [n + 2 * p for n, p in zip(inputs[0][2:], self.window.padding, strict=True)]
        return 3 * itemsize * math.prod(inputs[0][:2]) * math.prod(padded)


def _subscripts(window: Window) -> tuple[str, str, str]:
    places, entries = ("pq", "ij") if window.axes == 2 else ("p", "i")
    there = [window.index(p, e, a) for a, (p, e) in enumerate(zip(places, entries, strict=True))]
    return ",".join(places), ",".join(entries), ",".join(there)


@dataclass(frozen=True)
class MaxPoolBackward(_Pooling):
    """`dY` to the first largest entry of each window, row by row; inputs are x, y and dY."""

    window: Window
    name: ClassVar[str] = "max_pool_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, y, g = inputs
        (expected,) = super().infer(x)
        for given in (y, g):
            if given.shape != expected.shape:
                raise ShapeError.of(self.name, expected.shape, given.shape)
        return (x,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, y, g), (out,) = inputs, outputs
        window = self.window
        padded, inner = _padded(window, x, -np.inf)
        target, result = _padded(window, out, 0.0)
        calls: list[Call] = [] if inner is x else [(np.copyto, (inner, x))]
        last = window.axes - 1
        tiles = all(_covers(window, axis, x, y) for axis in range(window.axes))
        if tiles and window.count <= FEW and not any(window.padding):
            return _route_tiles(window, x, y, g, out)
        if window.axes == 2:
            rows = np.zeros_like(padded, shape=(*padded.shape[:-1], y.shape[-1]))
            row_gradient = np.zeros_like(rows)
            calls += _reduce(np.maximum, _taps(window, last, padded, y.shape[-1]), rows)
            calls += _route(window, 0, rows, y, g, row_gradient)
            y, g = rows, row_gradient
        calls += _route(window, last, padded, y, g, target)
        return calls if result is out else [*calls, (np.copyto, (out, result))]

    def formula(self) -> Formula:
        place, _, there = _subscripts(self.window)
        return Formula(
            rf"dX_{{n,c,{there}}} \mathrel{{+}}= dY_{{n,c,{place}}}\ "
            rf"[\,X_{{n,c,{there}}} = Y_{{n,c,{place}}}\ \mathrm{{first}}\,]",
            f"dX[n, c, {there}] += dY[n, c, {place}] where X there is the first to equal Y",
            ("X", "Y", "dY"),
            ("dX",),
            "Only the entry that was the largest had a say, so it alone gets the error signal; "
            "of several equal ones, the first.",
        )


def _route_tiles(window: Window, x: Array, y: Array, g: Array, out: Array) -> list[Call]:
    """Send `g` to the first entry of each window that equals `y`; each entry is in one window."""
    left, on = np.zeros_like(g), np.zeros_like(g, bool)
    corners: list[tuple[Any, ...]] = [
        (..., *(slice(k, None, n) for k, n in zip(entry, window.kernel, strict=True)))
        for entry in product(*(range(n) for n in window.kernel))
    ]
    calls: list[Call] = []
    for corner in corners[:-1]:
        before = left if calls else g
        calls.append((np.equal, (x[corner], y, on)))
        # What was routed is taken from what is left: 0 or all of it, so nothing is rounded.
        calls.append((np.multiply, (before, on, out[corner])))
        calls.append((np.subtract, (before, out[corner], left)))
    # If it was none of them, it is the last.
    return [*calls, (np.copyto, (out[corners[-1]], left if calls else g))]


def _route(window: Window, axis: int, x: Array, y: Array, g: Array, out: Array) -> list[Call]:
    """Send `g` to the first entry along an axis that equals `y`."""
    sources = _taps(window, axis, x, y.shape[2 + axis])
    targets = _taps(window, axis, out, y.shape[2 + axis])
    left, part, on = np.zeros_like(g), np.zeros_like(g), np.zeros_like(g, bool)
    apart = window.kernel[axis] <= window.stride[axis]
    calls: list[Call] = [] if _covers(window, axis, x, y) else [(out.fill, (0.0,))]
    for k, (source, target) in enumerate(zip(sources, targets, strict=True)):
        before = g if k == 0 else left
        calls.append((np.equal, (source, y, on)))
        # What was routed is taken from what is left: 0 or all of it, so nothing is rounded.
        calls.append((np.multiply, (before, on, part)))
        calls.append((np.copyto, (target, part)) if apart else (np.add, (target, part, target)))
        if k + 1 < len(sources):
            calls.append((np.subtract, (before, part, left)))
    return calls


def _covers(window: Window, axis: int, x: Array, y: Array) -> bool:
    """Whether the windows cover every entry of an axis once."""
    kernel, stride = window.kernel[axis], window.stride[axis]
    return kernel == stride and y.shape[2 + axis] * stride == x.shape[2 + axis]


@dataclass(frozen=True)
class MaxPool(_Pooling):
    """The largest entry under each place of the window. Source: `torch.nn.MaxPool2d`.

    Padding counts as minus infinity.
    """

    window: Window
    name: ClassVar[str] = "max_pool"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        padded, inner = _padded(self.window, x, -np.inf)
        calls = pool(np.maximum, self.window, padded, out)
        return calls if inner is x else [(np.copyto, (inner, x)), *calls]

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
        return [b.apply(MaxPoolBackward(self.window), inputs[0], outputs[0], g)]

    def formula(self) -> Formula:
        place, entry, there = _subscripts(self.window)
        return Formula(
            rf"Y_{{n,c,{place}}} = \max_{{{entry}}} X_{{n,c,{there}}}",
            f"Y[n, c, {place}] = max over {entry} of X[n, c, {there}]",
            ("X",),
            ("Y",),
            "Keeps the largest entry under the window, and with it whether something was there.",
        )


@dataclass(frozen=True)
class AvgPoolBackward(_Pooling):
    """An equal share of `dY` to every entry of each window; inputs have axes of `size`."""

    window: Window
    size: tuple[int, ...]
    name: ClassVar[str] = "avg_pool_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        x = TensorType((*g.shape[:2], *self.size))
        (expected,) = super().infer(x)
        if g.shape != expected.shape:
            raise ShapeError.of(self.name, expected.shape, g.shape)
        return (x,)

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        return super().scratch([(*inputs[0][:2], *self.size)], itemsize)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        window = self.window
        target, result = _padded(window, out, 0.0)
        share = np.zeros_like(g)
        calls: list[Call] = [(np.multiply, (g, constant(1 / window.count, g), share))]
        if window.axes == 2:
            rows = np.zeros_like(target, shape=(*target.shape[:-1], g.shape[-1]))
            calls += spread(window, 0, share, rows)
            share = rows
        calls += spread(window, window.axes - 1, share, target)
        return calls if result is out else [*calls, (np.copyto, (out, result))]

    def formula(self) -> Formula:
        place, _, there = _subscripts(self.window)
        n = self.window.count
        return Formula(
            rf"dX_{{n,c,{there}}} \mathrel{{+}}= \frac{{1}}{{{n}}}\, dY_{{n,c,{place}}}",
            f"dX[n, c, {there}] += dY[n, c, {place}] / {n}",
            ("dY",),
            ("dX",),
            "Every entry under the window had the same say, so each gets the same share.",
        )


def spread(window: Window, axis: int, g: Array, out: Array) -> list[Call]:
    """Add `g` to every entry along an axis that its window covers."""
    targets = _taps(window, axis, out, g.shape[2 + axis])
    if _covers(window, axis, out, g):
        return [(np.copyto, (target, g)) for target in targets]
    return [(out.fill, (0.0,)), *((np.add, (target, g, target)) for target in targets)]


@dataclass(frozen=True)
class AvgPool(_Pooling):
    """The mean under each place of the window, zeros of the padding counted.

    Source: `torch.nn.AvgPool2d`.
    """

    window: Window
    name: ClassVar[str] = "avg_pool"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        padded, inner = _padded(self.window, x, 0.0)
        calls = pool(np.add, self.window, padded, out)
        calls.append((np.multiply, (out, constant(1 / self.window.count, out), out)))
        return calls if inner is x else [(np.copyto, (inner, x)), *calls]

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
        size = tuple(int(d) for d in inputs[0].shape[2:])
        return [b.apply(AvgPoolBackward(self.window, size), g)]

    def formula(self) -> Formula:
        place, entry, there = _subscripts(self.window)
        n = self.window.count
        return Formula(
            rf"Y_{{n,c,{place}}} = \frac{{1}}{{{n}}} \sum_{{{entry}}} X_{{n,c,{there}}}",
            f"Y[n, c, {place}] = Σ_{{{entry}}} X[n, c, {there}] / {n}",
            ("X",),
            ("Y",),
            "Takes the mean of what lies under the window.",
        )


@dataclass(frozen=True)
class GlobalAvgPoolBackward(Op):
    """An equal share of `dY` to every place; inputs have axes of `size`."""

    size: tuple[int, ...]
    name: ClassVar[str] = "global_avg_pool_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        if len(g.shape) != 2:
            raise ShapeError.of(self.name, "N×channels", g.shape)
        return (TensorType((*g.shape, *self.size)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        flat = out.reshape(*out.shape[:2], math.prod(self.size))
        share = constant(1 / math.prod(self.size), g)
        return [(np.multiply, (g[..., None], share, flat))]

    def formula(self) -> Formula:
        n = math.prod(self.size)
        return Formula(
            rf"dX_{{n,c,p}} = \frac{{1}}{{{n}}}\, dY_{{n,c}}",
            f"dX[n, c, p] = dY[n, c] / {n}",
            ("dY",),
            ("dX",),
            "Every place had the same say, so each gets the same share.",
        )


@dataclass(frozen=True)
class GlobalAvgPool(Op):
    """The mean of each channel over all places: (N, channels, …) to (N, channels)."""

    name: ClassVar[str] = "global_avg_pool"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(x.shape) not in (3, 4):
            raise ShapeError.of(self.name, "N×channels×height×width or N×channels×length", x.shape)
        return (TensorType(x.shape[:2]),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        places = math.prod(x.shape[2:])
        weights = np.full(places, 1 / places, x.dtype)
        return [(np.dot, (x.reshape(out.size, places), weights, out.reshape(-1)))]

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
        size = tuple(int(d) for d in inputs[0].shape[2:])
        return [b.apply(GlobalAvgPoolBackward(size), g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y_{n,c} = \frac{1}{P} \sum_{p=1}^{P} X_{n,c,p}",
            "Y[n, c] = Σ_p X[n, c, p] / (number of places)",
            ("X",),
            ("Y",),
            "Sums up each channel in one number: how much of its pattern there is.",
        )
