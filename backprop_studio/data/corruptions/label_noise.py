"""Some labels are wrong: the commonest illness of real data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data._random import philox
from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    draw,
    rows_field,
    seed_field,
    share_field,
)
from backprop_studio.data.dataset import Task
from backprop_studio.specs import Category, Info

_STREAM = 201


@dataclass(frozen=True)
class LabelNoise(Corruption):
    """Gives a share of the rows another class, or a target that is off by chance."""

    share: float = share_field(0.2, "How many of these rows get a wrong label.")
    rows: str = rows_field()
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="label_noise",
        title="Label noise",
        category=Category.DATA,
        summary="A share of the rows gets another class, each of the others as likely; targets "
        "that are numbers are moved by their own standard deviation, at random. In training rows, "
        "or in all.",
        rank=1,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        rows = draw(sample.rows(self.rows), self.share, _STREAM, self.seed)
        random = np.random.Generator(philox(_STREAM, seed=self.seed, index=1))
        y = sample.dataset.y.copy()
        if sample.dataset.task is Task.CLASSIFICATION:
            count = self.classes(sample)
            if count < 2:
                raise self.misfit(sample, "it has only one class")
            # By 1 to count - 1 places around the circle of classes, so never to where it was.
            steps = 1 + np.floor(random.random(len(rows)) * (count - 1)).astype(np.int64)
            y[rows] = (y[rows] + steps) % count
        else:
            noise = random.standard_normal((len(rows), y.shape[1]))
            y[rows] += (noise * y.std(axis=0, dtype=np.float64)).astype(y.dtype)
        return sample.with_targets(y)
