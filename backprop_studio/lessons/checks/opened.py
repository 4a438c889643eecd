"""Whether a panel was opened, or a layer, and whether the race was run."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class Opened(Check, frozen=True, kw_only=True):
    """Something was opened since the app was begun with anew, or is open.

    Attributes
    ----------
    panel
        Key of a panel's dock, such as `credit` or `gradient_check`; `layer/NAME` for a layer that
        is opened into its operations; `race` for the race of the panel `efficiency`.
    """

    kind: ClassVar[str] = "opened"

    panel: str

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        return self.panel in facts.opened
