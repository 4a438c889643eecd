"""What is drawn of a run's curves: smoothed, by epoch, and as text."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from backprop_studio.autograd import Array

HELD_OUT, LEARNED, RATE = 2, 3, 4
"""Columns of the points of tests: held-out accuracy, accuracy on the batches as they were trained
on, learning rate."""


def points_of(tests: Array, column: int) -> Array:
    """One column of the points of tests by epoch, of shape (points, 2); NaN is left out."""
    known = np.isfinite(tests[:, column])
    return np.stack([tests[known, 0], tests[known, column]], axis=1)


def as_steps(points: Array) -> Array:
    """Points of a curve that stays the same within each epoch, from its start to its end.

    Parameters
    ----------
    points
        Of shape (epochs, 2): ends of epochs, and the number that held in the epoch.

    Returns
    -------
    Array of shape (2 * epochs, 2)
    """
    before = np.concatenate([[-np.inf], points[:-1, 0]])
    steps = np.repeat(points, 2, axis=0)
    steps[::2, 0] = np.maximum(before, points[:, 0] - 1.0)
    return steps


def rate_steps(tests: Array, by_hand: Sequence[float] = ()) -> list[tuple[float, float, float]]:
    """Where a schedule cut the learning rate after it had stood still.

    A rate that changes in every epoch has no such place: that is a curve.

    Parameters
    ----------
    tests
        Points of tests; the rate of an epoch is noted at its end.
    by_hand
        Epochs at which somebody set the rate, which is no step of the schedule.

    Returns
    -------
    list of tuple
        Epoch, rate before and rate after.
    """
    points = points_of(tests, RATE)
    rates = points[:, 1]
    still, changed = rates[:-2] == rates[1:-1], rates[1:-1] != rates[2:]
    found = []
    for at in np.flatnonzero(still & changed) + 1:
        (ended, before), (now, after) = points[at : at + 2].tolist()
        if not any(ended <= when <= now for when in by_hand):
            found.append((ended, before, after))
    return found


def running_mean(y: Array, window: int) -> Array:
    """The mean of each number and those before it, `window` of them.

    Parameters
    ----------
    y
        Of shape (points,). What is not finite is left out of the means.
    window
        How many numbers a mean is of, at least 1; fewer at the beginning.

    Returns
    -------
    Array of shape (points,)
        float64; NaN where no number is finite.
    """
    good = np.isfinite(y)
    # From the middle of the numbers, so that large sums do not drown small differences.
    middle = float(y[good].mean()) if good.any() else 0.0
    sums = np.concatenate([[0.0], np.cumsum(np.where(good, y, middle) - middle, dtype=np.float64)])
    counts = np.concatenate([[0], np.cumsum(good)])
    stop = np.arange(1, len(y) + 1)
    start = np.maximum(stop - window, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[stop] - sums[start]) / (counts[stop] - counts[start]) + middle)


def per_epoch(points: Array) -> Array:
    """The mean loss of each epoch, at its end.

    Parameters
    ----------
    points
        Of shape (points, 2): epochs, loss of the batch.

    Returns
    -------
    Array of shape (epochs, 2)
        Means of what is finite. The last epoch, if it is not finished, ends where it stands.
    """
    if not len(points):
        return np.empty((0, 2))
    # A batch that ends at 2.0 belongs to the second epoch.
    number = np.ceil(points[:, 0] - 1e-9).astype(np.int64)
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    ends = np.append(starts[1:], len(points)) - 1
    good = np.isfinite(points[:, 1])
    sums = np.add.reduceat(np.where(good, points[:, 1], 0.0), starts)
    counts = np.add.reduceat(good.astype(np.int64), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([points[ends, 0], sums / counts], axis=1)


def as_csv(curves: Sequence[tuple[str, str, Array]]) -> str:
    """All points of some curves as comma-separated text, none left out.

    Parameters
    ----------
    curves
        Name, what its numbers are, and points of shape (points, 2).

    Returns
    -------
    str
        With a line of headings. Numbers have all their digits.
    """
    out = io.StringIO()
    out.write("curve,quantity,epoch,value\n")
    for name, quantity, points in curves:
        head = f"{_quoted(name)},{_quoted(quantity)},"
        for x, y in points.tolist():
            out.write(f"{head}{x!r},{y!r}\n")
    return out.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n\r') else text
