"""A number that the learner works out, compared with the one that the app computes."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check, expression_faults
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.facts import Facts


class Answer(Check, frozen=True, kw_only=True):
    """A question whose answer is a number.

    Attributes
    ----------
    id
        Unique in the lesson.
    about
        The number that is right.
    within
        How far the answer may be off.
    """

    kind: ClassVar[str] = "answer"
    question: ClassVar[bool] = True

    id: str
    about: str
    within: float

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        said, right = facts.answers.get(self.id), facts.number(parse_expression(self.about))
        return said is not None and right is not None and abs(said - right) <= self.within

    def wanted(self) -> tuple[Expression, ...]:
        """As in `Check`."""
        return (parse_expression(self.about),)

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        found = expression_faults(self, "about")
        if not self.within > 0:
            found.append(("within", "it must be above 0: a number is typed with few digits"))
        return found
