"""A sine with a little noise: the smallest regression worth watching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import number

_STREAM = 102

INFO = DatasetInfo(
    id="sine",
    title="Sine",
    summary="Noisy points of one period of a sine. Can the network bend a line into a wave?",
    task=Task.REGRESSION,
    feature_shape=(1,),
    target_width=1,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points of how many periods, and how far they stray from the wave."""

    count: int = count_field(400)
    noise: float = noise_field(0.05, "Standard deviation of what is added to each target.")
    periods: float = number(
        1.0, above=0.0, high=20.0, label="Periods", doc="How often the wave goes up and down."
    )
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 1) within [-1, 1]; `y` (count, 1).

    ``y = sin(pi * periods * x) + noise``, with `x` uniform and the noise normal.
    """
    random, shape = generator(_STREAM, options.seed), (options.count, 1)
    x = 2.0 * random.random(shape) - 1.0
    y = np.sin(np.pi * options.periods * x) + options.noise * random.standard_normal(shape)
    return dataset(INFO, x, y, feature_names=("x",))
