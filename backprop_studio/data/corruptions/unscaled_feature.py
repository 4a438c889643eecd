"""One feature in other units: a thousand times as large, and no more important."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    feature_field,
    liveliest,
)
from backprop_studio.data.dataset import Dataset
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class UnscaledFeature(Corruption):
    """Multiplies one feature by a number, as if it were measured in another unit."""

    column: int = feature_field("The feature that is measured in another unit.")
    factor: float = number(
        1000.0, above=0.0, high=1e6, label="Factor", doc="What the feature is multiplied by."
    )

    info: ClassVar[Info] = Info(
        id="unscaled_feature",
        title="Unscaled feature",
        category=Category.DATA,
        summary="One feature comes in another unit, so that its numbers are far from those of the "
        "others. Scaling undoes it. In all rows.",
        rank=10,
    )

    @classmethod
    def fitting(cls, dataset: Dataset) -> UnscaledFeature:
        """As in `Corruption`."""
        return cls(column=liveliest(dataset))

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        self.require_feature(sample, self.column)
        x = sample.features()
        with np.errstate(over="ignore"):
            x[:, self.column] *= np.float32(self.factor)
        if not np.isfinite(x[:, self.column]).all():
            raise self.misfit(sample, "a number would become infinite")
        return sample.with_features(x)
