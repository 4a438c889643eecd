"""Cuts an epoch into batches: in which order the rows come, and where the cuts are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from backprop_studio.data._random import permutation

_STREAM = 2


def epoch_order(
    count: int, *, seed: int, epoch: int, shuffle: bool = True
) -> npt.NDArray[np.int64]:
    """Return the order in which an epoch visits its rows, from (seed, epoch) alone.

    No generator is carried from epoch to epoch, so rewinding can ask for any epoch again.

    Parameters
    ----------
    count
        Number of training rows, at least 0.
    seed
        In [0, 2**64).
    epoch
        Counted from 0, below 2**32.
    shuffle
        Whether the order is drawn anew; otherwise every epoch goes through the rows as they lie.

    Returns
    -------
    Array of shape (count,)
        Read-only int64 permutation of ``range(count)``: positions in ``Split.train``.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    if shuffle:
        order = permutation(_checked_count(count), _STREAM, seed=seed, index=epoch)
    else:
        order = np.arange(_checked_count(count), dtype=np.int64)
    order.flags.writeable = False
    return order


def batch_bounds(count: int, batch_size: int) -> tuple[tuple[int, int], ...]:
    """Return the half-open range [start, stop) of each batch; the last may be smaller.

    Raises
    ------
    ValueError
        If `count` is negative or `batch_size` is below 1.
    """
    batches = batches_per_epoch(count, batch_size)
    return tuple(
        (start, min(start + batch_size, count))
        for start in range(0, batches * batch_size, batch_size)
    )


def batches_per_epoch(count: int, batch_size: int) -> int:
    """Return how many batches visit `count` rows once: ``count / batch_size``, rounded up.

    Raises
    ------
    ValueError
        If `count` is negative or `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    return -(-_checked_count(count) // batch_size)


def _checked_count(count: int) -> int:
    if count < 0:
        raise ValueError(f"count is {count}; it must be at least 0")
    return count
