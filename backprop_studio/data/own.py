"""The learner's own data sets, known by what they hold.

An own data set has the id ``own:`` and a digest of its content, so a project names exactly the
rows that it was trained on, and two that are the same are one. Networks hold the id alone, so the
data are kept here, for as long as the history of edits may lead back to them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling

PREFIX = "own:"
MAX_NUMBERS = 64 * 2**20
"""Numbers that an own data set may hold, features and targets together: 256 MB in float32."""

_UNUSUAL = 10.0
"""Features beyond this are in units of their own."""

_kept: dict[str, Dataset] = {}
_origins: dict[str, str] = {}
_followed: set[str] = set()


@dataclass(frozen=True, eq=False)
class Kept:
    """The own data sets of a document, and which of them go on from each other."""

    datasets: Mapping[str, Dataset]
    origins: Mapping[str, str]
    followed: frozenset[str]


def is_own(dataset_id: str) -> bool:
    """Whether an id names an own data set, here or elsewhere."""
    return dataset_id.startswith(PREFIX)


def identify(dataset: Dataset) -> str:
    """The id that a data set has as an own one: the same for the same content everywhere.

    All of it counts, titles and names too, save the id that it has now.
    """
    digest = hashlib.blake2b(digest_size=20)
    about = [
        dataset.title, dataset.summary, dataset.task.value, dataset.class_names,
        dataset.feature_names, dataset.image_shape, dataset.citation, dataset.licence,
        dataset.vocabulary, dataset.x.shape, dataset.x.dtype.name, dataset.y.shape,
        dataset.y.dtype.name,
    ]  # fmt: skip
    digest.update(json.dumps(about).encode())
    for array in (dataset.x, dataset.y):
        ordered = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(ordered.reshape(-1).view(np.uint8).data)
    return PREFIX + digest.hexdigest()


def suitable_scaling(
    x: npt.NDArray[Any], image_shape: tuple[int, int] | None, vocabulary: int | None = None
) -> Scaling:
    """What scaling suits features: none for pictures, tokens, and numbers of a usual size."""
    if image_shape is not None or vocabulary is not None or x.size == 0:
        return Scaling.NONE
    return Scaling.STANDARD if max(-x.min(), x.max()) > _UNUSUAL else Scaling.NONE


def named(dataset: Dataset) -> Dataset:
    """A data set under the id that it has as an own one."""
    return replace(dataset, id=identify(dataset))


def keep(dataset: Dataset, *, continuing: str = "") -> Dataset:
    """Keep a data set as an own one, and return it under its new id.

    Parameters
    ----------
    dataset
        The id of an own data set is believed; any other is not looked at.
    continuing
        Id of the data set that this one goes on from, a few rows changed. What was learned there
        belongs to this one too; see `continues`.
    """
    if not is_own(dataset.id):
        dataset = named(dataset)
    known = _kept.setdefault(dataset.id, dataset)
    dataset_id = known.id
    if continuing and continuing != dataset_id:
        _origins[dataset_id] = _origins.get(continuing, continuing)
        _followed.add(continuing)
    _followed.discard(dataset_id)
    return known


def find(dataset_id: str) -> Dataset | None:
    """The own data set with this id, if it is here."""
    return _kept.get(dataset_id)


def nbytes(dataset_id: str) -> int:
    """Bytes that the rows of an own data set take; 0 if it is not here."""
    dataset = _kept.get(dataset_id)
    return 0 if dataset is None else dataset.x.nbytes + dataset.y.nbytes


def infos() -> tuple[DatasetInfo, ...]:
    """Describe the own data sets as they came; of those that go on from each other, the last."""
    return tuple(d.info for d in tuple(_kept.values()) if d.id not in _followed)


def continues(first: str, second: str) -> bool:
    """Whether one data set goes on from the other, or both from the same: only rows differ.

    A network that fits the one then fits the other, and what it has learned is worth keeping.
    """
    if first == second:
        return True
    return bool(first and second) and _origins.get(first, first) == _origins.get(second, second)


def forget_followed(wanted: Collection[str]) -> None:
    """Forget the data sets that others go on from, but these: no list offers them any more."""
    for dataset_id in _followed.difference(wanted):
        _kept.pop(dataset_id, None)


def kept() -> Kept:
    """All own data sets as they are now, for `bring_back`."""
    return Kept(dict(_kept), dict(_origins), frozenset(_followed))


def bring_back(kept: Kept) -> None:
    """Keep the own data sets of another document again, and no others."""
    _kept.clear()
    _origins.clear()
    _followed.clear()
    _kept.update(kept.datasets)
    _origins.update(kept.origins)
    _followed.update(kept.followed)


def release(wanted: Iterable[str] = ()) -> None:
    """Forget all own data sets but these: another document is open, without a way back."""
    wanted = set(wanted)
    for dataset_id in [i for i in _kept if i not in wanted]:
        del _kept[dataset_id]
    _origins.clear()
    _followed.clear()
