"""What all checks have in common, and where the kinds are found."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import ClassVar

import msgspec

from backprop_studio.lessons import checks
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.facts import Facts


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `check` block: something that has to be so in the app.

    Attributes
    ----------
    text
        What the learner is to do, in a few words.
    """

    kind: ClassVar[str] = ""
    """Value of `kind` in the block."""
    question: ClassVar[bool] = False
    """Whether it asks something, to be answered in the lesson's panel."""

    text: str

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        raise NotImplementedError

    def passed(self, facts: Facts) -> bool:
        """Whether the run has gone so far that it can be so only after going back."""
        return False

    def last_iteration(self, began: int) -> int | None:
        """The iteration that it is about; None where it is not about one.

        Parameters
        ----------
        began
            The iteration in which the run stood when the step came to the front.
        """
        return None

    def wanted(self) -> tuple[Expression, ...]:
        """The numbers that it looks at."""
        return ()

    def faults(self) -> list[tuple[str, str]]:
        """What is wrong with it: pairs of the key at fault and the reason."""
        return []


def expression_faults(check: Check, *keys: str) -> list[tuple[str, str]]:
    """The faults of keys that hold an expression, where they are not empty."""
    found = []
    for key in keys:
        text = getattr(check, key)
        try:
            if isinstance(text, str) and text:
                parse_expression(text)
        except ValueError as error:
            found.append((key, str(error)))
    return found


@cache
def kinds() -> Mapping[str, type[Check]]:
    """Every kind of check by its name: each module of `lessons.checks` has one.

    Raises
    ------
    RuntimeError
        Two modules claim the same name.
    """
    found: dict[str, type[Check]] = {}
    for entry in pkgutil.iter_modules(checks.__path__):
        module = importlib.import_module(f"{checks.__name__}.{entry.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and issubclass(cls, Check):
                if cls.kind in found:
                    raise RuntimeError(f"two checks are called '{cls.kind}'")
                found[cls.kind] = cls
    return MappingProxyType(found)
