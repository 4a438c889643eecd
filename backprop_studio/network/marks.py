"""What stands on the canvas for people alone: notes, arrows and groups. No program knows of it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_MARKS = 1_000
"""Notes that a project may have, and as many arrows, and as many groups."""

MAX_TEXT = 2_000
"""Characters of a note."""

MAX_NAME = 64
"""Characters of the name of a group."""

MAX_DEPTH = 16
"""Groups that may stand in each other."""

NARROWEST, WIDEST = 60.0, 1_200.0
"""Width of a note, in scene units."""


@dataclass(frozen=True)
class Note:
    """A text on the canvas.

    Attributes
    ----------
    id
        Key for arrows, groups and undo; unlike that of any node, arrow or group.
    text
        In lines as they were typed; longer ones are wrapped.
    x, y
        Upper left corner, in scene units.
    width
        Width of the sheet, in scene units; its height follows from the text.
    """

    id: str
    text: str
    x: float = 0.0
    y: float = 0.0
    width: float = 180.0


@dataclass(frozen=True)
class Arrow:
    """An arrow on the canvas.

    Attributes
    ----------
    id
        Key for groups and undo.
    x1, y1
        Where it begins, in scene units.
    x2, y2
        Where its head is.
    source, target
        Ids of the nodes or notes that its ends are tied to: they move along, and the arrow goes
        when one of them is deleted. Empty for an end that is free.
    """

    id: str
    x1: float
    y1: float
    x2: float
    y2: float
    source: str = ""
    target: str = ""

    @property
    def middle(self) -> tuple[float, float]:
        """Halfway between its ends."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2


@dataclass(frozen=True)
class Group:
    """Nodes and notes that belong together, drawn in a frame or folded into one block.

    Attributes
    ----------
    id
        Key for groups and undo.
    name
        What people call it.
    members
        Ids of nodes, notes and other groups; each of them is in one group at most.
    collapsed
        Whether it is drawn as one block.
    """

    id: str
    name: str
    members: tuple[str, ...]
    collapsed: bool = False
