"""What is measured of a training run: the loss of every batch, and tests on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Machine, Program, Storage

CHUNK = 1024
"""Rows that are evaluated at once, at most."""

CHUNK_BYTES = 64 * 2**20
"""What they may take, roughly; a single row may take more."""


@dataclass(frozen=True)
class Evaluation:
    """A test on held-out rows.

    Attributes
    ----------
    loss
        Mean loss over the rows.
    accuracy
        Share of rows whose largest output is the right class; None for regression.
    rows
        How many rows were tested.
    """

    loss: float
    accuracy: float | None
    rows: int


class Evaluator:
    """Runs the forward part of a program over fixed rows, with the storage's parameters."""

    def __init__(
        self, program: Program, prediction: int, storage: Storage, x: Array, y: Array, rows: Array
    ) -> None:
        forward = program.forward_only()
        assert program.loss is not None
        self._loss, self._prediction = program.loss, prediction
        self._x, self._y = x, y
        self._labels = y if y.dtype.kind == "i" else None
        row_bytes = max(forward.memory(2) - forward.memory(1), 1)
        chunk = min(CHUNK, max(CHUNK_BYTES // row_bytes, 1))
        self._chunks = [rows[i : i + chunk] for i in range(0, len(rows), chunk)]
        sizes = {len(c) for c in self._chunks}
        self._machines = {n: Machine(forward, storage, batch=n) for n in sizes}

    def evaluate(self) -> Evaluation:
        """Mean loss and accuracy with the parameters as they are now."""
        total, hits, rows = 0.0, 0, 0
        for chunk in self._chunks:
            machine = self._machines[len(chunk)]
            machine.feed("x", self._x, chunk)
            machine.feed("y", self._y, chunk)
            machine.run()
            # Every loss is a mean over its rows, so chunks count by their size.
            total += float(machine.array(self._loss)) * len(chunk)
            rows += len(chunk)
            if self._labels is not None:
                guesses = machine.array(self._prediction).argmax(axis=1)
                hits += int(np.count_nonzero(guesses == self._labels[chunk]))
        return Evaluation(total / rows, None if self._labels is None else hits / rows, rows)


class Series:
    """A growing table of points, in an array that doubles. The first column only grows."""

    def __init__(self, columns: int) -> None:
        self._data = np.empty((64, columns))
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def points(self) -> Array:
        """All points so far, of shape (points, columns), without a copy."""
        return self._data[: self._size]

    def append(self, *row: float) -> None:
        """Add one point."""
        self._reserve(1)
        self._data[self._size] = row
        self._size += 1

    def extend(self, rows: Array) -> None:
        """Add points of shape (points, columns)."""
        self._reserve(len(rows))
        self._data[self._size : self._size + len(rows)] = rows
        self._size += len(rows)

    def drop_after(self, x: float) -> None:
        """Drop the points whose first column is above `x`."""
        self._size = int(np.searchsorted(self.points[:, 0], x, side="right"))

    def drop_from(self, x: float) -> None:
        """Drop the points whose first column is `x` or above."""
        self._size = int(np.searchsorted(self.points[:, 0], x, side="left"))

    def _reserve(self, more: int) -> None:
        while self._size + more > len(self._data):
            self._data = np.concatenate([self._data, np.empty_like(self._data)])
