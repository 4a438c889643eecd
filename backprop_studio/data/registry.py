"""Finds data sets and corruptions: every module of `builtin` and `corruptions`, and own data."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from backprop_studio.data import builtin, own
from backprop_studio.data import corruptions as _corruptions
from backprop_studio.data.corruption import Corruption
from backprop_studio.data.dataset import Dataset, DatasetInfo
from backprop_studio.data.options import Options
from backprop_studio.errors import StudioError
from backprop_studio.specs import discover

_FIRST = "digits"


_ADJUSTED = 4
"""Generated data sets with other options than their own that are kept; each may be large."""


@dataclass(frozen=True, slots=True)
class _Entry:
    info: DatasetInfo
    load: Callable[..., Dataset]
    recipe: type[Options] | None = None


def infos() -> tuple[DatasetInfo, ...]:
    """Describe every data set without loading one: digits first, then by title, then own ones."""
    return (*(entry.info for entry in _entries().values()), *own.infos())


def info(dataset_id: str, options: Options | None = None) -> DatasetInfo:
    """Describe one data set; without options of its own, without loading it.

    Raises
    ------
    StudioError
        As `load`.
    """
    if own.is_own(dataset_id) or options is not None:
        return load(dataset_id, options).info
    return _entry(dataset_id).info


def recipe(dataset_id: str) -> type[Options] | None:
    """The options that a data set has; None if there is nothing to set.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id, ``dataset-own-missing`` if it is an own
        one that is not here.
    """
    return None if own.is_own(dataset_id) else _entry(dataset_id).recipe


def load(dataset_id: str, options: Options | None = None) -> Dataset:
    """Load a data set, once; asking again gives the same object.

    Parameters
    ----------
    dataset_id
        Which one.
    options
        How to generate it; None for its `recipe` without changes.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id, ``dataset-own-missing`` if it is an own
        one that is not here, ``dataset-invalid`` if the file of a built-in one is damaged,
        ``dataset-options`` if the options are not those of this data set, or out of range.
    FileNotFoundError
        If the file of a built-in one is not where the program was installed.
    """
    kind = recipe(dataset_id)
    if options is None or (kind is not None and options == kind()):
        return _own(dataset_id) if own.is_own(dataset_id) else _load(dataset_id)
    title = info(dataset_id).title
    if kind is not type(options):
        raise StudioError("dataset-options", name=title, reason="they are of other data")
    for problem in options.problems(title):
        raise StudioError("dataset-options", name=title, reason=problem.text.rstrip("."))
    return _adjusted(dataset_id, options)


def extent(dataset_id: str, options: Options | None = None) -> tuple[int, int]:
    """How many rows there are, and how many numbers in each, without loading them.

    Raises
    ------
    StudioError
        As `info`.
    """
    if own.is_own(dataset_id):
        dataset = _own(dataset_id)
        return dataset.size, math.prod(dataset.feature_shape)
    entry = _entry(dataset_id)
    if entry.recipe is None:
        return entry.info.size, math.prod(entry.info.feature_shape)
    made = entry.recipe() if options is None else options
    if type(made) is not entry.recipe:
        return 0, 0  # `load` refuses them
    return int(getattr(made, "count", 0)), made.width


def few(dataset_id: str, options: Options | None, most: int) -> Dataset | None:
    """At most so many rows of a data set; None if they would have to be read from a file.

    Raises
    ------
    StudioError
        As `load`.
    """
    if own.is_own(dataset_id):
        dataset = _own(dataset_id)
        return replace(dataset, x=dataset.x[:most], y=dataset.y[:most])
    entry = _entry(dataset_id)
    if entry.recipe is None:
        return None
    made: Any = entry.recipe() if options is None else options
    if hasattr(made, "count"):
        made = replace(made, count=min(made.count, most))
    return entry.load(made)


def _own(dataset_id: str) -> Dataset:
    dataset = own.find(dataset_id)
    if dataset is None:
        raise StudioError("dataset-own-missing")
    return dataset


@cache
def corruptions() -> Mapping[str, type[Corruption]]:
    """Every corruption by id, in the order of forms."""
    found = discover(_corruptions, Corruption)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].info.rank)))


def forget() -> None:
    """Load every built-in data set anew when it is asked for."""
    _load.cache_clear()
    _adjusted.cache_clear()


@lru_cache
def _load(dataset_id: str) -> Dataset:
    entry = _entry(dataset_id)
    return entry.load() if entry.recipe is None else entry.load(entry.recipe())


@lru_cache(maxsize=_ADJUSTED)
def _adjusted(dataset_id: str, options: Options) -> Dataset:
    return _entry(dataset_id).load(options)


def _entry(dataset_id: str) -> _Entry:
    entries = _entries()
    if dataset_id not in entries:
        raise StudioError("dataset-unknown", name=dataset_id, known=", ".join(entries))
    return entries[dataset_id]


@lru_cache
def _entries() -> Mapping[str, _Entry]:
    """Import each module once, in the order shown to people.

    Raises
    ------
    RuntimeError
        If two modules claim the same id.
    """
    found: list[_Entry] = []
    for module_info in pkgutil.iter_modules(builtin.__path__):
        module = importlib.import_module(f"{builtin.__name__}.{module_info.name}")
        kind = getattr(module, "Recipe", None)
        found.append(_Entry(info=module.INFO, load=module.load, recipe=kind))
    found.sort(key=lambda entry: (entry.info.id != _FIRST, entry.info.title))
    entries = {entry.info.id: entry for entry in found}
    if len(entries) != len(found):
        raise RuntimeError(f"two data sets share an id: {[entry.info.id for entry in found]}")
    return MappingProxyType(entries)
