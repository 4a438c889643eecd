"""Rows that were easier to come by: the training rows are not like the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    draw,
    feature_field,
    liveliest,
    seed_field,
    share_field,
)
from backprop_studio.data.dataset import Dataset
from backprop_studio.specs import Category, Info, choice

_STREAM = 208


@dataclass(frozen=True)
class BiasedSample(Corruption):
    """Leaves out training rows in which one feature is high, or low."""

    column: int = feature_field("The feature that decides who is left out.")
    side: str = choice(
        "high",
        choices={"high": "Above its median", "low": "Below its median"},
        label="Left out",
        doc="Which half of the training rows is left out.",
    )
    share: float = share_field(1.0, "How many rows of that half are left out.")
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="biased_sample",
        title="Biased sample",
        category=Category.DATA,
        summary="Of the rows where a feature is high, or low, many are never seen in training; the "
        "held-out rows are as they should be. In training rows only.",
        rank=8,
    )

    @classmethod
    def fitting(cls, dataset: Dataset) -> BiasedSample:
        """As in `Corruption`."""
        return cls(column=liveliest(dataset))

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        self.require_feature(sample, self.column)
        train = sample.split.train
        values = sample.features()[train, self.column]
        median = np.median(values)
        half = train[values > median] if self.side == "high" else train[values < median]
        return sample.without(draw(half, self.share, _STREAM, self.seed))
