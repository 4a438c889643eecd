"""A question with options, of which one is right."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts
from backprop_studio.lessons.predictions import reply_faults


class Choice(Check, frozen=True, kw_only=True):
    """A question whose answer is one of a few.

    Attributes
    ----------
    id
        Unique in the lesson.
    options
        What can be chosen.
    right
        Place of the right one, from 1.
    replies
        What is said to whom chooses an option that is not right, one for each option; none, or an
        empty one, where nothing but that is to be said.
    """

    kind: ClassVar[str] = "choice"
    question: ClassVar[bool] = True

    id: str
    options: tuple[str, ...]
    right: int
    replies: tuple[str, ...] = ()

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        return facts.answers.get(self.id) == self.right

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        if len(self.options) < 2:
            return [("options", "there must be at least two options")]
        if not 1 <= self.right <= len(self.options):
            return [("right", f"there are options 1 to {len(self.options)}")]
        return reply_faults(self.replies, self.options)

    def reply(self, said: float) -> str:
        """What is said to the option at this place, from 1."""
        place = int(said) - 1
        return self.replies[place] if 0 <= place < len(self.replies) else ""
