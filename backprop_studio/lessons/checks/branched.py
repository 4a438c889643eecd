"""Whether the run has other futures, and whether a number was put in by hand."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class Branched(Check, frozen=True, kw_only=True):
    """The timeline has branches, or the run has numbers put in by hand.

    Attributes
    ----------
    branches
        How many futures there are at least.
    by_hand
        How many numbers were put in by hand at least.
    """

    kind: ClassVar[str] = "branched"

    branches: int = 1
    by_hand: int = 0

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        put_in = 0 if facts.moment is None else facts.moment.by_hand
        return facts.branches >= self.branches and put_in >= self.by_hand

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        if self.branches < 2 and self.by_hand < 1:
            return [("kind", "branched needs branches, at least 2, or by_hand, at least 1")]
        return []
