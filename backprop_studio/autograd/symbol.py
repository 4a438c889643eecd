"""Shapes whose batch dimension is not known yet.

A network is checked, labelled and lowered once with a symbolic batch size `N`; a `Machine`
puts a number in its place. So the last, smaller batch of an epoch and the validation set run
the same program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Symbol(str):
    """A dimension known by name only. Two symbols are equal when their names are."""

    __slots__ = ()


BATCH = Symbol("N")

Dim = int | Symbol
Shape = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and kind of an array, before it exists.

    Attributes
    ----------
    shape
        Dimensions, each a number or a symbol.
    kind
        "float" (in the machine's precision) or "int" (int64, for class indices).
    """

    shape: Shape
    kind: str = "float"


def resolve(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """`shape` with every symbol replaced by its number in `sizes`.

    Raises
    ------
    KeyError
        A symbol has no number.
    """
    return tuple(sizes[d] if isinstance(d, Symbol) else d for d in shape)


def format_shape(shape: Shape) -> str:
    """`shape` for people: `N×64`, or `scalar` when it has no dimensions."""
    return "×".join(str(d) for d in shape) if shape else "scalar"
