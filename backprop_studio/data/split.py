"""Divides the rows of a data set into those trained on and those kept back for validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backprop_studio.data._random import permutation
from backprop_studio.data.dataset import Dataset, Task
from backprop_studio.errors import StudioError

_STREAM = 1


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Which rows of a data set are for what; each row is in exactly one part.

    Attributes
    ----------
    train
        Read-only int64 array of shape (t,), t >= 1: rows to train on, ascending.
    validation
        Read-only int64 array of shape (v,), v >= 1: rows kept back, ascending.
    """

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]


def split(
    dataset: Dataset, *, validation_fraction: float, seed: int, stratified: bool = True
) -> Split:
    """Split `dataset` at random, keeping the proportions of the classes.

    The number of validation rows is ``validation_fraction * size`` rounded, but leaves at least
    one row to each part. For classification it is shared among the classes in proportion to
    their rows by the Sainte-Laguë method, and every class keeps a training row as long as
    there are enough training rows for that. Depends on the targets and arguments only.

    Parameters
    ----------
    dataset
        At least two rows.
    validation_fraction
        Share of the rows to keep back, strictly between 0 and 1.
    seed
        In [0, 2**64).
    stratified
        Whether the proportions of the classes are kept; otherwise all rows are drawn alike.

    Raises
    ------
    ValueError
        If `validation_fraction` or `seed` is out of range.
    StudioError
        ``dataset-invalid`` if there is only one row.

    References
    ----------
    A. Sainte-Laguë, "La représentation proportionnelle et la méthode des moindres carrés",
    Annales scientifiques de l'É.N.S. 27, 1910: the next seat goes to the largest
    ``rows / (seats + 1/2)``, which is the smallest ``(seats + 1/2) / rows`` below.
    """
    if not 0.0 < validation_fraction < 1.0:
        raise ValueError(
            f"validation_fraction is {validation_fraction}; it must be above 0 and below 1"
        )
    count = dataset.size
    if count < 2:
        raise StudioError(
            "dataset-invalid", name=dataset.title, reason="it has one row and a split needs two"
        )
    wanted = held_out(count, validation_fraction)
    if stratified and dataset.task is Task.CLASSIFICATION:
        groups = dataset.y.astype(np.int64, copy=False)
    else:
        groups = np.zeros(count, np.int64)

    turn = np.empty(count, np.float64)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        shuffled = rows[permutation(len(rows), _STREAM, seed=seed, index=int(group))]
        turn[shuffled] = (np.arange(len(rows)) + 0.5) / len(rows)
        turn[shuffled[-1]] = np.inf  # the last row of a class is the last to leave training
    order = np.argsort(turn, kind="stable")
    return Split(train=_sorted(order[wanted:]), validation=_sorted(order[:wanted]))


def held_out(count: int, fraction: float) -> int:
    """How many of `count` rows, two or more, `split` keeps back."""
    return min(max(int(fraction * count + 0.5), 1), count - 1)


def _sorted(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    rows = np.sort(rows).astype(np.int64, copy=False)
    rows.flags.writeable = False
    return rows
