"""The arrays of a data set as the inputs of a program want them."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data import Dataset
from backprop_studio.network import Feed, Lowered, Source


def sources(lowered: Lowered, dataset: Dataset, dtype: np.dtype) -> dict[str, Array]:
    """For each input its array, all rows of the data set: whole numbers as they are.

    Parameters
    ----------
    lowered
        Whose inputs.
    dataset
        The data set that it was lowered for.
    dtype
        Precision of everything that is not a whole number.
    """
    sides = {
        Source.FEATURES: _in_precision(dataset.x, dtype),
        Source.TARGETS: _in_precision(dataset.y, dtype),
    }
    return {feed.name: _cut(sides[feed.source], feed) for feed in lowered.feeds}


def _in_precision(array: Array, dtype: np.dtype) -> Array:
    return array if array.dtype.kind == "i" else array.astype(dtype)


def _cut(array: Array, feed: Feed) -> Array:
    if feed.columns is not None:
        return np.ascontiguousarray(array[:, slice(*feed.columns)])
    # Rows are stored flat; the network may want pictures. Reshaping is only a view.
    return array.reshape(len(array), *feed.row)
