"""How a table is written down, and what its columns are for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.result import quoted

DELIMITERS: Mapping[str, str] = MappingProxyType(
    {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Spaces"}
)
"""What may stand between cells, and its name. Of spaces, any number counts as one."""

ENCODINGS: Mapping[str, str] = MappingProxyType(
    {
        "utf-8-sig": "UTF-8",
        "utf-16": "UTF-16",
        "utf-16-le": "UTF-16, little-endian",
        "utf-16-be": "UTF-16, big-endian",
        "cp1252": "Western (Windows-1252)",
        "latin-1": "Western (Latin-1)",
        "cp1250": "Central European (Windows-1250)",
        "cp1251": "Cyrillic (Windows-1251)",
        "cp1253": "Greek (Windows-1253)",
        "cp1254": "Turkish (Windows-1254)",
        "cp932": "Japanese (Shift JIS)",
        "gb18030": "Chinese (GB 18030)",
        "big5": "Chinese (Big5)",
        "cp949": "Korean (Windows-949)",
    }
)
"""How the text may be encoded, and its name."""

MISSING = frozenset(
    {
        "", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "-nan", "null", "nil", "none",
        "missing", "?", "-", "--",
    }
)  # fmt: skip
"""Cells that say that nothing is known, in any case of letters."""

_LARGEST = float(np.finfo(np.float32).max)
_APART = " '\u2019\u00a0\u2009\u202f"
"""What may stand between groups of three digits, besides the mark that is not the decimal one."""

_GROUPS = {".": f"[,{_APART}]", ",": f"[.{_APART}]"}
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(\d+{re.escape(mark)}?\d*|{re.escape(mark)}\d+"
        rf"|\d{{1,3}}(?P<apart>{_GROUPS[mark]})\d{{3}}((?P=apart)\d{{3}})*"
        rf"({re.escape(mark)}\d*)?)([eE][+-]?\d+)?",
        re.ASCII,
    )
    for mark in (".", ",")
}
_CURRENCIES = tuple("$€£¥₹")


class Kind(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    CATEGORY = "category"


class Role(StrEnum):
    """What a column is for."""

    FEATURE = "feature"
    TARGET = "target"
    IGNORE = "ignore"


class Missing(StrEnum):
    """What becomes of cells without a value. Rows without a target are always left out."""

    DROP = "drop"
    """The row is left out."""
    MEAN = "mean"
    """The mean of the column's other cells; numbers only."""
    OWN = "own"
    """A category of its own; categories only."""


@dataclass(frozen=True)
class Layout:
    """How a table is written down.

    Attributes
    ----------
    delimiter
        A key of `DELIMITERS`.
    decimal
        ``.`` or ``,``. The other one may stand between groups of three digits.
    encoding
        A key of `ENCODINGS`.
    header
        Whether the first row names the columns.
    skip
        Rows above the table that do not belong to it, such as a title; blank ones do not count.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8-sig"
    header: bool = True
    skip: int = 0


@dataclass(frozen=True)
class Column:
    """One column of a table, and what becomes of it."""

    name: str
    kind: Kind = Kind.NUMBER
    role: Role = Role.FEATURE
    missing: Missing = Missing.MEAN


@dataclass(frozen=True)
class Plan:
    """How a table is made a data set.

    Attributes
    ----------
    layout
        How to read it.
    columns
        All columns of the table in their order; one of them is the target.
    task
        Whether the target's values are classes or numbers.
    """

    layout: Layout
    columns: tuple[Column, ...]
    task: Task

    @property
    def target(self) -> int | None:
        """Index of the column that is learned; None while there is none."""
        return next((i for i, c in enumerate(self.columns) if c.role is Role.TARGET), None)

    @property
    def features(self) -> tuple[int, ...]:
        """Indices of the columns that it is learned from."""
        return tuple(i for i, c in enumerate(self.columns) if c.role is Role.FEATURE)

    @property
    def fault(self) -> str | None:
        """Why this plan makes no data set; None if it does."""
        if sum(c.role is Role.TARGET for c in self.columns) != 1:
            return "choose one column as the target"
        if len(self.columns) == 1:
            return (
                "it has a single column, and needs one for the target and one to learn it from; "
                "perhaps its cells are separated by something else"
            )
        if not self.features:
            return "choose at least one column as a feature"
        return None


def is_missing(cell: str) -> bool:
    """Whether a cell says that nothing is known."""
    return cell.strip().casefold() in MISSING


def is_number(cell: str, decimal: str) -> bool:
    """Whether a cell is a number as people write it."""
    text = cell.strip()
    number = _NUMBER[decimal]
    # Most are bare.
    return bool(number.fullmatch(text) or (text and number.fullmatch(_bare(text)[0])))


def is_infinite(cell: str) -> bool:
    """Whether a cell says that it is infinite."""
    return cell.strip().lstrip("+-").casefold() in ("inf", "infinity", "∞")


def number(cell: str, decimal: str) -> float:
    """The number in a cell; NaN where it is missing.

    Raises
    ------
    ValueError
        It is none, or one that float32 cannot hold; the text says what it is, and begins with
        the cell.
    """
    text = cell.strip()
    if text.casefold() in MISSING:
        return math.nan
    if is_infinite(text):
        raise ValueError(f"{quoted(text)} is infinite, and only finite numbers can be learned from")
    if not is_number(text, decimal):
        raise ValueError(f"{quoted(text)} is not a number")
    bare, share = _bare(text)
    value = float(re.sub(_GROUPS[decimal], "", bare).replace(decimal, "."))
    if share:
        value /= 100
    if abs(value) > _LARGEST:
        raise ValueError(f"{quoted(text)} is too large; numbers go up to {_LARGEST:.2g}")
    return value


def _bare(text: str) -> tuple[str, bool]:
    """A number without the sign of a currency or of percent, and whether it is percent."""
    text = text.replace("\N{MINUS SIGN}", "-")
    share = text.endswith("%")
    text = text.removesuffix("%").rstrip()
    sign, rest = (text[:1], text[1:].lstrip()) if text.startswith(("+", "-")) else ("", text)
    if rest.startswith(_CURRENCIES):
        rest = rest[1:].lstrip()
    elif rest.endswith(_CURRENCIES):
        rest = rest[:-1].rstrip()
    return sign + rest, share
