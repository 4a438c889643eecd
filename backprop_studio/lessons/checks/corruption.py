"""What spoils the data."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.data import corruptions
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class Corruption(Check, frozen=True, kw_only=True):
    """The data are spoilt in these ways and in no others.

    Attributes
    ----------
    types
        Ids of the corruptions, in any order; none for data that are not spoilt.
    """

    kind: ClassVar[str] = "corruption"

    types: tuple[str, ...] = ()

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        there = [c.info.id for c in facts.network.setup.data.corruptions]
        return sorted(there) == sorted(self.types)

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        known = corruptions()
        return [
            ("types", f"there is no corruption '{key}'; there are {', '.join(known)}")
            for key in self.types
            if key not in known
        ]
