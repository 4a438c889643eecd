"""Whether a panel was opened."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class Opened(Check, frozen=True, kw_only=True):
    """A panel was opened since the lesson began, or is open.

    Attributes
    ----------
    panel
        Key of its dock, such as `credit` or `gradient_check`.
    """

    kind: ClassVar[str] = "opened"

    panel: str

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        return self.panel in facts.opened
