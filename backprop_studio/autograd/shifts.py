"""Convolution as shifts: pictures with their batch innermost, in grids with zeros around them.

With a stride of 1, an entry of the window is a shift of a whole grid, so that gathering the columns
for the matrix product is one block copy an entry, whatever the number of pictures. The few columns
that belong to no place of the window (it would reach over a picture's edge) are computed and land
in the part of the result's grid that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from backprop_studio.autograd.op import Call, RunContext
from backprop_studio.autograd.room import Grid
from backprop_studio.autograd.symbol import Array
from backprop_studio.autograd.windows import Window

PART_BYTES = 3 * 2**19
"""Columns gathered for one matrix product, and its results: they should stay in the caches."""

RESULTS = 64
"""Rows that results are taken to have; more or fewer make little difference."""


class Shifts:
    """The shifts of a window of stride 1 over pictures of one size.

    Parameters
    ----------
    window
        Over pictures or sequences.
    size
        Axes of one picture or sequence.

    Attributes
    ----------
    padded
        Room for pictures that the window slides over: zeros around them, as far as it reaches.
    result
        Room for what is computed at each place.
    """

    def __init__(self, window: Window, size: tuple[int, ...]) -> None:
        window = window.flat()
        height, width = size if len(size) == 2 else (1, *size)
        (top, left), places = window.padding, window.places((height, width))
        # Rows share the zeros between them: what is right of one is left of the next.
        self._rows, self._columns = max(height, places[0]), max(width + left, places[1])
        self._shifts = [
            (i * window.dilation[0] - top) * self._columns + j * window.dilation[1] - left
            for i, j in product(*(range(k) for k in window.kernel))
        ]
        self._front, self._back = max(0, -min(self._shifts)), max(0, *self._shifts)

    def padded(self, *, clean: bool) -> Grid:
        """Room for pictures that the window slides over."""
        return Grid(self._rows, self._columns, self._front, self._back, clean)

    def result(self, *, clean: bool) -> Grid:
        """Room for what belongs to each place of the window."""
        return Grid(self._rows, self._columns, 0, 0, clean)

    def cuts(self, channels: int, images: int, itemsize: int) -> Iterator[slice]:
        """Parts of a grid whose columns fit into the processor's nearest caches."""
        length = self._rows * self._columns * images
        most = PART_BYTES // ((len(self._shifts) * channels + RESULTS) * itemsize)
        step = max(1, images, most)
        for start in range(0, length, step):
            yield slice(start, min(start + step, length))

    def taps(self, buffer: Array, part: slice, images: int) -> list[Array]:
        """For each entry of the window, what it sees from a part of the grid."""
        starts = [(self._front + shift) * images for shift in self._shifts]
        return [buffer[:, start + part.start : start + part.stop] for start in starts]


def blocks(columns: Array, channels: int) -> list[Array]:
    """The rows of a matrix of columns that belong to each entry of the window."""
    return [columns[k : k + channels] for k in range(0, len(columns) - channels + 1, channels)]


def settled(context: RunContext, array: Array, room: Grid) -> tuple[Array, list[Call], list[Call]]:
    """The buffer of an array, its own or a new one, and the copies into it and out of it."""
    known, buffer = context.room(array)
    if known == room:
        return buffer, [], []
    buffer, view = room.make(array.shape, array.dtype)
    return buffer, [(np.copyto, (view, array))], [(np.copyto, (array, view))]


def workspace(rows: int, cuts: list[slice], dtype: np.dtype[np.floating]) -> dict[int, Array]:
    """A matrix with so many rows for the parts of each length."""
    return {n: np.zeros((rows, n), dtype) for n in {part.stop - part.start for part in cuts}}
