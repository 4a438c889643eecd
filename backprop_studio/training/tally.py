"""What is noted of a run besides its losses: how often it is right in training, and its rate."""

from __future__ import annotations

import math

import numpy as np

from backprop_studio.autograd import Array, Machine, Program
from backprop_studio.autograd.ops.schedule import RATES
from backprop_studio.network import Lowered
from backprop_studio.training.metrics import guesses

ALL = 1000
"""Iterations of which every batch is counted, so that who goes slowly sees every epoch."""

STRIDE = 10
"""After that, one batch of so many is counted of a network with short iterations."""

ENOUGH = 200
"""Rows that a share is of, at least, unless the data have fewer."""

_LONG = 1_000_000
"""Weights times rows of a batch from which on an iteration takes so long that every batch can be
counted in a small part of a hundredth of it."""

_NUMBERS = 1 << 16
"""Scores that are kept before they are counted: few enough to stay in the processor's cache."""


def rate_of(program: Program) -> int | None:
    """Id of the learning rate that the updates of a program take; None where they take none."""
    found = [i.outputs[0] for i in program.instructions if isinstance(i.op, RATES)]
    return found[-1] if found else None


class Tally:
    """Counts the rows of batches that were said right, from what the training step computes anyway.

    It costs training less than a hundredth of its time: the scores of a batch are only copied when
    it is done, many batches are counted together, and of a small network, whose iterations take
    as long as a few of numpy's calls, not every batch is.

    What is counted are guesses with the weights before each batch's update, with all that is there
    in training only, such as dropout. So it lags a little behind a test at the end of the epoch.

    Parameters
    ----------
    lowered
        The program of the training step.
    labels
        The targets of all rows of the data set.
    rows
        How many of them are trained on.
    batch
        Rows of a training batch, at most.
    dtype
        Precision of the scores.
    """

    def __init__(
        self, lowered: Lowered, labels: Array, rows: int, batch: int, dtype: np.dtype
    ) -> None:
        pairs = zip(lowered.heads, lowered.predictions, strict=False)
        self._prediction = next((value for head, value in pairs if head.classes), None)
        self._labels = labels
        self._views: dict[Machine, Array] = {}
        self._rows: list[Array] = []
        self._filled = self._hits = self._counted = self._seen = 0
        self.due: float = 0 if self._prediction is not None else float("inf")
        """The next iteration whose batch is to be added."""
        weights = sum(math.prod(map(int, p.shape)) for p in lowered.program.parameters)
        self._stride = 1 if weights * batch >= _LONG else STRIDE
        self._enough = min(rows, ENOUGH)
        width = 1
        if self._prediction is not None:
            width = int(lowered.program.values[self._prediction].shape[1])
        self._shape = max(batch, _NUMBERS // width), width
        self._scores = np.empty((0, width), dtype)

    def add(self, machine: Machine, iteration: int, rows: Array) -> None:
        """Take the scores of a batch that a machine has just trained on, when it is `due`.

        Parameters
        ----------
        machine
            Of the training step.
        iteration
            Its number.
        rows
            Rows of the data set in the batch.
        """
        assert self._prediction is not None
        self._seen += 1
        self.due = iteration + (1 if self._seen < ALL else self._stride)
        scores = self._views.get(machine)
        if scores is None:
            scores = self._views[machine] = machine.array(self._prediction)
        stop = self._filled + len(scores)
        if stop > len(self._scores):
            self._count()
            stop = len(scores)
            if not len(self._scores):
                self._scores = np.empty(self._shape, self._scores.dtype)
        self._scores[self._filled : stop] = scores
        self._filled = stop
        self._rows.append(rows)

    def rest(self) -> None:
        """Let go of the machines that it knows and of its room; both come again when needed."""
        self._count()
        self._views.clear()
        self._scores = self._scores[:0].copy()

    def close(self) -> float:
        """The share of rows that were right since the last time, at the end of an epoch.

        Where too few were counted to tell, it is NaN, and they count for the next time.
        """
        # Where an epoch has a multiple of the stride, it is not always the same batches' turn.
        self.due += self._seen >= ALL and self._stride > 1
        if self._counted + self._filled < self._enough:
            return math.nan
        self._count()
        share = self._hits / self._counted
        self._hits = self._counted = 0
        return share

    def _count(self) -> None:
        if not self._filled:
            return
        said = guesses(self._scores[: self._filled])
        self._hits += int(np.count_nonzero(said == self._labels[np.concatenate(self._rows)]))
        self._counted += self._filled
        self._filled = 0
        self._rows.clear()
