"""Measurements that are not exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data._random import philox
from backprop_studio.data.corruption import (
    CHUNK,
    Corruption,
    Sample,
    draw,
    rows_field,
    seed_field,
    share_field,
    spread,
)
from backprop_studio.specs import Category, Info, number

_STREAM = 205


@dataclass(frozen=True)
class FeatureNoise(Corruption):
    """Adds normal noise to all features of the rows."""

    deviation: float = number(
        0.5,
        low=0.0,
        high=100.0,
        label="Noise",
        doc="Standard deviation of the noise, as a multiple of that of each feature in the "
        "training rows.",
    )
    share: float = share_field(1.0, "How many of these rows are measured badly.")
    rows: str = rows_field()
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="feature_noise",
        title="Feature noise",
        category=Category.DATA,
        summary="Every feature is off by chance, in proportion to how much it varies anyway. In "
        "training rows, or in all.",
        rank=5,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        self.require_measured(sample)
        rows = draw(sample.rows(self.rows), self.share, _STREAM, self.seed)
        random = np.random.Generator(philox(_STREAM, seed=self.seed, index=1))
        x = sample.features()
        _, deviation = spread(x, sample.split.train)
        size = self.deviation * deviation
        step = max(CHUNK // x.shape[1], 1)
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            noise = random.standard_normal((len(some), x.shape[1]))
            x[some] += (size * noise).astype(x.dtype)
        return sample.with_features(x)
