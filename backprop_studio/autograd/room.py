"""What may lie around a value's numbers in memory, so that kernels need not copy them.

A matrix product wants a row of ones beneath its input, for the bias; a convolution wants zeros
around its pictures. An op asks for such room with `Op.rooms`. It is a wish: it must also do
without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backprop_studio.autograd.symbol import Array


class Room(Protocol):
    """A buffer with a place in it for a value. Equal rooms can stand in for each other."""

    def make(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """A new buffer, and the view of `shape` in it that is the value."""
        ...


@dataclass(frozen=True)
class Last:
    """No more than the value takes, its batch innermost."""

    def make(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """A new buffer, and the view of `shape` in it that is the value."""
        buffer = np.zeros((*shape[1:], shape[0]), dtype)
        return buffer, np.moveaxis(buffer, -1, 0)


@dataclass(frozen=True)
class Ones:
    """A matrix of shape (N, features) with ones as one feature more, in `buffer` (features + 1, N).

    Attributes
    ----------
    by_row
        Whether the batch is outermost in memory nevertheless: rows of data are copied as they are.
    """

    by_row: bool = False

    def make(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """A new buffer, and the view of `shape` in it that is the value."""
        rows, features = shape
        if self.by_row:
            buffer = np.zeros((rows, features + 1), dtype).T
        else:
            buffer = np.zeros((features + 1, rows), dtype)
        buffer[-1] = 1.0
        return buffer, buffer[:-1].T


@dataclass(frozen=True)
class Grid:
    """Pictures (N, channels, height, width) at the start of a wider grid, the batch innermost.

    The buffer has shape (channels, (front + rows · columns + back) · N): each channel's grid of
    rows end to end, with a margin before and after. Sequences are pictures one row high.

    Attributes
    ----------
    rows, columns
        Size of the grid, not below that of a picture.
    front, back
        Entries before and after the grid of each channel.
    clean
        Whether everything outside the pictures stays zero.
    """

    rows: int
    columns: int
    front: int
    back: int
    clean: bool

    @property
    def cells(self) -> int:
        """Entries of a channel, for one picture."""
        return self.front + self.rows * self.columns + self.back

    def make(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """A new buffer, and the view of `shape` in it that is the value."""
        images, channels, *size = shape
        buffer = np.zeros((channels, self.cells * images), dtype)
        view = self.grid(buffer, images)[:, : size[0] if len(size) > 1 else 1, : size[-1]]
        return buffer, np.moveaxis(view if len(size) > 1 else view[:, 0], -1, 0)

    def grid(self, buffer: Array, images: int) -> Array:
        """The grid in a buffer, as a view of shape (channels, rows, columns, images)."""
        cells = self.rows * self.columns * images
        part = buffer[:, self.front * images : self.front * images + cells]
        return part.reshape(len(buffer), self.rows, self.columns, images)
