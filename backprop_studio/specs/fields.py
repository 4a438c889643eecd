"""Typed settings: default, range and documentation of each field of a spec, declared once.

The inspector's form, the range checks, saving and loading, and the help texts all read these.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of value a field holds."""

    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    NUMBERS = "numbers"


@dataclass(frozen=True)
class Field:
    """Description of one setting.

    Attributes
    ----------
    name
        Attribute of the spec, and key in files.
    kind
        What sort of value it holds.
    default
        Value of a new spec.
    label
        What the form calls it.
    doc
        One sentence for the tooltip.
    low, high
        Inclusive range of an integer, a number, or each of several numbers.
    above
        Exclusive lower bound of a number, in place of `low`.
    choices
        Allowed values of a choice, with the label of each.
    most
        Characters of a text, or how many numbers there may be.
    names
        What a whole number stands for, if it counts things from 0 that have names: "feature" or
        "class". Where the names are known, forms offer them.
    """

    name: str
    kind: Kind
    default: object
    label: str
    doc: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    most: int = 0
    names: str = ""

    @property
    def allowed(self) -> str:
        """What the value may be, in words."""
        if self.kind is Kind.FLAG:
            return "true or false"
        if self.kind is Kind.CHOICE:
            return "one of " + ", ".join(key for key, _ in self.choices)
        if self.kind is Kind.INTEGER and self.low is not None and self.high is not None:
            return f"a whole number from {int(self.low):,} to {int(self.high):,}"
        if self.kind is Kind.TEXT:
            return f"one line of at most {self.most:,} characters"
        noun = "a number"
        if self.kind is Kind.NUMBERS:
            noun = f"at most {self.most:,} numbers parted by commas, each"
        if self.above is not None:
            return f"{noun} above {self.above:g} and at most {self.high:,g}"
        return f"{noun} from {self.low:,g} to {self.high:,g}"

    def fits_type(self, value: object) -> bool:
        """Whether `value` is of the right type. Truth values are no numbers; NaN is none."""
        match self.kind:
            case Kind.FLAG:
                return isinstance(value, bool)
            case Kind.CHOICE | Kind.TEXT:
                return isinstance(value, str)
            case Kind.NUMBERS:
                return isinstance(value, list | tuple) and all(_is_number(v) for v in value)
            case Kind.INTEGER:
                return isinstance(value, int) and not isinstance(value, bool)
            case Kind.NUMBER:
                return _is_number(value)

    def fits_range(self, value: Any) -> bool:
        """Whether `value`, of the right type, is allowed."""
        match self.kind:
            case Kind.FLAG:
                return True
            case Kind.CHOICE:
                return any(value == key for key, _ in self.choices)
            case Kind.TEXT:
                # Not printable: line breaks, and halves of characters that no file could hold.
                return len(value) <= self.most and value.isprintable()
            case Kind.INTEGER | Kind.NUMBER:
                return self._within(value)
            case Kind.NUMBERS:
                return len(value) <= self.most and all(self._within(v) for v in value)

    def from_plain(self, value: Any) -> Any:
        """A value of the right type, as a spec holds it: a whole number may stand for a number."""
        if self.kind is Kind.NUMBER:
            return float(value)
        return tuple(map(float, value)) if self.kind is Kind.NUMBERS else value

    def to_plain(self, value: Any) -> object:
        """What a spec holds, as a file does."""
        return list(value) if self.kind is Kind.NUMBERS else value

    def _within(self, value: float) -> bool:
        if self.above is not None and value <= self.above:
            return False
        if self.low is not None and value < self.low:
            return False
        return self.high is None or value <= self.high


def _is_number(value: object) -> bool:
    """Whether it is one that a float can hold. Truth values are none, nor are NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def integer(default: int, *, low: int, high: int, label: str, doc: str, names: str = "") -> Any:
    """A whole-number setting of a spec, from `low` to `high`; see `Field` for `names`."""
    return _declare(Field("", Kind.INTEGER, default, label, doc, low=low, high=high, names=names))


def number(
    default: float,
    *,
    high: float,
    label: str,
    doc: str,
    low: float | None = None,
    above: float | None = None,
) -> Any:
    """A numeric setting of a spec, from `low` (or from just above `above`) to `high`."""
    return _declare(Field("", Kind.NUMBER, default, label, doc, low=low, high=high, above=above))


def flag(default: bool, *, label: str, doc: str) -> Any:
    """A yes-or-no setting of a spec."""
    return _declare(Field("", Kind.FLAG, default, label, doc))


def choice(default: str, *, choices: dict[str, str], label: str, doc: str) -> Any:
    """A setting of a spec with named options: key in files to label in forms."""
    options = tuple(choices.items())
    return _declare(Field("", Kind.CHOICE, default, label, doc, choices=options))


def text(default: str, *, most: int, label: str, doc: str) -> Any:
    """A setting of a spec that is one line of text, of at most `most` characters."""
    return _declare(Field("", Kind.TEXT, default, label, doc, most=most))


def numbers(
    default: tuple[float, ...], *, low: float, high: float, most: int, label: str, doc: str
) -> Any:
    """A setting of a spec that is up to `most` numbers, each from `low` to `high`."""
    return _declare(Field("", Kind.NUMBERS, default, label, doc, low=low, high=high, most=most))


def fields_of(spec: Any) -> tuple[Field, ...]:
    """The declared settings of a spec class or instance, in order."""
    return _fields_of(spec if isinstance(spec, type) else type(spec))


@functools.cache
def _fields_of(kind: type) -> tuple[Field, ...]:
    return tuple(
        dataclasses.replace(f.metadata["field"], name=f.name)
        for f in dataclasses.fields(kind)
        if "field" in f.metadata
    )


def _declare(declared: Field) -> Any:
    return dataclasses.field(default=declared.default, metadata={"field": declared})
