"""What an edit has changed, found without looking at each part of a large network.

Edits hand on what they leave alone, so most parts are the same objects before and after.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from backprop_studio.network.network import Node, Wire

_T = TypeVar("_T")


@dataclass(frozen=True)
class Changes:
    """The nodes and wires in which two networks differ.

    Attributes
    ----------
    renewed
        Nodes that are new or others than before, in the order of the document.
    come, gone
        Ids of nodes that are there only after, or only before.
    drawn, cut
        Wires that are there only after, or only before; those drawn in the order of the document.
    reordered
        Whether nodes that are there before and after are listed in another order.
    """

    renewed: tuple[Node, ...]
    come: frozenset[str]
    gone: frozenset[str]
    drawn: tuple[Wire, ...]
    cut: frozenset[Wire]
    reordered: bool

    @property
    def rewired(self) -> tuple[Wire, ...]:
        """All wires that are drawn or cut."""
        return (*self.drawn, *self.cut)


def between(
    nodes: tuple[Sequence[Node], Sequence[Node]], wires: tuple[Sequence[Wire], Sequence[Wire]]
) -> Changes:
    """The changes between two networks, each given as before and after."""
    before, after = _unlike(*nodes)
    known = set(map(id, before))
    old, new = [node.id for node in before], [node.id for node in after]
    both = set(old).intersection(new)
    cut, drawn = _unlike(*wires)
    # One that is another object and means the same is no other wire.
    gone = set(cut).difference(drawn)
    there = set(cut)
    return Changes(
        tuple(node for node in after if id(node) not in known),
        frozenset(new) - both,
        frozenset(old) - both,
        tuple(wire for wire in drawn if wire not in there),
        frozenset(gone),
        [key for key in old if key in both] != [key for key in new if key in both],
    )


def _unlike(before: Sequence[_T], after: Sequence[_T]) -> tuple[Sequence[_T], Sequence[_T]]:
    """What is left of two sequences without the objects that both begin and end with."""
    if before is after:
        return (), ()
    start = _alike(before, after)
    before, after = before[start:], after[start:]
    end = _alike(before[::-1], after[::-1])
    return before[: len(before) - end], after[: len(after) - end]


def _alike(before: Sequence[_T], after: Sequence[_T]) -> int:
    """How many objects both begin with."""
    return [*map(operator.is_, before, after), False].index(False)
