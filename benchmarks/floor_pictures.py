"""The floor of convolutional networks: convolution 3×3, ReLU, max-pooling 2×2, twice; then dense.

The batch is innermost in memory, channels outermost, and rows of a picture share one column of
zeros. So an entry of the window is a shift of everything: the columns for the matrix product are
nine block copies, with a row of ones for the bias. Pooling works on strided views with long runs.
ReLU works in place, and what pooling found is written where the next convolution wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.floor import Array, Call, Floor, cross_entropy, updates, views

IMAGES = 32
"""Pictures that go through the network at once; more of 28×28 would leave the caches."""


class PicturesFloor(Floor):
    """Two blocks of convolution, ReLU and pooling, and a dense layer to the classes.

    Parameters
    ----------
    weights
        (out, in, 3, 3) and (out,) of each convolution, (inputs, classes) and (classes,); copied.
    batches
        Pictures (rows, 1, height, width) and targets (rows, classes) of each batch.
    optimizer, rate
        "momentum" or "adam", and its learning rate.
    """

    def __init__(
        self,
        weights: Sequence[tuple[Array, Array]],
        batches: Sequence[tuple[Array, Array]],
        *,
        optimizer: str,
        rate: float,
    ) -> None:
        *filters, (dense, bias) = weights
        rows, dtype = len(batches[0][0]), dense.dtype
        matrices = [
            np.hstack([w.transpose(0, 2, 3, 1).reshape(len(w), -1), b[:, None]]) for w, b in filters
        ]
        matrices.append(np.vstack([dense, bias]).T)
        p = np.concatenate([m.reshape(-1) for m in matrices])
        shapes = [(m.shape[0], m.shape[1]) for m in matrices]
        g, g_part = np.zeros_like(p), np.zeros_like(p)
        self._loss, loss_part = np.empty((), dtype), np.empty((), dtype)
        images = min(rows, IMAGES)
        assert rows % images == 0
        first = _Net(views(p, shapes), views(g, shapes), batches[0][0].shape[2], images)
        later = first.with_gradients(views(g_part, shapes))
        update = updates(optimizer, p, g, rate)
        self._batches = []
        for x, targets in batches:
            calls: list[Call] = []
            for start in range(0, rows, images):
                net, loss = (later, loss_part) if start else (first, self._loss)
                part = slice(start, start + images)
                pictures = np.ascontiguousarray(x[part].transpose(1, 2, 3, 0), dtype)
                target = np.ascontiguousarray(targets[part].T, dtype)
                calls += net.calls(pictures, target, loss, rows)
                if start:
                    calls += [(np.add, (g, g_part, g)), (np.add, (loss, self._loss, self._loss))]
            self._batches.append([*calls, *update])


class _Block:
    """Buffers of a convolution of `channels` pictures of `size`, its ReLU and its pooling."""

    def __init__(self, weight: Array, channels: int, size: int, images: int) -> None:
        out, dtype, half = len(weight), weight.dtype, size // 2
        line = (size + 1) * images
        length, margin = size * line, line + images
        grid = (size, size + 1, images)

        def padded() -> tuple[Array, Array, list[Array]]:
            flat = np.zeros((channels, length + 2 * margin), dtype)
            inner = flat[:, margin : margin + length].reshape(channels, *grid)[:, :, :size]
            starts = [i * line + j * images for i in range(3) for j in range(3)]
            return flat, inner, [flat[:, s : s + length] for s in starts]

        def quarters(a: Array) -> list[Array]:
            whole = a.reshape(out, *grid)
            return [whole[:, i:size:2, j:size:2] for i in (0, 1) for j in (0, 1)]

        self.weight, self.channels = weight, channels
        _, self.x, taps = padded()
        self.columns = np.ones((9 * channels + 1, length), dtype)
        self._gather = [
            (self.columns[k * channels : (k + 1) * channels], tap) for k, tap in enumerate(taps)
        ]
        self.z, self.dz = np.zeros((out, length), dtype), np.zeros((out, length), dtype)
        self._parts, self._slopes = quarters(self.z), quarters(self.dz)
        pooled = (out, half, half, images)
        self._a, self._b = np.empty(pooled, dtype), np.empty(pooled, dtype)
        self._on = np.empty(pooled, bool)
        self.dx_flat, self.dx, self._back = padded()
        self.dcolumns = np.empty((9 * channels, length), dtype)

    def forward(self, out: Array) -> list[Call]:
        a, b, c, d = self._parts
        return [
            *((np.copyto, pair) for pair in self._gather),
            (np.dot, (self.weight, self.columns, self.z)),
            (partial(np.maximum, out=self.z), (self.z, np.zeros_like(self.z))),
            (partial(np.maximum, out=self._a), (a, b)),
            (partial(np.maximum, out=self._b), (c, d)),
            (partial(np.maximum, out=out), (self._a, self._b)),
        ]

    def backward(self, y: Array, dy: Array, gradient: Array, *, further: bool) -> list[Call]:
        left, on, zero = self._a, self._on, np.array(0, y.dtype)
        calls: list[Call] = [(np.greater, (y, zero, on)), (np.multiply, (dy, on, left))]
        # The first maximum of a window gets all; what was given is taken from what is left.
        for part, slope in zip(self._parts[:3], self._slopes[:3], strict=True):
            calls.append((np.equal, (part, y, on)))
            calls.append((np.multiply, (left, on, slope)))
            calls.append((np.subtract, (left, slope, left)))
        calls.append((np.copyto, (self._slopes[3], left)))
        calls.append((np.dot, (self.dz, self.columns.T, gradient)))
        if further:
            n = self.channels
            calls.append((np.dot, (self.weight[:, :-1].T, self.dz, self.dcolumns)))
            calls.append((self.dx_flat.fill, (0.0,)))
            for k, tap in enumerate(self._back):
                calls.append((np.add, (tap, self.dcolumns[k * n : (k + 1) * n], tap)))
        return calls


class _Net:
    """Buffers of everything, for `images` pictures at once."""

    def __init__(
        self, weights: list[Array], gradients: list[Array], size: int, images: int
    ) -> None:
        dtype, quarter = weights[0].dtype, size // 4
        channels = len(weights[0])
        self.weights, self.gradients = weights, gradients
        self.blocks = (
            _Block(weights[0], 1, size, images),
            _Block(weights[1], channels, size // 2, images),
        )
        features = weights[2].shape[1] - 1
        self.top = np.ones((features + 1, images), dtype)
        self.dtop = np.empty((features, images), dtype)
        self.shape = (len(weights[1]), quarter, quarter, images)
        self.z = np.empty((len(weights[2]), images), dtype)
        self.dz = np.empty_like(self.z)

    def with_gradients(self, gradients: list[Array]) -> _Net:
        """The same buffers with other places for the gradients."""
        other: Any = object.__new__(_Net)
        other.__dict__.update(self.__dict__, gradients=gradients)
        found: _Net = other
        return found

    def calls(self, x: Array, target: Array, loss: Array, rows: int) -> list[Call]:
        one, two = self.blocks
        dense, top = self.weights[2], self.top[:-1].reshape(self.shape)
        return [
            (np.copyto, (one.x, x)),
            *one.forward(two.x),
            *two.forward(top),
            (np.dot, (dense, self.top, self.z)),
            *cross_entropy(self.z, target, self.dz, loss, rows),
            (np.dot, (self.dz, self.top.T, self.gradients[2])),
            (np.dot, (dense[:, :-1].T, self.dz, self.dtop)),
            *two.backward(top, self.dtop.reshape(self.shape), self.gradients[1], further=True),
            *one.backward(two.x, two.dx, self.gradients[0], further=False),
        ]
