"""Whether a breakpoint is set."""

from __future__ import annotations

from typing import ClassVar, Literal

from backprop_studio.autograd import Phase
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts
from backprop_studio.training.breakpoints import AtPhase


class BreakpointSet(Check, frozen=True, kw_only=True):
    """There is a breakpoint.

    Attributes
    ----------
    phase
        Before this phase; empty for any breakpoint.
    """

    kind: ClassVar[str] = "breakpoint"

    phase: Literal["", "data", "forward", "loss", "backward", "update"] = ""

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        if not self.phase:
            return bool(facts.breakpoints)
        return AtPhase(Phase[self.phase.upper()]) in facts.breakpoints
