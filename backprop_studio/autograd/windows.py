"""Windows that slide over pictures and sequences: their sizes, and pictures laid out as columns.

Kernels see every sequence as a picture one row high, so there is one of each for both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from backprop_studio.autograd.op import Call
from backprop_studio.autograd.symbol import Array, Shape
from backprop_studio.errors import ShapeError

COLUMN_BYTES = 2**18
"""Columns gathered for one matrix product; more would leave the processor's nearest caches."""

_AXES = {1: ("length",), 2: ("height", "width")}


@dataclass(frozen=True)
class Window:
    """A window that slides over one or two axes; each field has one number an axis.

    Attributes
    ----------
    kernel
        Entries that the window covers.
    stride
        Entries from one place of the window to the next.
    padding
        Entries added at both ends.
    dilation
        Entries from one that the window covers to the next.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(
        cls, axes: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> Window:
        """The same along one or two axes."""
        return cls((kernel,) * axes, (stride,) * axes, (padding,) * axes, (dilation,) * axes)

    @property
    def axes(self) -> int:
        """Over how many axes it slides."""
        return len(self.kernel)

    @property
    def count(self) -> int:
        """How many entries it covers."""
        return math.prod(self.kernel)

    def flat(self) -> Window:
        """The same over pictures; over sequences, it is one row high."""
        if self.axes == 2:
            return self
        return Window((1, *self.kernel), (1, *self.stride), (0, *self.padding), (1, *self.dilation))

    def places(self, size: tuple[int, ...]) -> tuple[int, ...]:
        """How many places there are along each axis; below 1 when the window does not fit.

        Source: the shape rule of `torch.nn.Conv2d`, rounded down.
        """
        return tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(
                size, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )

    def infer(self, name: str, shape: Shape) -> tuple[int, ...]:
        """Places along each axis for inputs of this shape.

        Raises
        ------
        ShapeError
            There is another number of axes, or the window is larger than the padded input.
        """
        axes = "×".join(_AXES[self.axes])
        if len(shape) != self.axes + 2 or any(not isinstance(d, int) for d in shape[1:]):
            raise ShapeError.of(name, f"N×channels×{axes}", shape)
        numbers = (*self.kernel, *self.stride, *self.dilation)
        if min(numbers) < 1 or min(self.padding) < 0:
            raise ShapeError.of(name, "a window of at least one entry, no size negative", shape)
        places = self.places(tuple(int(d) for d in shape[2:]))
        if min(places) < 1:
            least = "×".join(
                str(max(1, d * (k - 1) + 1 - 2 * p))
                for k, p, d in zip(self.kernel, self.padding, self.dilation, strict=True)
            )
            raise ShapeError.of(
                name, f"{axes} of at least {least}, because its window must fit", shape
            )
        return places

    def index(self, place: str, entry: str, axis: int) -> str:
        """Where entry `i` of the window at place `p` lies, such as `2p + i - 1`."""
        s, p, d = self.stride[axis], self.padding[axis], self.dilation[axis]
        first = place if s == 1 else f"{s}{place}"
        second = entry if d == 1 else f"{d}{entry}"
        return f"{first}+{second}" + (f"-{p}" if p else "")


def as_pictures(array: Array) -> Array:
    """A view of sequences (or of their weights) as pictures one row high; pictures as they are."""
    return array if array.ndim == 4 else array[:, :, None]


class Columns:
    """Buffers in which some pictures lie as columns: one row an entry of the window.

    With a stride of 1, pictures lie end to end with their padding between them, shared by
    neighbours. An entry of the window is then a shift of everything, so that gathering the
    columns is one block copy an entry; the few columns that belong to no place of the window
    (it would reach over a picture's edge) are computed and dropped. With a larger stride, the
    entries are gathered picture row by picture row.

    Parameters
    ----------
    window
        Over pictures.
    channels, size
        Of one picture.
    groups
        Parts that the channels are cut into.
    images
        How many pictures.
    dtype
        Precision.

    Attributes
    ----------
    matrix
        Array of shape (groups, window entries × channels of a group, columns).
    columns
        Array of shape (images, height, width), the grid that the columns stand for; places of
        the window come first on each axis.
    picture
        View of shape (channels, images, height, width): the pictures without their padding.
    """

    def __init__(
        self,
        window: Window,
        channels: int,
        size: tuple[int, int],
        groups: int,
        images: int,
        dtype: np.dtype[np.floating],
    ) -> None:
        (height, width), (top, left) = size, window.padding
        self.places = window.places(size)
        split = (groups, channels // groups)
        taps = list(product(*(range(k) for k in window.kernel)))
        if window.stride == (1, 1):
            grid = (max(height + top, self.places[0]), max(width + left, self.places[1]))
            shifts = [
                (i * window.dilation[0] - top) * grid[1] + j * window.dilation[1] - left
                for i, j in taps
            ]
            front, length = -min(0, *shifts), images * grid[0] * grid[1]
            self.buffer = np.zeros((channels, front + length + max(0, *shifts)), dtype)
            pictures = self.buffer[:, front : front + length].reshape(channels, images, *grid)
            self.picture = pictures[:, :, :height, :width]
            by_group = self.buffer.reshape(*split, -1)
            sources = [by_group[..., front + s : front + s + length] for s in shifts]
            self.columns: tuple[int, ...] = (images, *grid)
        else:
            grid = (height + 2 * top, width + 2 * left)
            self.buffer = np.zeros((channels, images, *grid), dtype)
            self.picture = self.buffer[:, :, top : top + height, left : left + width]
            by_group = self.buffer.reshape(*split, images, *grid)
            sources = [by_group[:, :, :, ys, xs] for ys, xs in _cuts(window, self.places)]
            length = images * self.places[0] * self.places[1]
            self.columns = (images, *self.places)
        self.matrix = np.zeros((groups, len(taps) * split[1], length), dtype)
        blocks = self.matrix.reshape(groups, len(taps), split[1], length)
        self._taps = [
            (blocks[:, k].reshape(source.shape), source) for k, source in enumerate(sources)
        ]
        # The view must be one: a copy would be gathered into and never read.
        assert all(np.shares_memory(block, self.matrix) for block, _ in self._taps) or not length

    def gather(self, pictures: Array) -> list[Call]:
        """Calls that fill the matrix from pictures of shape (images, channels, height, width)."""
        return [
            (np.copyto, (self.picture, pictures.transpose(1, 0, 2, 3))),
            *((np.copyto, tap) for tap in self._taps),
        ]

    def scatter(self, pictures: Array) -> list[Call]:
        """Calls that add every column of the matrix to where it was gathered from."""
        return [
            (self.buffer.fill, (0.0,)),
            *((np.add, (source, block, source)) for block, source in self._taps),
            (np.copyto, (pictures.transpose(1, 0, 2, 3), self.picture)),
        ]

    def rows(self, channels: int, groups: int) -> tuple[Array, Array]:
        """A matrix with as many columns, and its part that stands for places of the window.

        Their shapes are (groups, channels of a group, columns) and (channels, images, *places).
        """
        flat = np.zeros((groups, channels // groups, self.matrix.shape[2]), self.matrix.dtype)
        grid = flat.reshape(channels, *self.columns)
        return flat, grid[:, :, : self.places[0], : self.places[1]]


def _cuts(window: Window, places: tuple[int, ...]) -> Iterator[list[slice]]:
    """For each entry of the window, where it lies in the padded picture at all places."""
    for entry in product(*(range(k) for k in window.kernel)):
        yield [
            slice(e * d, e * d + (n - 1) * s + 1, s)
            for e, d, n, s in zip(entry, window.dilation, places, window.stride, strict=True)
        ]


def column_bytes(window: Window, channels: int, size: tuple[int, ...], itemsize: int) -> int:
    """Bytes of the columns of one picture or sequence, and of the padded picture itself."""
    places = window.places(size)
    padded = [n + 2 * p for n, p in zip(size, window.padding, strict=True)]
    columns = padded if max(window.stride) == 1 else places
    return channels * itemsize * (window.count * math.prod(columns) + math.prod(padded))


def portions(images: int, bytes_each: int) -> Iterator[slice]:
    """Cuts a batch so that the columns of each part fit into `COLUMN_BYTES`, if one does."""
    step = max(1, COLUMN_BYTES // max(1, bytes_each))
    for start in range(0, images, step):
        yield slice(start, min(start + step, images))
