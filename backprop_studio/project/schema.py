"""The shape of `project.json`, format 1."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from backprop_studio.data import MOST_CORRUPTIONS
from backprop_studio.files import shorten
from backprop_studio.network.marks import MAX_MARKS, MAX_NAME, MAX_TEXT, NARROWEST, WIDEST
from backprop_studio.network.network import MAX_NODES
from backprop_studio.project.unsound import UnsoundError

FORMAT = 1
"""Number of the format that is written. Raise it with a migration; see `migrations`."""

MAX_PLACE = 1e9
"""Farthest that a node may stand from the middle of the canvas, in scene units."""

IDENTIFIER = r"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\Z"
"""Ids of nodes and names of parameters. They become names in an archive: no dot comes first."""

Id = Annotated[str, Meta(pattern=IDENTIFIER)]
Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{1,64}\Z")]
Type = Annotated[str, Meta(min_length=1, max_length=100)]
Place = Annotated[float, Meta(ge=-MAX_PLACE, le=MAX_PLACE)]


class NodeRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A node; `type` is the id of a layer or of a loss."""

    id: Id
    name: Name
    type: Type
    x: Place
    y: Place
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    shares: Id | None = None
    frozen: bool = False


class WireRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A wire, from the output of one node to a port of another."""

    source: Id
    target: Id
    port: Annotated[int, Meta(ge=0, le=1000)] = 0


class NoteRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A note on the canvas."""

    id: Id
    text: Annotated[str, Meta(max_length=MAX_TEXT)]
    x: Place
    y: Place
    width: Annotated[float, Meta(ge=NARROWEST, le=WIDEST)] = 180.0


class ArrowRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """An arrow on the canvas; its ends may be tied to nodes and notes."""

    id: Id
    x1: Place
    y1: Place
    x2: Place
    y2: Place
    source: Id | None = None
    target: Id | None = None


class GroupRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """Nodes, notes and groups that are drawn as one."""

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    members: Annotated[list[Id], Meta(min_length=1, max_length=MAX_NODES + 2 * MAX_MARKS)]
    collapsed: bool = False


class OptimizerRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """An optimizer; `type` is its id."""

    type: Type
    config: dict[str, Any] = msgspec.field(default_factory=dict)


class ScheduleRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A schedule of the learning rate; `type` is its id. Older files have none: it is constant."""

    type: Type = "constant"
    config: dict[str, Any] = msgspec.field(default_factory=dict)


class CorruptionRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A corruption of the data; `type` is its id."""

    type: Type
    config: dict[str, Any] = msgspec.field(default_factory=dict)


class DataRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to the data set; without `options` it is generated as it always is."""

    options: dict[str, Any] | None = None
    scaling: Annotated[str, Meta(max_length=100)] = "none"
    scale_targets: bool = True
    stratified: bool = True
    shuffle: bool = True
    corruptions: Annotated[list[CorruptionRecord], Meta(max_length=MOST_CORRUPTIONS)] = (
        msgspec.field(default_factory=list)
    )


class SetupRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The training set-up. Numbers out of range are the document's to complain about."""

    dataset: Annotated[str, Meta(max_length=200)]
    optimizer: OptimizerRecord
    batch_size: int
    validation: float
    seed: int
    precision: Annotated[str, Meta(max_length=100)]
    l1: float = 0.0
    l2: float = 0.0
    schedule: ScheduleRecord = msgspec.field(default_factory=ScheduleRecord)
    warmup: int = 0
    clip: Annotated[str, Meta(max_length=100)] = "none"
    clip_at: float = 1.0
    data: DataRecord = msgspec.field(default_factory=DataRecord)


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """All of `project.json`. `program` is the version that wrote it, for people only.

    Files of networks without notes, arrows and groups do not have these lists.
    """

    format: int
    program: Annotated[str, Meta(max_length=100)]
    nodes: Annotated[list[NodeRecord], Meta(max_length=MAX_NODES)]
    wires: list[WireRecord]
    setup: SetupRecord
    notes: Annotated[list[NoteRecord], Meta(max_length=MAX_MARKS)] = msgspec.field(
        default_factory=list
    )
    arrows: Annotated[list[ArrowRecord], Meta(max_length=MAX_MARKS)] = msgspec.field(
        default_factory=list
    )
    groups: Annotated[list[GroupRecord], Meta(max_length=MAX_MARKS)] = msgspec.field(
        default_factory=list
    )


_WORDS = {
    "`array`": "a list",
    "`bool`": "true or false",
    "`float`": "a number",
    "`int`": "a whole number",
    "`null`": "null",
    "`object`": "an object",
    "`str`": "text",
}


def validate(plain: object) -> Document:
    """A document from plain values.

    Raises
    ------
    UnsoundError
        Something is missing, unknown or of the wrong type; the text says where and what.
    """
    try:
        return msgspec.convert(plain, Document)
    except msgspec.ValidationError as error:
        raise UnsoundError(_explain(str(error))) from None


def _explain(text: str) -> str:
    """Our words for msgspec's: ``Expected `float`, got `str` - at `$.nodes[3].x```."""
    problem, _, place = text.partition(" - at `$")
    where = place.strip("`.") or "the document"
    for known, words in _WORDS.items():
        problem = problem.replace(known, words)
    if problem.startswith("Expected "):
        expected, _, got = problem.removeprefix("Expected ").partition(", got ")
        expected = expected.replace(" matching regex ", " that matches ").replace("\\\\", "\\")
        return shorten(f"{where} must be {expected}" + (f" and is {got}" if got else ""))
    return shorten(f"{where}: {problem[:1].lower()}{problem[1:]}".replace("`", "'"))
