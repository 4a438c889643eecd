"""Two half circles that reach into each other: the usual first test of a curved boundary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field

_STREAM = 103

INFO = DatasetInfo(
    id="moons",
    title="Two moons",
    summary=(
        "Noisy points on a plane: two half circles, each with a tip inside the other. "
        "A line gets most of them right; only a curve gets all."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points, and how far they stray from the moons."""

    count: int = count_field(500)
    noise: float = noise_field(0.1, JITTER)
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2); `y` (count,), 0 for the upper moon, 1 for the lower.

    With t uniform in [0, π], the upper moon is (cos t, sin t) and the lower (1 − cos t,
    1/2 − sin t); both are moved so that (1/2, 1/4), between them, becomes the origin. Normal noise
    is added. The classes alternate.
    """
    random, count = generator(_STREAM, options.seed), options.count
    y = np.arange(count, dtype=np.int64) % 2
    angle = np.pi * random.random(count)
    # One moon is the other turned by half a circle around the middle.
    turn = 1.0 - 2.0 * y
    x = np.stack([turn * (np.cos(angle) - 0.5), turn * (np.sin(angle) - 0.25)], axis=1)
    x += options.noise * random.standard_normal(x.shape)
    return dataset(INFO, x, y, class_names=("upper moon", "lower moon"))
