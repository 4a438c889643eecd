"""One class is rare: high accuracy is cheap, and the rare class is never found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    class_field,
    draw,
    seed_field,
    share_field,
)
from backprop_studio.specs import Category, Info

_STREAM = 209


@dataclass(frozen=True)
class ImbalancedClasses(Corruption):
    """Leaves out most training rows of one class."""

    rare: int = class_field(0, "Class", "The class that becomes rare.")
    share: float = share_field(0.9, "How many of its training rows are left out; one always stays.")
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="imbalanced_classes",
        title="Imbalanced classes",
        category=Category.DATA,
        summary="One class is seldom seen in training; among the held-out rows it is as frequent "
        "as before. In training rows only.",
        rank=9,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        self.require_class(sample, self.rare)
        train = sample.split.train
        rows = train[sample.dataset.y[train] == self.rare]
        return sample.without(draw(rows, self.share, _STREAM, self.seed)[: max(len(rows) - 1, 0)])
