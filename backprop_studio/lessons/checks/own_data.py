"""Whether the learner brought data of their own."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio import data
from backprop_studio.errors import StudioError
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class OwnData(Check, frozen=True, kw_only=True):
    """The data set was drawn or imported.

    Attributes
    ----------
    rows
        How many rows it has at least.
    classes
        How many classes have rows at least; 0 asks for none.
    """

    kind: ClassVar[str] = "own_data"

    rows: int = 2
    classes: int = 0

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        name = facts.network.setup.dataset
        if not data.own.is_own(name):
            return False
        try:
            dataset = data.load(name)
        except (StudioError, OSError):
            return False
        if dataset.size < self.rows:
            return False
        if dataset.task is not data.Task.CLASSIFICATION:
            return not self.classes
        return len(set(dataset.y.tolist())) >= self.classes
