"""The entries of an array that a picture of it shows: how they are laid out, and which part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from backprop_studio.ui.widgets.sampling import Floats

Window = tuple[int, int, int, int]
"""First row and column of a part of a table, its height and its width."""


class Excerpt:
    """An array as a table of rows and columns, and the part of it that is looked at.

    A vector is one row; an array of more than two axes has one row per first index. With
    `places`, the entries are laid out otherwise, as pictures.

    Attributes
    ----------
    table : Array of shape (rows, columns), or None
        All entries; None while there are none.
    data : Array of shape (height, width), or None
        Those in sight: `table`, or the part of it that begins at `origin`.
    places : int Array of shape (rows, columns), or None
        Each place's entry by its flat index, -1 for none.
    window : tuple of int, or None
        The part in sight; None when that is all.
    """

    def __init__(self) -> None:
        self.table: Floats | None = None
        self.data: Floats | None = None
        self.places: npt.NDArray[np.intp] | None = None
        self.window: Window | None = None
        self._shape: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is no entry in sight."""
        return self.data is None or self.data.size == 0

    @property
    def origin(self) -> tuple[int, int]:
        """Row and column of the first entry in sight."""
        return (0, 0) if self.window is None else self.window[:2]

    def lay_out(self, places: npt.NDArray[np.intp] | None) -> None:
        """Lay the next array out otherwise, and look at all of it."""
        self.places, self.window = places, None

    def clear(self) -> None:
        """Show nothing, until there is another array."""
        self.data = None

    def set_array(self, array: Floats, *, same_part: bool) -> None:
        """Take other numbers, of which the same part or all is in sight.

        An array that is still writable is copied.
        """
        self._shape = array.shape
        # `len` counts rows; a vector and a scalar are one row.
        rows = array.shape[0] if array.ndim > 1 else 1
        table = array.reshape(rows, array.size // rows if rows else 0)
        if self.places is not None:
            # The gaps are painted over.
            self.table = array.reshape(-1)[self.places]
        else:
            self.table = table.copy() if array.flags.writeable else table
        if not same_part:
            self.window = None
        self.data = self.table
        if self.window is not None:
            top, left, height, width = self.window
            self.data = self.table[top : top + height, left : left + width]

    def zoom(self, factor: float, at: tuple[int, int] | None) -> None:
        """Look at a part of the entries in sight, or at more, around one of them or the middle."""
        assert self.table is not None and self.data is not None
        rows, columns = self.table.shape
        top, left, height, width = self.window or (0, 0, rows, columns)
        row, column = at or (self.data.shape[0] // 2, self.data.shape[1] // 2)
        row, column = row + top, column + left
        height = min(max(round(height / factor), min(2, rows)), rows)
        width = min(max(round(width / factor), min(2, columns)), columns)
        self._look_at(row - height // 2, column - width // 2, height, width)

    def _look_at(self, top: int, left: int, height: int, width: int) -> None:
        assert self.table is not None
        rows, columns = self.table.shape
        top = min(max(top, 0), rows - height)
        left = min(max(left, 0), columns - width)
        whole = (height, width) == (rows, columns)
        self.window = None if whole else (top, left, height, width)
        self.data = self.table[top : top + height, left : left + width]

    def gaps(self) -> npt.NDArray[np.bool_] | None:
        """Which places in sight belong to no entry; None when all do."""
        if self.places is None or self.table is None or self.data is None:
            return None
        top, left = self.origin
        rows, columns = self.data.shape
        found: npt.NDArray[np.bool_] = self.places[top : top + rows, left : left + columns] < 0
        return found

    def index(self, row: int, column: int) -> tuple[int, ...]:
        """The index in the array of an entry in sight."""
        assert self.table is not None
        top, left = self.origin
        if self.places is not None:
            flat = int(self.places[row + top, column + left])
        else:
            flat = (row + top) * self.table.shape[1] + column + left
        return tuple(int(i) for i in np.unravel_index(flat, self._shape))

    def largest(self, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[int, int] | None:
        """The entry of largest magnitude, or none that is finite, among some of those in sight.

        None where there are only gaps.
        """
        assert self.data is not None
        (top, bottom), (left, right) = rows, columns
        block = self.data[top:bottom, left:right]
        magnitude = np.where(np.isfinite(block), np.abs(block), np.inf)
        gaps = self.gaps()
        if gaps is not None:
            magnitude[gaps[top:bottom, left:right]] = -1.0
            if magnitude.max() < 0:
                return None
        row, column = divmod(int(magnitude.argmax()), block.shape[1])
        return top + row, left + column

    def move(self, cursor: tuple[int, int], to: tuple[int, int]) -> tuple[int, int]:
        """Where a cursor comes to when it is sent from one place in sight to another.

        The part in sight goes along with a cursor that would leave it. Over the gap between two
        pictures the cursor goes to the next one.
        """
        assert self.data is not None and self.table is not None
        rows, columns = self.data.shape
        row, column = to
        if self.window is not None:
            top, left, height, width = self.window
            down = min(row, 0) + max(row - height + 1, 0)
            across = min(column, 0) + max(column - width + 1, 0)
            if down or across:
                self._look_at(top + down, left + across, height, width)
                row, column = row - down, column - across
        row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        gaps = self.gaps()
        if gaps is None or not gaps[row, column]:
            return row, column
        down, across = row - cursor[0], column - cursor[1]
        row, column = row + np.sign(down), column + np.sign(across)
        inside = 0 <= row < rows and 0 <= column < columns and not gaps[row, column]
        return (int(row), int(column)) if inside else cursor
