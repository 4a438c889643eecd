"""What is measured of a training run: the loss of every batch, and tests on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Machine, Storage
from backprop_studio.network import Head, Lowered, memory

TEST_COLUMNS = 5
"""Of the points of tests: epochs, held-out loss, held-out accuracy, accuracy on the batches of the
epoch that ends there, as they were trained on, and its last learning rate. NaN is for none."""

_MANY = 1 << 20
"""Points from which on a table grows by a quarter at a time."""


@dataclass(frozen=True)
class Evaluation:
    """A test on held-out rows.

    Attributes
    ----------
    loss
        Loss of the data, without penalties on weights: its mean over the rows or, if the loss is
        a sum, that mean times the size of a batch, so that it compares with the training loss.
        Of several losses, the weighted sum.
    accuracy
        Share of rows whose largest output is the right class (whose only output is above zero
        for the second of two classes, and not for the first); None for regression.
    rows
        How many rows were tested.
    """

    loss: float
    accuracy: float | None
    rows: int


class Evaluator:
    """Runs a network as it is used, over fixed rows, with the storage's parameters.

    Penalties on weights are left out.

    Parameters
    ----------
    lowered
        The program for evaluation, and its losses.
    storage
        Whose parameters to use.
    sources
        All rows of each input; see `feeding.sources`.
    targets
        Targets of all rows.
    rows
        Which of them to test on.
    batch_size
        Rows of a training batch.
    """

    def __init__(
        self,
        lowered: Lowered,
        storage: Storage,
        sources: Mapping[str, Array],
        targets: Array,
        rows: Array,
        batch_size: int,
    ) -> None:
        self._forward = forward = lowered.evaluation
        self._storage = storage
        self._heads = lowered.heads
        self._batch_size = batch_size
        self._sources = sources
        self._judged = next((head for head in self._heads if head.classes), None)
        self._labels = targets
        chunk = memory.chunk_of(forward)
        self._chunks = [rows[i : i + chunk] for i in range(0, len(rows), chunk)]
        self._machines: dict[int, Machine] = {}

    def rest(self) -> None:
        """Give back the room for values, until it is wanted again."""
        self._machines.clear()

    def evaluate(self) -> Evaluation:
        """Mean loss and accuracy with the parameters as they are now."""
        totals, counts = np.zeros(len(self._heads)), np.zeros(len(self._heads))
        hits, rows = 0, 0
        for chunk in self._chunks:
            machine = self._machine(len(chunk))
            for name, source in self._sources.items():
                machine.feed(name, source, chunk)
            machine.run()
            for place, head in enumerate(self._heads):
                loss = float(machine.array(head.loss))
                # A mean counts by what it was divided by.
                count = self._count(head, chunk)
                totals[place] += loss * (self._batch_size if head.sums else count)
                counts[place] += count
            rows += len(chunk)
            if self._judged is not None:
                said = guesses(machine.array(self._judged.prediction))
                hits += int(np.count_nonzero(said == self._labels[chunk]))
        weights = np.array([head.weight for head in self._heads])
        loss = float(np.sum(weights * totals / counts))
        return Evaluation(loss, None if self._judged is None else hits / rows, rows)

    def _machine(self, rows: int) -> Machine:
        if rows not in self._machines:
            self._machines[rows] = Machine(self._forward, self._storage, batch=rows)
        return self._machines[rows]

    def _count(self, head: Head, chunk: Array) -> float:
        """How many rows a chunk counts for: by their class, where classes are weighed."""
        if head.sums or not head.class_weights:
            return float(len(chunk))
        return float(np.take(head.class_weights, self._labels[chunk]).sum())


def guesses(scores: Array) -> Array:
    """The class that each row of scores is for; a single score is for the second when above 0."""
    return scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)


class Series:
    """A growing table of points, in an array with room for more. The first column only grows."""

    def __init__(self, columns: int) -> None:
        self._data = np.empty((64, columns))
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def nbytes(self) -> int:
        """Bytes that the table takes, with its room to grow."""
        return self._data.nbytes

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
        need, rows = self._size + more, len(self._data)
        if need <= rows:
            return
        while rows < need:
            # Twice as much would be much to no purpose where the points of hours lie.
            rows += rows if rows < _MANY else rows // 4
        grown = np.empty((rows, self._data.shape[1]))
        grown[: self._size] = self.points
        self._data = grown
