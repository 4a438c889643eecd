"""Labels that have nothing to do with their rows any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.data.corruption import (
    ALL,
    Corruption,
    Sample,
    draw,
    rows_field,
    seed_field,
    share_field,
)
from backprop_studio.specs import Category, Info

_STREAM = 203
_HELD_OUT = 211


@dataclass(frozen=True)
class ShuffledLabels(Corruption):
    """Deals the labels of the rows out anew, so that there is nothing left to learn."""

    share: float = share_field(1.0, "How many of these rows take part.")
    rows: str = rows_field()
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="shuffled_labels",
        title="Shuffled labels",
        category=Category.DATA,
        summary="The targets of the rows are dealt out anew among them: each class stays as "
        "frequent, and nothing is left to learn but the rows by heart. In training rows, or in "
        "all; then training and held-out rows are dealt apart.",
        rank=3,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        y = sample.dataset.y.copy()
        parts = [(sample.split.train, _STREAM)]
        if self.rows == ALL:
            parts.append((sample.split.validation, _HELD_OUT))
        for part, stream in parts:
            rows = draw(part, self.share, stream, self.seed)
            y[rows] = sample.dataset.y[np.roll(rows, 1)]
        return sample.with_targets(y)
