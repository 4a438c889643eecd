"""A number of the running program."""

from __future__ import annotations

import math
from typing import ClassVar

from backprop_studio.lessons.check import Check, expression_faults
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.facts import Facts


class Number(Check, frozen=True, kw_only=True):
    """A number is as it should be.

    Attributes
    ----------
    about
        Which number.
    equals
        What it equals: a number, or the name of another one.
    within
        How far it may be off.
    above, below
        What it is above, or below: numbers, or names of others.
    """

    kind: ClassVar[str] = "number"

    about: str
    equals: float | str = ""
    within: float = 1e-9
    above: float | str = ""
    below: float | str = ""

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        here = facts.number(parse_expression(self.about))
        if here is None or not math.isfinite(here):
            return False
        for given, fits in (
            (self.equals, self._equal),
            (self.above, float.__gt__),
            (self.below, float.__lt__),
        ):
            if given == "":
                continue
            other = facts.number(parse_expression(given)) if isinstance(given, str) else given
            if other is None or not fits(here, float(other)):
                return False
        return True

    def _equal(self, here: float, other: float) -> bool:
        return abs(here - other) <= self.within

    def wanted(self) -> tuple[Expression, ...]:
        """As in `Check`."""
        texts = (self.about, self.equals, self.above, self.below)
        return tuple(parse_expression(t) for t in texts if isinstance(t, str) and t)

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        found = expression_faults(self, "about", "equals", "above", "below")
        if self.equals == "" and self.above == "" and self.below == "":
            found.append(("kind", "number needs one of equals, above and below"))
        return found
