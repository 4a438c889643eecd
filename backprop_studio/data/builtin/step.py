"""A staircase: a regression with jumps, which smooth activations can only come close to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 109

INFO = DatasetInfo(
    id="step",
    title="Step",
    summary=(
        "A number that jumps from low to high. How steep does the network make the jump, and what "
        "does that do to its weights?"
    ),
    task=Task.REGRESSION,
    feature_shape=(1,),
    target_width=1,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points on how many steps, and how far they stray."""

    count: int = count_field(400)
    noise: float = noise_field(0.05, "Standard deviation of what is added to each target.")
    steps: int = integer(1, low=1, high=20, label="Jumps", doc="How often it jumps.")
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 1), uniform within [-1, 1]; `y` (count, 1).

    The jumps part [-1, 1] evenly; from the first landing to the last, `y` climbs from -1 to 1 in
    equal jumps. Normal noise is added to `y`.
    """
    random = generator(_STREAM, options.seed)
    where = random.random((options.count, 1))
    landing = np.floor(where * (options.steps + 1))
    y = 2.0 * landing / options.steps - 1.0
    y += options.noise * random.standard_normal(y.shape)
    return dataset(INFO, 2.0 * where - 1.0, y, feature_names=("x",))
