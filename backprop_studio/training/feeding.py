"""The arrays of a data set as the inputs of a program want them."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data import Dataset
from backprop_studio.network import Feed, Lowered, Source


def sources(lowered: Lowered, dataset: Dataset, dtype: np.dtype) -> dict[str, Array]:
    """For each input its array, all rows of the data set: whole numbers as they are.

    Where the data set has that precision, nothing is copied: every branch of a run reads the same
    rows.

    Parameters
    ----------
    lowered
        Whose inputs.
    dataset
        The data set that it was lowered for.
    dtype
        Precision of everything that is not a whole number.
    """
    return fed(lowered, dataset.x, dataset.y, dtype)


def fed(lowered: Lowered, x: Array, y: Array | None, dtype: np.dtype) -> dict[str, Array]:
    """The same of any rows, also of made-up ones.

    Parameters
    ----------
    lowered
        Whose inputs.
    x
        Features, of shape (rows, …) as in the data set that it was lowered for.
    y
        Targets of these rows; without them, the inputs that take targets are missing.
    dtype
        Precision of everything that is not a whole number.
    """
    sides = {Source.FEATURES: _in_precision(x, dtype)}
    if y is not None:
        sides[Source.TARGETS] = _in_precision(y, dtype)
    return {f.name: _cut(sides[f.source], f) for f in lowered.feeds if f.source in sides}


def _in_precision(array: Array, dtype: np.dtype) -> Array:
    return array if array.dtype.kind == "i" else array.astype(dtype, copy=False)


def _cut(array: Array, feed: Feed) -> Array:
    if feed.columns is not None:
        return np.ascontiguousarray(array[:, slice(*feed.columns)])
    # Rows are stored flat; the network may want pictures. Reshaping is only a view.
    return array.reshape(len(array), *feed.row)
