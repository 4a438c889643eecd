"""Settings of the data by their path, for checks and actions: `setup/data/…`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backprop_studio import data
from backprop_studio.data import Corruption, DataSettings
from backprop_studio.errors import EditError
from backprop_studio.network import TrainingSetup

PATH = "data/"
"""Begins the name of such a setting, after `setup/`."""

ALL = "all"
"""In the place of a corruption: every one that there is."""


def read(setup: TrainingSetup, path: str) -> object:
    """A setting of the data: what stands after `setup/data/`; None when there is none such.

    Parameters
    ----------
    setup
        The training set-up.
    path
        `scaling` and the other settings of the form; `corruptions` for how many there are;
        `options/noise` for an option of a generated source; a corruption's id for whether it is
        there, and `label_noise/share` for a setting of it.
    """
    settings = setup.data
    owner, _, name = path.partition("/")
    if owner == "corruptions":
        return len(settings.corruptions)
    if owner == "options":
        options = _options(setup)
        return getattr(options, name) if _has(options, name) else None
    if owner in data.corruptions():
        found = _of(settings, owner)
        if not name:
            return found is not None
        return getattr(found, name) if _has(found, name) else None
    return getattr(settings, owner) if _has(settings, owner) else None


def change(setup: TrainingSetup, path: str, value: Any) -> TrainingSetup:
    """The set-up with another setting of the data; see `read` for the path.

    Raises
    ------
    EditError
        There is no such setting, or the value is of another type.
    ConfigError
        The same of an option or of a corruption.
    """
    settings = setup.data
    owner, _, name = path.partition("/")
    if owner == "options":
        options = _options(setup)
        if not _has(options, name):
            raise EditError("lesson-no-setting", name=f"setup/data/{path}")
        made = type(options).from_config({**options.config(), name: value})
        return replace(setup, data=replace(settings, options=made))
    found = _of(settings, owner)
    if found is not None:
        changed = type(found).from_config({**found.config(), name: value})
        return spoil(setup, changed)
    known = {f.name: f for f in settings.fields()}
    if owner not in known or not known[owner].fits_type(value):
        raise EditError("lesson-no-setting", name=f"setup/data/{path}")
    return replace(setup, data=replace(settings, **{owner: known[owner].from_plain(value)}))


def spoil(setup: TrainingSetup, corruption: Corruption) -> TrainingSetup:
    """The set-up with a corruption, in the place of one of its kind or after all others."""
    there = setup.data.corruptions
    if _of(setup.data, corruption.info.id) is None:
        made = (*there, corruption)
    else:
        made = tuple(corruption if c.info.id == corruption.info.id else c for c in there)
    return replace(setup, data=replace(setup.data, corruptions=made))


def mend(setup: TrainingSetup, kind: str) -> TrainingSetup:
    """The set-up without the corruptions of a kind, or without any for `ALL`."""
    left = tuple(c for c in setup.data.corruptions if kind not in (ALL, c.info.id))
    return replace(setup, data=replace(setup.data, corruptions=left))


def _of(settings: DataSettings, kind: str) -> Corruption | None:
    return next((c for c in settings.corruptions if c.info.id == kind), None)


def _options(setup: TrainingSetup) -> Any:
    """The options of a generated source, its own where none are set; None for other sources."""
    kind = data.recipe(setup.dataset) if setup.dataset else None
    options = setup.data.options
    return options if kind is None or type(options) is kind else kind()


def _has(spec: Any, name: str) -> bool:
    return spec is not None and name in {f.name for f in spec.fields()}
