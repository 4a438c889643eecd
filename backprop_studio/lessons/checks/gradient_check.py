"""Whether the gradient check was run, and what it said."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts


class GradientCheck(Check, frozen=True, kw_only=True):
    """The gradient check was run since the lesson began and found no larger error.

    Attributes
    ----------
    below
        Relative error that the largest one has to be below.
    """

    kind: ClassVar[str] = "gradient_check"

    below: float = 1e-4

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        return facts.gradient_error is not None and facts.gradient_error < self.below
