"""Convolution of pictures and sequences, and the ops that compute its gradients.

As in PyTorch and most of the literature, what is called convolution is cross-correlation: the
window is not turned over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, RunContext
from backprop_studio.autograd.ops.matmul import product as matrix_product
from backprop_studio.autograd.room import Grid, Room
from backprop_studio.autograd.shifts import PART_BYTES, Shifts, blocks, settled, workspace
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.autograd.windows import (
    COLUMN_BYTES,
    Columns,
    Window,
    as_pictures,
    column_bytes,
    portions,
)
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class _Convolving(Op):
    """What the three ops of a convolution share: the window, and how they speak of it."""

    window: Window
    groups: int

    def _subscripts(self) -> tuple[str, str, str]:
        """Indices of a place, of an entry of the window, and of what lies there."""
        places, entries = ("pq", "ij") if self.window.axes == 2 else ("p", "i")
        found = [
            self.window.index(p, e, a) for a, (p, e) in enumerate(zip(places, entries, strict=True))
        ]
        return ",".join(places), ",".join(entries), ",".join(found)

    def _shifts(self, size: tuple[int, ...]) -> Shifts | None:
        """How pictures of this size are shifted, if an entry of the window is a mere shift."""
        return Shifts(self.window, size) if self.any_layout(()) else None

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return self.groups == 1 and max(self.window.stride) == 1

    def _within(self) -> str:
        return f", within each of the {self.groups} groups" if self.groups > 1 else ""

    def _columns(
        self, channels: int, size: tuple[int, ...], images: int, dtype: np.dtype[np.floating]
    ) -> list[tuple[slice, Columns]]:
        """Buffers for each portion of the batch; portions of the same size share them."""
        window = self.window.flat()
        made: dict[int, Columns] = {}
        found = []
        for part in portions(images, column_bytes(window, channels, size, dtype.itemsize)):
            n = part.stop - part.start
            if n not in made:
                made[n] = Columns(window, channels, (size[0], size[1]), self.groups, n, dtype)
            found.append((part, made[n]))
        return found

    def _scratch(self, images: int, channels: int, size: tuple[int, ...], itemsize: int) -> int:
        # One portion, its results, and the buffers of a smaller last portion.
        each = column_bytes(self.window, channels, size, itemsize)
        shifts = self._shifts(size)
        if shifts is None:
            return 3 * max(each, min(COLUMN_BYTES, images * each))
        # The room around the pictures comes on top.
        cells = shifts.padded(clean=True).cells - math.prod(size)
        return 3 * max(each, min(PART_BYTES, images * each)) + images * channels * cells * itemsize


def _product(a: Array, b: Array, out: Array) -> Call:
    """The matrix product of each group."""
    # np.dot costs half of np.matmul on small matrices, and frees the interpreter lock.
    return (np.dot, (a[0], b[0], out[0])) if len(a) == 1 else (np.matmul, (a, b, out))


def _by_tap(weight: Array, groups: int) -> Array:
    """Weights as (groups, outputs of a group, entries of the window, channels of a group)."""
    out, channels = weight.shape[:2]
    return weight.reshape(groups, out // groups, channels, -1).transpose(0, 1, 3, 2)


@dataclass(frozen=True)
class ChannelSum(Op):
    """Sum of all entries of each channel: the gradient of a channel's bias."""

    name: ClassVar[str] = "channel_sum"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        if len(g.shape) < 2:
            raise ShapeError.of(self.name, "N×channels×…", g.shape)
        return (TensorType((g.shape[1],)),)

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        room, buffer = context.room(inputs[0])
        if isinstance(room, Grid) and room.clean:
            return [(np.dot, (buffer, np.ones(buffer.shape[1], buffer.dtype), outputs[0]))]
        return self.bind(inputs, outputs)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        if not g.flags.c_contiguous:
            return [(np.add.reduce, (g, (0, *range(2, g.ndim)), None, out))]
        # Products with ones are a third of the time of a sum over these axes.
        flat = g.reshape(g.shape[0] * g.shape[1], int(np.prod(g.shape[2:])))
        sums = np.zeros(g.shape[:2], g.dtype)
        return [
            (np.dot, (flat, np.ones(flat.shape[1], g.dtype), sums.reshape(-1))),
            (np.dot, (np.ones(len(g), g.dtype), sums, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"db_o = \sum_{n,p} dY_{n,o,p}",
            "db[o] = Σ_{n,p} dY[n, o, p]",
            ("dY",),
            ("db",),
            "A channel's bias was added at every place, so it collects the error signal of all.",
        )


@dataclass(frozen=True)
class Conv2dWeightGradient(_Convolving):
    """`dW`: what the window saw at each place, times the error signal there."""

    window: Window
    groups: int = 1
    name: ClassVar[str] = "conv2d_weight_gradient"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, g = inputs
        places = self.window.infer(self.name, x.shape)
        expected = (x.shape[0], g.shape[1], *places)
        if g.shape != expected:
            raise ShapeError.of(self.name, expected, g.shape)
        channels = _channels(self.name, x.shape, self.groups)
        return (TensorType((g.shape[1], channels, *self.window.kernel)),)

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        images, channels, *size = inputs[0]
        return self._scratch(images, channels, tuple(size), itemsize)

    def rooms(self, shapes: Sequence[tuple[int, ...]]) -> Sequence[Room | None]:
        shifts = self._shifts(shapes[0][2:])
        if shifts is None:
            return ()
        return shifts.padded(clean=True), shifts.result(clean=True), None

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (x, g), (out,) = inputs, outputs
        shifts = self._shifts(x.shape[2:])
        if shifts is None or not any(context.room(a)[0] for a in inputs):
            return self.bind(inputs, outputs)
        images, channels = x.shape[:2]
        source, calls, _ = settled(context, x, shifts.padded(clean=True))
        signal, copies, _ = settled(context, g, shifts.result(clean=True))
        calls += copies
        # BLAS takes two thirds of the time with the longer side first.
        turned = out[0].size > len(out)
        total = np.zeros((out[0].size, len(out)) if turned else (len(out), out[0].size), out.dtype)
        part_of = np.zeros_like(total)
        cuts = list(shifts.cuts(channels, images, x.itemsize))
        work = workspace(out[0].size, cuts, x.dtype)
        for part in cuts:
            columns = work[part.stop - part.start]
            taps = shifts.taps(source, part, images)
            calls += [
                (np.copyto, pair) for pair in zip(blocks(columns, channels), taps, strict=True)
            ]
            target = part_of if part.start else total
            seen, told = (columns, signal[:, part]) if turned else (signal[:, part], columns)
            calls.append((np.dot, (seen, told.T, target)))
            if part.start:
                calls.append((np.add, (total, part_of, total)))
        by_tap = _by_tap(out, 1)
        found = (total.T if turned else total).reshape(by_tap.shape, copy=False)
        return [*calls, (np.copyto, (by_tap, found))]

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        x, g, out = (as_pictures(a) for a in (*inputs, *outputs))
        total = np.zeros((self.groups, len(out) // self.groups, out[0].size), out.dtype)
        part_of = np.zeros_like(total)
        calls: list[Call] = [(total.fill, (0.0,))] if not len(x) else []
        rows: dict[int, tuple[Array, Array]] = {}
        for part, columns in self._columns(x.shape[1], x.shape[2:], len(x), x.dtype):
            flat, places = rows.setdefault(id(columns), columns.rows(len(out), self.groups))
            calls += columns.gather(x[part])
            calls.append((np.copyto, (places, g[part].transpose(1, 0, 2, 3))))
            target = part_of if part.start else total
            calls.append(_product(flat, columns.matrix.transpose(0, 2, 1), target))
            if part.start:
                calls.append((np.add, (total, part_of, total)))
        by_tap = _by_tap(out, self.groups)
        return [*calls, (np.copyto, (by_tap, total.reshape(by_tap.shape)))]

    def formula(self) -> Formula:
        place, entry, there = self._subscripts()
        return Formula(
            rf"dW_{{o,c,{entry}}} = \sum_{{n,{place}}} dY_{{n,o,{place}}}\, X_{{n,c,{there}}}",
            f"dW[o, c, {entry}] = Σ_{{n,{place}}} dY[n, o, {place}] · X[n, c, {there}]",
            ("X", "dY"),
            ("dW",),
            "A weight was used at every place: what it saw there times the error signal, "
            f"summed{self._within()}.",
        )


@dataclass(frozen=True)
class Conv2dInputGradient(_Convolving):
    """`dX` for inputs with axes of `size`: each error signal, back through the weights."""

    window: Window
    size: tuple[int, ...]
    groups: int = 1
    name: ClassVar[str] = "conv2d_input_gradient"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        w, g = inputs
        shape = (g.shape[0], int(w.shape[1]) * self.groups, *self.size)
        expected = (g.shape[0], w.shape[0], *self.window.infer(self.name, shape))
        if g.shape != expected:
            raise ShapeError.of(self.name, expected, g.shape)
        return (TensorType(shape),)

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        return self._scratch(inputs[1][0], inputs[0][1] * self.groups, self.size, itemsize)

    def rooms(self, shapes: Sequence[tuple[int, ...]]) -> Sequence[Room | None]:
        shifts = self._shifts(self.size)
        if shifts is None:
            return ()
        return None, shifts.result(clean=True), shifts.padded(clean=False)

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (w, g), (out,) = inputs, outputs
        shifts = self._shifts(self.size)
        if shifts is None or not any(context.room(a)[0] for a in (g, out)):
            return self.bind(inputs, outputs)
        images, channels = out.shape[:2]
        signal, calls, _ = settled(context, g, shifts.result(clean=True))
        target, _, copies = settled(context, out, shifts.padded(clean=False))
        by_tap = _by_tap(w, 1)
        weights = np.zeros(by_tap.shape, w.dtype)
        matrix = weights.reshape(len(w), -1).T
        calls += [(np.copyto, (weights, by_tap)), (target.fill, (0.0,))]
        cuts = list(shifts.cuts(channels, images, w.itemsize))
        work = workspace(len(matrix), cuts, w.dtype)
        for part in cuts:
            columns = work[part.stop - part.start]
            calls.append((np.dot, (matrix, signal[:, part], columns)))
            for block, tap in zip(
                blocks(columns, channels), shifts.taps(target, part, images), strict=True
            ):
                calls.append((np.add, (tap, block, tap)))
        return calls + copies

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        w, g, out = (as_pictures(a) for a in (*inputs, *outputs))
        by_tap = _by_tap(w, self.groups)
        weights = np.zeros(by_tap.shape, w.dtype)
        matrix = weights.reshape(*weights.shape[:2], -1).transpose(0, 2, 1)
        calls: list[Call] = [(np.copyto, (weights, by_tap))]
        rows: dict[int, tuple[Array, Array]] = {}
        for part, columns in self._columns(out.shape[1], out.shape[2:], len(out), out.dtype):
            flat, places = rows.setdefault(id(columns), columns.rows(len(w), self.groups))
            calls.append((np.copyto, (places, g[part].transpose(1, 0, 2, 3))))
            calls.append(_product(matrix, flat, columns.matrix))
            calls += columns.scatter(out[part])
        return calls

    def formula(self) -> Formula:
        place, entry, there = self._subscripts()
        at = "y,x" if self.window.axes == 2 else "x"
        return Formula(
            rf"dX_{{n,c,{at}}} = \sum_{{o,\;({there}) = ({at})}} "
            rf"W_{{o,c,{entry}}}\, dY_{{n,o,{place}}}",
            f"dX[n, c, {at}] = Σ over o and ({there}) = ({at}) of "
            f"W[o, c, {entry}] · dY[n, o, {place}]",
            ("W", "dY"),
            ("dX",),
            "Every place whose window covered an input sends its error signal back through the "
            f"weight that the input met there{self._within()}.",
        )


@dataclass(frozen=True)
class Conv2d(_Convolving):
    """The same weighted sum at every place of a sliding window, for each output channel.

    Inputs are `x` (N, channels, *size), weights (outputs, channels / groups, *kernel) and, with
    `bias`, one number for each output channel. Outputs of a group see the channels of the
    same group only. The result has shape (N, outputs, *places). Source: `torch.nn.Conv2d`.
    """

    window: Window
    groups: int = 1
    bias: bool = True
    name: ClassVar[str] = "conv2d"
    weight_gradient: ClassVar[type[Conv2dWeightGradient]] = Conv2dWeightGradient
    input_gradient: ClassVar[type[Conv2dInputGradient]] = Conv2dInputGradient

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, w, *bias = (t.shape for t in inputs)
        places = self.window.infer(self.name, x)
        channels = _channels(self.name, x, self.groups)
        expected = (w[0], channels, *self.window.kernel)
        if w != expected or int(w[0]) % self.groups:
            raise ShapeError.of(self.name, expected, w)
        if bias != ([(w[0],)] if self.bias else []):
            raise ShapeError.of(self.name, (w[0],), bias[0] if bias else ())
        return (TensorType((x[0], w[0], *places)),)

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        images, channels, *size = inputs[0]
        return self._scratch(images, channels, tuple(size), itemsize)

    def rooms(self, shapes: Sequence[tuple[int, ...]]) -> Sequence[Room | None]:
        shifts = self._shifts(shapes[0][2:])
        if shifts is None:
            return ()
        parameters = (None,) * (len(shapes) - 2)
        return shifts.padded(clean=True), *parameters, shifts.result(clean=False)

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (x, w, *bias), (out,) = inputs, outputs
        shifts = self._shifts(x.shape[2:])
        if shifts is None or not any(context.room(a)[0] for a in (x, out)):
            return self.bind(inputs, outputs)
        images, channels = x.shape[:2]
        source, calls, _ = settled(context, x, shifts.padded(clean=True))
        target, _, copies = settled(context, out, shifts.result(clean=False))
        by_tap = _by_tap(w, 1)
        # The bias is a weight of one row more of the columns, which is all ones.
        weights = np.zeros((len(w), w[0].size + len(bias)), w.dtype)
        calls.append((np.copyto, (weights[:, : w[0].size].reshape(by_tap.shape), by_tap)))
        if bias:
            calls.append((np.copyto, (weights[:, -1], bias[0])))
        cuts = list(shifts.cuts(channels, images, x.itemsize))
        work = workspace(weights.shape[1], cuts, x.dtype)
        for part in cuts:
            columns = work[part.stop - part.start]
            columns[w[0].size :] = 1.0
            taps = shifts.taps(source, part, images)
            calls += [
                (np.copyto, pair) for pair in zip(blocks(columns, channels), taps, strict=False)
            ]
            calls.append(matrix_product(weights, columns, target[:, part]))
        return calls + copies

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        x, w, out = (as_pictures(a) for a in (inputs[0], inputs[1], outputs[0]))
        by_tap = _by_tap(w, self.groups)
        weights = np.zeros(by_tap.shape, w.dtype)
        calls: list[Call] = [(np.copyto, (weights, by_tap))]
        rows: dict[int, tuple[Array, Array]] = {}
        for part, columns in self._columns(x.shape[1], x.shape[2:], len(x), x.dtype):
            flat, places = rows.setdefault(id(columns), columns.rows(len(w), self.groups))
            calls += columns.gather(x[part])
            calls.append(_product(weights.reshape(*weights.shape[:2], -1), columns.matrix, flat))
            target = out[part].transpose(1, 0, 2, 3)
            if self.bias:  # added on the way to the output, so that it costs nothing
                calls.append((np.add, (places, inputs[2][:, None, None, None], target)))
            else:
                calls.append((np.copyto, (target, places)))
        return calls

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
        x, w = inputs[:2]
        size = tuple(int(d) for d in x.shape[2:])
        backward = self.input_gradient(self.window, size, self.groups)
        found = [
            b.apply(backward, w, g) if needs[0] else None,
            b.apply(self.weight_gradient(self.window, self.groups), x, g) if needs[1] else None,
        ]
        if self.bias:
            found.append(b.apply(ChannelSum(), g) if needs[2] else None)
        return found

    def formula(self) -> Formula:
        place, entry, there = self._subscripts()
        bias = ("b_o + ", "b[o] + ") if self.bias else ("", "")
        return Formula(
            rf"Y_{{n,o,{place}}} = {bias[0]}\sum_{{c,{entry}}} "
            rf"W_{{o,c,{entry}}}\, X_{{n,c,{there}}}",
            f"Y[n, o, {place}] = {bias[1]}Σ_{{c,{entry}}} W[o, c, {entry}] · X[n, c, {there}]",
            ("X", "W", "b") if self.bias else ("X", "W"),
            ("Y",),
            "The same weighted sum is taken at every place of the window"
            f"{self._within()}; beyond the edge, inputs count as zero.",
        )


@dataclass(frozen=True)
class Conv1dWeightGradient(Conv2dWeightGradient):
    """The same for sequences."""

    name: ClassVar[str] = "conv1d_weight_gradient"


@dataclass(frozen=True)
class Conv1dInputGradient(Conv2dInputGradient):
    """The same for sequences."""

    name: ClassVar[str] = "conv1d_input_gradient"


@dataclass(frozen=True)
class Conv1d(Conv2d):
    """The same for sequences (N, channels, length). Source: `torch.nn.Conv1d`."""

    name: ClassVar[str] = "conv1d"
    weight_gradient: ClassVar[type[Conv2dWeightGradient]] = Conv1dWeightGradient
    input_gradient: ClassVar[type[Conv2dInputGradient]] = Conv1dInputGradient


def _channels(name: str, shape: Shape, groups: int) -> int:
    """Channels of one group."""
    channels = int(shape[1])
    if groups < 1 or channels % groups:
        raise ShapeError.of(name, f"a number of channels that {groups} groups divide", shape)
    return channels // groups
