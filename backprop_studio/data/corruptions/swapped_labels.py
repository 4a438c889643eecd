"""Two classes that somebody mixed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    class_field,
    draw,
    rows_field,
    seed_field,
    share_field,
)
from backprop_studio.specs import Category, Info

_STREAM = 202


@dataclass(frozen=True)
class SwappedLabels(Corruption):
    """Swaps the labels of two classes, in all of their rows or in a share."""

    first: int = class_field(0, "Class", "One of the two classes.")
    second: int = class_field(1, "And class", "The other class.")
    share: float = share_field(1.0, "How many rows of the two classes are mislabelled.")
    rows: str = rows_field()
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="swapped_labels",
        title="Swapped labels",
        category=Category.DATA,
        summary="Rows of one class are labelled as another, and the other way round. In training "
        "rows, or in all.",
        rank=2,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        for index in (self.first, self.second):
            self.require_class(sample, index)
        if self.first == self.second:
            raise self.misfit(sample, "a class cannot be swapped with itself")
        rows = sample.rows(self.rows)
        y = sample.dataset.y.copy()
        both = rows[np.isin(y[rows], (self.first, self.second))]
        chosen = draw(both, self.share, _STREAM, self.seed)
        y[chosen] = self.first + self.second - y[chosen]
        return sample.with_targets(y)
