"""Exclusive or as four clouds of points: the problem that one layer cannot solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field

_STREAM = 105
_CENTRE = 0.6

INFO = DatasetInfo(
    id="xor",
    title="XOR",
    summary=(
        "Points in four clouds, one in each quarter of the plane; opposite clouds belong "
        "together. Without a hidden layer, a network gets no more than about three in four right."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points, and how wide the clouds are."""

    count: int = count_field(400)
    noise: float = noise_field(0.15, JITTER)
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2); `y` (count,), 1 where exactly one is high.

    The clouds are normal around (±0.6, ±0.6) and take turns. After Minsky and Papert,
    *Perceptrons*, 1969.
    """
    random, count = generator(_STREAM, options.seed), options.count
    cloud = np.arange(count, dtype=np.int64) % 4
    high = np.stack([cloud // 2, cloud % 2], axis=1)
    x = _CENTRE * (2.0 * high - 1.0) + options.noise * random.standard_normal((count, 2))
    return dataset(INFO, x, high[:, 0] ^ high[:, 1], class_names=("both alike", "one of two"))
