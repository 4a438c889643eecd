"""Finds the built-in data sets: every module of `backprop_studio.data.builtin` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from backprop_studio.data import builtin
from backprop_studio.data.dataset import Dataset, DatasetInfo
from backprop_studio.errors import StudioError

_FIRST = "digits"


@dataclass(frozen=True, slots=True)
class _Entry:
    info: DatasetInfo
    load: Callable[[], Dataset]


def infos() -> tuple[DatasetInfo, ...]:
    """Describe every built-in data set without loading one: digits first, then by title."""
    return tuple(entry.info for entry in _entries().values())


def info(dataset_id: str) -> DatasetInfo:
    """Describe one built-in data set without loading it.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id.
    """
    return _entry(dataset_id).info


@lru_cache
def load(dataset_id: str) -> Dataset:
    """Load a built-in data set, once; asking again gives the same object.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id, ``dataset-invalid`` if its file is damaged.
    FileNotFoundError
        If its file is not where the program was installed.
    """
    return _entry(dataset_id).load()


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
        found.append(_Entry(info=module.INFO, load=module.load))
    found.sort(key=lambda entry: (entry.info.id != _FIRST, entry.info.title))
    entries = {entry.info.id: entry for entry in found}
    if len(entries) != len(found):
        raise RuntimeError(f"two data sets share an id: {[entry.info.id for entry in found]}")
    return MappingProxyType(entries)
