"""A tilted plane: what a single neuron without an activation learns exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import number

_STREAM = 108

INFO = DatasetInfo(
    id="plane",
    title="Plane",
    summary=(
        "A number for each point of a tilted plane. One neuron is enough, and its weights and bias "
        "should become the slopes and the height."
    ),
    task=Task.REGRESSION,
    feature_shape=(2,),
    target_width=1,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points, how far they stray from the plane, and how it lies."""

    count: int = count_field(300)
    noise: float = noise_field(0.02, "Standard deviation of what is added to each target.")
    slope_1: float = number(
        0.8, low=-10.0, high=10.0, label="Slope x1", doc="What one unit of x1 adds."
    )
    slope_2: float = number(
        -0.5, low=-10.0, high=10.0, label="Slope x2", doc="What one unit of x2 adds."
    )
    height: float = number(
        0.2, low=-10.0, high=10.0, label="Height", doc="The number in the middle of the plane."
    )
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2), uniform within [-1, 1]; `y` (count, 1).

    ``y = slope_1 * x1 + slope_2 * x2 + height + noise``, the noise normal.
    """
    random, count = generator(_STREAM, options.seed), options.count
    x = 2.0 * random.random((count, 2)) - 1.0
    y = x @ np.array([[options.slope_1], [options.slope_2]]) + options.height
    y += options.noise * random.standard_normal(y.shape)
    return dataset(INFO, x, y)
