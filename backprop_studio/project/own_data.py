"""An own data set as entries of a project file, and back without trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import StudioError
from backprop_studio.files import shorten
from backprop_studio.project import npy, strict_json
from backprop_studio.project.container import OWN_DATA
from backprop_studio.project.unsound import UnsoundError

_ABOUT, _X, _Y = OWN_DATA

Text = Annotated[str, Meta(max_length=2_000)]
Names = list[Annotated[str, Meta(max_length=500)]]
Side = Annotated[int, Meta(ge=1, le=2**20)]


class AboutRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """All of a data set that is not numbers."""

    title: Text
    summary: Text
    task: Task
    class_names: Names
    feature_names: Names
    image_shape: tuple[Side, Side] | None
    citation: Text
    licence: Text
    vocabulary: Annotated[int, Meta(ge=1)] | None


def to_entries(dataset: Dataset) -> dict[str, bytes]:
    """What the entries of a data set hold, the same bytes for the same data set."""
    about = {
        "title": dataset.title,
        "summary": dataset.summary,
        "task": dataset.task.value,
        "class_names": list(dataset.class_names),
        "feature_names": list(dataset.feature_names),
        "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        "citation": dataset.citation,
        "licence": dataset.licence,
        "vocabulary": dataset.vocabulary,
    }
    return {
        _ABOUT: strict_json.dumps(about),
        _X: npy.to_bytes(dataset.x, npy.DATA),
        _Y: npy.to_bytes(dataset.y, npy.DATA),
    }


def from_entries(entries: Mapping[str, bytes], dataset_id: str) -> Dataset:
    """The data set of an archive.

    Parameters
    ----------
    entries
        What the entries of `OWN_DATA` hold.
    dataset_id
        The id that the project knows it by.

    Raises
    ------
    UnsoundError
        It is damaged, too large, or not the one that was asked for.
    """
    try:
        about = msgspec.convert(strict_json.loads(entries[_ABOUT]), AboutRecord)
    except msgspec.ValidationError as error:
        text = shorten(str(error).replace("`", "'"))
        raise UnsoundError(f"the description of its own data cannot be read: {text}") from None
    x = npy.from_bytes(entries[_X], npy.DATA, what="its own data")
    y = npy.from_bytes(entries[_Y], npy.DATA, what="its own data")
    if x.size + y.size > own.MAX_NUMBERS:
        raise UnsoundError(f"its own data hold more than {own.MAX_NUMBERS:,} numbers")
    try:
        dataset = Dataset(
            id=dataset_id,
            title=about.title,
            summary=about.summary,
            x=x,
            y=y,
            task=about.task,
            class_names=tuple(about.class_names),
            feature_names=tuple(about.feature_names),
            image_shape=about.image_shape,
            citation=about.citation,
            licence=about.licence,
            vocabulary=about.vocabulary,
            scaling=own.suitable_scaling(x, about.image_shape, about.vocabulary),
        )
    except StudioError as error:
        raise UnsoundError(shorten(str(error).rstrip("."))) from None
    if own.identify(dataset) != dataset_id:
        raise UnsoundError("its own data are not those that it was saved with")
    return dataset
