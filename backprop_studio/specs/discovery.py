"""Finds the specs of a package: one file each, no list to keep."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

from backprop_studio.specs.spec import Spec

S = TypeVar("S", bound=Spec)


def discover(package: ModuleType, base: type[S]) -> dict[str, type[S]]:
    """Import every module of `package`, and return the classes of `base` in them by id.

    Only classes with an `info` of their own count: others are bases.

    Raises
    ------
    RuntimeError
        Two of them have the same id.
    """
    found: dict[str, type[S]] = {}
    for entry in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{entry.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and issubclass(cls, base) and "info" in vars(cls):
                if cls.info.id in found:
                    raise RuntimeError(f"two specs are called '{cls.info.id}'")
                found[cls.info.id] = cls
    return found
