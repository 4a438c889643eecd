"""The adding problem: of a row of numbers, add the two that are marked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 112
_LENGTH = 8

INFO = DatasetInfo(
    id="adding",
    title="Adding two of many",
    summary=(
        "A row of numbers from 0 to 1, two of them marked: what is their sum? The others only "
        "confuse. A recurrent network has to carry the first to the end."
    ),
    task=Task.REGRESSION,
    feature_shape=(_LENGTH, 2),
    target_width=1,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many rows, how long they are, and how exact the sums."""

    count: int = count_field(1000)
    noise: float = noise_field(0.0, "Standard deviation of what is added to each sum.")
    length: int = integer(_LENGTH, low=2, high=200, label="Length", doc="Numbers in a row.")
    seed: int = seed_field()

    @property
    def width(self) -> int:
        """As in `Options`."""
        return 2 * self.length


def load(options: Recipe) -> Dataset:
    """Make the rows: `x` float32 (count, length, 2), number and mark; `y` (count, 1), the sum.

    The numbers are uniform in [0, 1), and any two of them are marked with 1, the others with 0.
    After Hochreiter and Schmidhuber, *Long short-term memory*, 1997.
    """
    random, count, length = generator(_STREAM, options.seed), options.count, options.length
    values = random.random((count, length))
    first = np.floor(random.random(count) * length).astype(np.int64)
    second = (first + 1 + np.floor(random.random(count) * (length - 1)).astype(np.int64)) % length
    marks = np.zeros((count, length))
    rows = np.arange(count)
    marks[rows, first] = marks[rows, second] = 1.0
    y = (values * marks).sum(axis=1, keepdims=True)
    y += options.noise * random.standard_normal(y.shape)
    names = [f"{what} {k + 1}" for k in range(length) for what in ("number", "mark")]
    return dataset(INFO, np.stack([values, marks], axis=2), y, feature_names=tuple(names))
