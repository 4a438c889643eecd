"""What can be set of a data set that is generated: settings as layers have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from backprop_studio.errors import Diagnostic
from backprop_studio.specs import Category, Info, Spec, integer, number

MOST_ROWS = 1_000_000
"""Rows that a generator makes at most."""

MOST_NUMBERS = 10_000_000
"""Numbers in all rows together that a generator makes at most."""


@dataclass(frozen=True)
class Options(Spec):
    """Base of the options of generated data sets; each gives its settings."""

    info: ClassVar[Info] = Info(
        id="options",
        title="Data set",
        category=Category.DATA,
        summary="How the rows are generated.",
    )

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return 2

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        """As in `Spec`; and no more rows than memory should hold, where these are long."""
        found = super().problems(name, node)
        count = getattr(self, "count", 0)
        most = MOST_NUMBERS // max(self.width, 1)
        if not found and count > most:
            allowed = f"at most {most:,} for rows of {self.width:,} numbers"
            params = {"name": name, "field": "Rows", "value": count, "allowed": allowed}
            found.append(Diagnostic("field-range", params, node=node, field="count"))
        return found


def count_field(default: int) -> Any:
    """How many rows are generated."""
    return integer(
        default, low=20, high=MOST_ROWS, label="Rows", doc="How many rows are generated."
    )


def noise_field(default: float, doc: str, *, high: float = 2.0) -> Any:
    """How much the rows are disturbed; 0 is not at all."""
    return number(default, low=0.0, high=high, label="Noise", doc=doc)


def seed_field() -> Any:
    """Which of the possible data sets of this kind it is."""
    return integer(
        0,
        low=0,
        high=2**32 - 1,
        label="Drawing",
        doc="Another number draws other rows of the same kind. Weights and split do not depend "
        "on it.",
    )
