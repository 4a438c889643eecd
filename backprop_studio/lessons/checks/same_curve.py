"""Whether two runs had the same losses, to the last bit."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import MAX_CURVE, Facts


class SameCurve(Check, frozen=True, kw_only=True):
    """The run has the same losses as an earlier one of this lesson, bit by bit, or has not.

    Attributes
    ----------
    iterations
        How many losses are compared; both runs must be as long.
    same
        Whether they must be the same; else the run must differ from all earlier ones.
    """

    kind: ClassVar[str] = "same_curve"

    iterations: int
    same: bool = True

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        count = self.iterations
        if facts.moment is None or len(facts.moment.curve) < count:
            return False
        earlier = [c[:count].tobytes() for c in facts.earlier if len(c) >= count]
        here = facts.moment.curve[:count].tobytes()
        return bool(earlier) and (here in earlier) is self.same

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        if not 1 <= self.iterations <= MAX_CURVE:
            return [("iterations", f"it must be from 1 to {MAX_CURVE:,}")]
        return []
