"""Finds data sets: every module of `backprop_studio.data.builtin` is one, and so are own ones."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from backprop_studio.data import builtin, own
from backprop_studio.data.dataset import Dataset, DatasetInfo
from backprop_studio.errors import StudioError

_FIRST = "digits"


@dataclass(frozen=True, slots=True)
class _Entry:
    info: DatasetInfo
    load: Callable[[], Dataset]


def infos() -> tuple[DatasetInfo, ...]:
    """Describe every data set without loading one: digits first, then by title, then own ones."""
    return (*(entry.info for entry in _entries().values()), *own.infos())


def info(dataset_id: str) -> DatasetInfo:
    """Describe one data set without loading it.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id, ``dataset-own-missing`` if it is an own
        one that is not here.
    """
    if own.is_own(dataset_id):
        return _own(dataset_id).info
    return _entry(dataset_id).info


def load(dataset_id: str) -> Dataset:
    """Load a data set, once; asking again gives the same object.

    Raises
    ------
    StudioError
        ``dataset-unknown`` if there is none of this id, ``dataset-own-missing`` if it is an own
        one that is not here, ``dataset-invalid`` if the file of a built-in one is damaged.
    FileNotFoundError
        If the file of a built-in one is not where the program was installed.
    """
    return _own(dataset_id) if own.is_own(dataset_id) else _load_builtin(dataset_id)


def _own(dataset_id: str) -> Dataset:
    dataset = own.find(dataset_id)
    if dataset is None:
        raise StudioError("dataset-own-missing")
    return dataset


@lru_cache
def _load_builtin(dataset_id: str) -> Dataset:
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
