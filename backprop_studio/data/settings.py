"""What is done to a data set before training: how it is made, spoilt, split and scaled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from backprop_studio.data.corruption import Corruption
from backprop_studio.data.dataset import Scaling
from backprop_studio.data.options import Options
from backprop_studio.errors import Diagnostic
from backprop_studio.specs import Category, Info, Spec, choice, flag

MOST_CORRUPTIONS = 50
"""Corruptions that a project may have."""


@dataclass(frozen=True)
class DataSettings(Spec):
    """What is done to the rows of a source on their way to training.

    Attributes
    ----------
    options
        How a generated source is made; None for its own options.
    corruptions
        What spoils the rows, in this order, after the split and before scaling.
    """

    options: Options | None = None
    corruptions: tuple[Corruption, ...] = ()
    stratified: bool = flag(
        True,
        label="Stratified",
        doc="Held-out rows are drawn from each class in proportion, so that none is missed.",
    )
    shuffle: bool = flag(
        True,
        label="Shuffle",
        doc="Every epoch goes through the training rows in another order.",
    )
    scaling: str = choice(
        Scaling.NONE.value,
        choices={
            Scaling.NONE.value: "None",
            Scaling.STANDARD.value: "Standardise",
            Scaling.RANGE.value: "To 0…1",
        },
        label="Scaling",
        doc="Standardise: every feature gets mean 0 and standard deviation 1. To 0…1: from its "
        "smallest to its largest. Measured on training rows only, then done to all.",
    )
    scale_targets: bool = flag(
        True, label="Targets too", doc="Scales targets that are numbers in the same way."
    )

    info: ClassVar[Info] = Info(
        id="data",
        title="Data",
        category=Category.DATA,
        summary="How the rows are made, spoilt, split, scaled and shuffled.",
    )

    def unused(self) -> frozenset[str]:
        """As in `Spec`."""
        return frozenset({"scale_targets"} if self.scaling == Scaling.NONE else ())

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        """A diagnostic for each setting out of range, of options and corruptions too.

        The field is `data.scaling`, `data.options.count` or `data.corruptions.0.share`.
        """
        found = [_below("data", p) for p in super().problems(name, node)]
        if self.options is not None:
            found += [_below("data.options", p) for p in self.options.problems(name, node)]
        for place, corruption in enumerate(self.corruptions):
            found += [
                _below(f"data.corruptions.{place}", p)
                for p in corruption.problems(corruption.info.title, node)
            ]
        return found


def _below(place: str, problem: Diagnostic) -> Diagnostic:
    return replace(problem, field=f"{place}.{problem.field}")
