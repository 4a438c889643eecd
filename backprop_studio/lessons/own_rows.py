"""The learner's own rows in a lesson, kept for evidence: the window forgets them with a scene."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.files import open_regular
from backprop_studio.lessons.growing import add_lines
from backprop_studio.lessons.recorder import Event
from backprop_studio.network import Network
from backprop_studio.project import own_data

MAX_DATA = 8 * 2**20
"""Bytes of the learner's own data that go into a file of evidence."""

MAX_KEPT = 64 * 2**20
"""Bytes that are kept of one lesson; what comes after that is left out."""

Entries = dict[str, bytes]
"""A data set as in a project file."""

log = logging.getLogger(__name__)


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data set in the file: its id, and what it holds."""

    id: str
    entries: Entries


def of_events(
    events: Sequence[Event], network: Network, kept: Mapping[str, Entries] | None = None
) -> dict[str, Entries]:
    """The own data sets of all designs, as far as there is room for them; the last ones first.

    Parameters
    ----------
    events
        What was done.
    network
        The design now.
    kept
        Data sets that are not in the window any more, by their id.
    """
    names = [network.setup.dataset]
    for event in reversed(events):
        if event.network is not None:
            names.append(event.network["setup"]["dataset"])
    found: dict[str, Entries] = {}
    room = MAX_DATA
    for name in dict.fromkeys(names):
        dataset = own.find(name)
        if dataset is not None and dataset.x.nbytes + dataset.y.nbytes <= room:
            entries = own_data.to_entries(dataset)
        else:
            entries = dict((kept or {}).get(name, {}))
        size = sum(map(len, entries.values()))
        if entries and size <= room:
            room -= size
            found[name] = entries
    return found


class OwnRows:
    """What a learner drew or imported in each lesson, in a folder, over several sittings.

    A file for each lesson that grows by a line with each data set.

    Parameters
    ----------
    folder
        Where; it is made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, set[str]] = {}

    def load(self, lesson_id: str) -> dict[str, Entries]:
        """All that was kept of a lesson; lines that are damaged are left out."""
        found: dict[str, Entries] = {}
        try:
            with open_regular(self._path(lesson_id), limit=2 * MAX_KEPT) as file:
                lines = file.read().splitlines()
        except StudioError as error:
            if error.code != "file-missing":
                log.warning("own rows cannot be read: %s", error)
            return found
        for line in filter(None, lines):
            try:
                kept = msgspec.json.decode(line, type=_Line, strict=True)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                log.warning("a line of own rows cannot be read: %s", error)
                continue
            found[kept.id] = kept.entries
        return found

    def add(self, lesson_id: str, events: Sequence[Event], network: Network) -> None:
        """Keep those that events speak of and that are not kept yet.

        Raises
        ------
        LessonError
            The disk refuses.
        """
        named = {network.setup.dataset}
        named |= {e.network["setup"]["dataset"] for e in events if e.network is not None}
        named = {name for name in named if own.find(name) is not None}
        if not named:
            return
        known = self._known.setdefault(lesson_id, set(self.load(lesson_id)))
        if named <= known:
            return
        lines = [
            msgspec.json.encode(_Line(name, entries))
            for name, entries in of_events(events, network).items()
            if name not in known
        ]
        add_lines(self._path(lesson_id), lines, most=MAX_KEPT)
        known |= named

    def forget(self, lesson_id: str) -> None:
        """Begin with nothing kept."""
        self._known.pop(lesson_id, None)
        try:
            self._path(lesson_id).unlink(missing_ok=True)
        except OSError as error:
            log.warning("own rows of a lesson stay: %s", error)

    def _path(self, lesson_id: str) -> Path:
        return self._folder / f"{lesson_id}.rows.jsonl"
