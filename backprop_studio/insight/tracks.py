"""Curves of what a history has followed: of parameters, or of the layers that they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.insight.history import BINS, LEVELS, OCTAVES, Quantity, Sample

_OF_NODES = (Quantity.ACTIVATION, Quantity.SIGNAL)


class Measure(StrEnum):
    """What can be drawn over time."""

    GRADIENT = "gradient"
    WEIGHT = "weight"
    UPDATE = "update"
    RATIO = "ratio"
    """Norm of the update over that of the weights."""
    ACTIVATION = "activation"
    SIGNAL = "signal"


@dataclass(frozen=True)
class Curve:
    """One of them over time.

    Attributes
    ----------
    key
        Of a parameter; of one part for a layer, which is the id of the node or the name that its
        weights are kept under.
    values
        One for each sample; NaN where there is none.
    """

    key: tuple[str, ...]
    values: tuple[float, ...]


def curves(samples: Sequence[Sample], measure: Measure, *, layers: bool) -> tuple[Curve, ...]:
    """How a measure went, in the order of the network as it was last.

    Parameters
    ----------
    samples
        In the order of time.
    measure
        What is wanted.
    layers
        Whether the parameters of a layer are taken together: the norm of all their numbers.
    """
    if not samples:
        return ()
    if measure is Measure.RATIO:
        updates = curves(samples, Measure.UPDATE, layers=layers)
        weights = {c.key: c for c in curves(samples, Measure.WEIGHT, layers=layers)}
        return tuple(
            Curve(u.key, tuple(map(_ratio, u.values, weights[u.key].values))) for u in updates
        )
    quantity = Quantity(measure)
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for kind, key in samples[-1].sizes:
        if kind is quantity:
            group = key[:1] if layers and quantity not in _OF_NODES else key
            groups.setdefault(group, []).append(key)
    if quantity is Quantity.WEIGHT and layers:
        # Frozen parts have no update, and would hide what the update does to the others.
        moving = {key for kind, key in samples[-1].sizes if kind is Quantity.UPDATE}
        groups = {g: [k for k in keys if k in moving] or keys for g, keys in groups.items()}
    return tuple(
        Curve(group, tuple(_together(s, quantity, keys) for s in samples))
        for group, keys in groups.items()
    )


def shares(samples: Sequence[Sample], quantity: Quantity, key: tuple[str, ...]) -> Array:
    """How the entries of one array were distributed, as shares of all of them.

    Returns
    -------
    Array of shape (BINS, samples)
        The largest positive numbers first, the largest negative ones last; NaN where a sample has
        none.
    """
    table = np.full((BINS, len(samples)), np.nan)
    for column, sample in enumerate(samples):
        counts = sample.counts.get((quantity, key))
        if counts is not None:
            table[:, column] = counts[::-1] / max(int(counts.sum()), 1)
    return table


def bin_range(row: int) -> tuple[float, float]:
    """Between which numbers a row of `shares` counts, the lower one first."""
    level = LEVELS - row
    if level == 0:
        smallest = 2.0 ** OCTAVES[0]
        return -smallest, smallest
    low = 2.0 ** (OCTAVES[0] + abs(level) - 1)
    high = math.inf if abs(level) == LEVELS else 2 * low
    return (low, high) if level > 0 else (-high, -low)


def _together(sample: Sample, quantity: Quantity, keys: Sequence[tuple[str, ...]]) -> float:
    found = [sample.sizes[quantity, key] for key in keys if (quantity, key) in sample.sizes]
    return math.hypot(*found) if found else math.nan


def _ratio(update: float, weight: float) -> float:
    return update / weight if weight else math.nan
