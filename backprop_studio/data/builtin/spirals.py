"""Arms of a spiral, wound into each other: hard for a small network, and good to watch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import JITTER, dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer, number

_STREAM = 104
_START = 0.1  # radius at which the arms begin; they end at 1
_ARMS = ("first arm", "second arm", "third arm", "fourth arm", "fifth arm", "sixth arm")

INFO = DatasetInfo(
    id="spirals",
    title="Spirals",
    summary=(
        "Points on a plane: arms that wind around each other. One hidden layer is hardly enough."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many points on how many arms, how far wound, and how blurred."""

    count: int = count_field(600)
    noise: float = noise_field(0.02, JITTER)
    turns: float = number(
        1.5, above=0.0, high=10.0, label="Turns", doc="How often each arm goes around the middle."
    )
    classes: int = integer(
        2, low=2, high=len(_ARMS), label="Arms", doc="How many arms there are: one class each."
    )
    seed: int = seed_field()


def load(options: Recipe) -> Dataset:
    """Make the points: `x` float32 (count, 2) within about radius 1; `y` (count,) by arm.

    The radius grows evenly with the angle, r = 0.1 + 0.9·s at 2π·turns·s, where s in [0, 1] is
    uniform over the area (so that the outer turns are no thinner than the inner ones). The other
    arms are the first one turned. Normal noise is added. The classes take turns. After the
    two-spirals problem of Lang and Witbrock, *Learning to tell two spirals apart*, 1988, which has
    three turns.
    """
    random, count = generator(_STREAM, options.seed), options.count
    y = np.arange(count, dtype=np.int64) % options.classes
    # The length of an arm up to a radius grows roughly with its square, as the area does.
    s = np.sqrt(random.random(count))
    radius = _START + (1.0 - _START) * s
    angle = 2.0 * np.pi * options.turns * s + 2.0 * np.pi * y / options.classes
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    x += options.noise * random.standard_normal(x.shape)
    return dataset(INFO, x, y, class_names=_ARMS[: options.classes])
