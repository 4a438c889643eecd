"""The classes change their names, all at once: nothing for backpropagation to notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    cycle,
    seed_field,
)
from backprop_studio.specs import Category, Info

_STREAM = 204


@dataclass(frozen=True)
class RenamedClasses(Corruption):
    """Gives every class the name of another, the same one in every row."""

    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="renamed_classes",
        title="Renamed classes",
        category=Category.DATA,
        summary="Every class goes by the name of another one, the same in every row. As good to "
        "learn from as before: what a name means is nothing to a network. In all rows.",
        rank=4,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        names = cycle(self.classes(sample), _STREAM, self.seed)
        return sample.with_targets(names[sample.dataset.y])
