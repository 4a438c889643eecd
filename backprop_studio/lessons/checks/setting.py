"""A setting of the training set-up, of the optimizer or of a layer."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.expressions import setting
from backprop_studio.lessons.facts import Facts


class Setting(Check, frozen=True, kw_only=True):
    """A setting has a value.

    Attributes
    ----------
    of
        Path of the setting: `setup/batch_size`, `setup/dataset`, `optimizer/learning_rate`,
        `hidden/units`, `hidden/frozen`; `setup/data/…` as in `data_settings.read`; `optimizer`,
        `schedule` or a layer alone for its type.
    equals
        The value; a list where the setting is one.
    above, below
        What a number is above, or below.
    differs
        A value that it must no longer have.
    """

    kind: ClassVar[str] = "setting"

    of: str
    equals: bool | float | str | list[float] | None = None
    above: float | None = None
    below: float | None = None
    differs: bool | float | str | None = None

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        value = setting(facts.network, self.of)
        if value is None:
            return False
        if isinstance(value, tuple):
            value = list(value)
        if self.equals is not None and value != self.equals:
            return False
        if self.differs is not None and value == self.differs:
            return False
        for limit, sign in ((self.above, 1), (self.below, -1)):
            if limit is None:
                continue
            if not isinstance(value, int | float) or sign * value <= sign * limit:
                return False
        return True

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        given = (self.equals, self.above, self.below, self.differs)
        if all(g is None for g in given):
            return [("kind", "setting needs one of equals, above, below and differs")]
        return []
