"""Clouds of points, one a class: what a single layer can tell apart, as long as they stay apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 106
_RADIUS = 0.8
_CLASSES = 3

INFO = DatasetInfo(
    id="blobs",
    title="Gaussian blobs",
    summary=(
        "Clouds of points around a circle, one a class. Straight lines tell them apart; how well "
        "depends on how wide the clouds are."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=_CLASSES,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points in how many clouds, and how wide these are."""

    count: int = count_field(450)
    noise: float = noise_field(0.15, JITTER)
    classes: int = integer(
        _CLASSES, low=2, high=10, label="Clouds", doc="How many clouds there are: one class each."
    )
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2); `y` (count,) by cloud.

    The clouds are normal around points spread evenly on a circle of radius 0.8, the first at the
    right, the others counter-clockwise. The classes take turns.
    """
    random, count = generator(_STREAM, options.seed), options.count
    y = np.arange(count, dtype=np.int64) % options.classes
    angle = 2.0 * np.pi * y / options.classes
    x = _RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x += options.noise * random.standard_normal(x.shape)
    names = tuple(f"cloud {k + 1}" for k in range(options.classes))
    return dataset(INFO, x, y, class_names=names)
