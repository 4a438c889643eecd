"""How far the run has come."""

from __future__ import annotations

from typing import ClassVar, Literal

from backprop_studio.autograd import Phase
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class Reached(Check, frozen=True, kw_only=True):
    """The run stands at, or has passed, a place.

    Attributes
    ----------
    iteration, epoch
        Finished iterations, and passes over the data, at least; 0 asks for none.
    phase
        The last instruction that was executed is of this phase or a later one; empty asks for
        none. In the iteration after `iteration`, so that 0 means the first.
    exactly
        Whether the run must stand there and no further.
    """

    kind: ClassVar[str] = "reached"

    iteration: int = 0
    epoch: int = 0
    phase: Literal["", "data", "forward", "loss", "backward", "update"] = ""
    exactly: bool = False

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        moment = facts.moment
        if moment is None or moment.epoch < self.epoch:
            return False
        if self.epoch and self.exactly and moment.epoch > self.epoch:
            return False
        if not self.phase:
            passed = moment.completed > self.iteration and not self.epoch
            return moment.completed >= self.iteration and not (self.exactly and passed)
        if moment.completed > self.iteration and not self.exactly:
            return True
        wanted = Phase[self.phase.upper()]
        if moment.cursor.iteration != self.iteration or moment.phase is None:
            return False
        return moment.phase == wanted if self.exactly else moment.phase >= wanted

    def passed(self, facts: Facts) -> bool:
        """As in `Check`: where it must stand just there, and stands further on."""
        moment = facts.moment
        if moment is None or not self.exactly or self.met(facts):
            return False
        if self.epoch:
            return moment.epoch > self.epoch
        if moment.completed != self.iteration or not self.phase:
            return moment.completed > self.iteration
        return moment.phase is not None and moment.phase > Phase[self.phase.upper()]

    def last_iteration(self, began: int) -> int | None:
        """As in `Check`: the one that a stage is in."""
        return max(began, self.iteration) if self.phase and not self.epoch else None

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        if not (self.iteration or self.epoch or self.phase):
            return [("kind", "reached needs one of iteration, epoch and phase")]
        return []
