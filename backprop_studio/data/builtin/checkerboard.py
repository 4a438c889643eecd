"""A checkerboard: two classes in many pieces, each of which needs a boundary of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 107

INFO = DatasetInfo(
    id="checkerboard",
    title="Checkerboard",
    summary=(
        "Points on a board of light and dark squares. The more squares, the more boundaries a "
        "network has to learn, and the more points it needs to see them."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points on how many squares, and how many stray over the edges."""

    count: int = count_field(800)
    noise: float = noise_field(0.0, JITTER)
    squares: int = integer(
        4, low=2, high=20, label="Squares", doc="How many squares there are on each side."
    )
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2), uniform within [-1, 1]; `y` 0 dark, 1 light.

    The square at the lower left is dark. Normal noise is added after the classes are given.
    """
    random = generator(_STREAM, options.seed)
    where = random.random((options.count, 2))
    y = np.floor(where * options.squares).astype(np.int64).sum(axis=1) % 2
    x = 2.0 * where - 1.0 + options.noise * random.standard_normal(where.shape)
    return dataset(INFO, x, y, class_names=("dark", "light"))
