"""Whether numbers are computed yet."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.facts import Facts


class Computed(Check, frozen=True, kw_only=True):
    """The run has come so far that these numbers are known.

    Attributes
    ----------
    about
        Their names.
    """

    kind: ClassVar[str] = "computed"

    about: tuple[str, ...]

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        return all(facts.number(e) is not None for e in self.wanted())

    def wanted(self) -> tuple[Expression, ...]:
        """As in `Check`."""
        return tuple(parse_expression(text) for text in self.about)

    def last_iteration(self, began: int) -> int | None:
        """As in `Check`: the one in which the step began."""
        return began

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        found = [] if self.about else [("about", "it must name at least one number")]
        for text in self.about:
            try:
                parse_expression(text)
            except ValueError as error:
                found.append(("about", str(error)))
        return found
