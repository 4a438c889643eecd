"""An inner disc and an outer ring: two classes that no straight line separates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field

_STREAM = 101
_INNER = (0.0, 0.5)  # least and greatest radius of each class
_OUTER = (0.7, 1.0)

INFO = DatasetInfo(
    id="circles",
    title="Circles",
    summary=(
        "Points on a plane: a disc inside a ring. No straight line separates them, "
        "so a network needs a hidden layer."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points, and how blurred the shapes are."""

    count: int = count_field(500)
    noise: float = noise_field(0.0, JITTER)
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2) within radius 1; `y` (count,), 0 disc and 1 ring.

    The points are uniform over the area of each shape; the classes alternate. Normal noise, if
    any, is added last.
    """
    random, count = generator(_STREAM, options.seed), options.count
    y = np.arange(count, dtype=np.int64) % 2
    inner, outer = np.array([_INNER, _OUTER])[y].T
    # The area within a radius grows with its square, so the square is what is uniform.
    radius = np.sqrt(inner**2 + random.random(count) * (outer**2 - inner**2))
    angle = 2.0 * np.pi * random.random(count)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    x += options.noise * random.standard_normal(x.shape)
    return dataset(INFO, x, y, class_names=("inner disc", "outer ring"))
