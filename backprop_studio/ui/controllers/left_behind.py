"""What crashes have left in the folder for recovery: read, told, tidied up."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile

from backprop_studio import project
from backprop_studio.errors import StudioError
from backprop_studio.files import cause, open_regular
from backprop_studio.network import Network
from backprop_studio.project import SUFFIX, Project

log = logging.getLogger(__name__)

LOCK = ".lock"
NOTE = ".json"
DATA = ".data"
"""Ending of projects that are nothing but own data: those of the one whose name they begin with."""

_ASIDE = ".damaged"
_LONGEST_NOTE = 2**16
_MOMENTS = 60.0

Stamp = tuple[int, int, int]
"""What tells one state of a file from another: time of the last change, bytes, and which it is."""


def stamp_of(path: Path) -> Stamp | None:
    """What tells the state of a file from others; None when it is not there."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@dataclass(frozen=True)
class Found:
    """What a crash has left.

    Attributes
    ----------
    file
        Where it is kept.
    network
        As it was. Its weights may be large: they are read when it is opened, see `load`.
    path
        File of the document; None when it had none.
    when
        Time of the last change that is in it.
    trained
        Iterations of the training that are in its weights; 0 where that is not known.
    stamp
        How the document's file was when it was opened or saved last; None where that is not known.
    """

    file: Path
    network: Network
    path: Path | None
    when: datetime
    trained: int = 0
    stamp: Stamp | None = None

    @property
    def is_outrun(self) -> bool:
        """Whether the document's file has been changed since by something else."""
        if self.path is None or self.stamp is None:
            return False
        return stamp_of(self.path) not in (None, self.stamp)


@dataclass(frozen=True)
class Unreadable:
    """What a crash has left and cannot be opened.

    Attributes
    ----------
    file
        Where it is now.
    reason
        A sentence that says why.
    damaged
        Whether no version could open it. It is out of the way then, and not met again.
    """

    file: Path
    reason: str
    damaged: bool


def note(path: Path | None, stamp: Stamp | None, trained: int) -> bytes:
    """What is written beside the kept file of a document."""
    about = {
        "path": None if path is None else str(path),
        "when": datetime.now().astimezone().isoformat(),
        "trained": trained,
        "stamp": stamp,
    }
    return json.dumps(about).encode()


def read(file: Path) -> Found:
    """Tell what is kept in a file, with its note if that is sound.

    Raises
    ------
    StudioError
        It is no project, or cannot be read.
    """
    network = project.load(file).network
    try:
        with open_regular(file.with_suffix(NOTE), limit=_LONGEST_NOTE) as beside:
            about = json.loads(beside.read())
        path = None if about["path"] is None else Path(about["path"])
        when = datetime.fromisoformat(about["when"]).astimezone()
        trained = max(int(about.get("trained", 0)), 0)
        return Found(file, network, path, when, trained, as_stamp(about.get("stamp")))
    except (
        # Without the note, the project is still there.
        StudioError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        log.warning("%s has no note: %s", file, error)
    return Found(file, network, None, _changed(file))


def load(file: Path) -> Project:
    """Open a kept file with its own data, as far as they are sound.

    Raises
    ------
    StudioError
        It is no project, or cannot be read.
    """
    for data in data_of(file):
        try:
            project.load(data)
        except StudioError as error:
            # Without its data, the network is still there.
            log.warning("%s cannot be read: %s", data, error)
    return project.load(file)


def as_stamp(value: object) -> Stamp | None:
    """What was read, if it is a stamp."""
    if isinstance(value, list) and len(value) == 3 and all(type(n) is int for n in value):
        return value[0], value[1], value[2]
    return None


def _changed(file: Path) -> datetime:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    except (OSError, ValueError, OverflowError):
        return datetime.now().astimezone()


@contextmanager
def held(file: Path) -> Iterator[bool]:
    """Hold the lock of a kept file, unless the program that it belongs to is alive."""
    lock = lock_of(file)
    got = lock.tryLock(0) or (_cleared(lock) and lock.tryLock(0))
    try:
        yield got
    finally:
        if got:
            lock.unlock()


def _cleared(lock: QLockFile) -> bool:
    """Remove a lock that says nothing of its owner, as a power cut may leave it.

    Qt would wait for it for ever. Whoever makes one now fills it within moments.
    """
    path = Path(lock.fileName())
    try:
        if lock.getLockInfo()[0] or abs(time.time() - path.stat().st_mtime) < _MOMENTS:
            return False
        path.unlink()
    except OSError:
        return False
    return True


def lock_of(file: Path) -> QLockFile:
    """The lock of the program that a kept file belongs to; one of a dead program is none."""
    lock = QLockFile(str(file.with_suffix(LOCK)))
    lock.setStaleLockTime(0)
    return lock


def unreadable(file: Path, error: StudioError) -> Unreadable:
    """Say what cannot be opened. What is damaged is put out of the way, and never deleted.

    A file of a later version, or one that this user may not read just now, stays where it is.
    """
    damaged = error.code in ("project-corrupt", "file-not-regular", "file-too-large")
    if damaged:
        aside = file.with_name(file.name + _ASIDE)
        try:
            file = file.replace(aside)
        except OSError as refusal:
            log.warning("%s cannot be put aside: %s", file, cause(refusal))
    return Unreadable(file, str(error), damaged)


def remove(file: Path) -> None:
    """Delete a kept file with all that belongs to it."""
    for one in (file, file.with_suffix(NOTE), *data_of(file)):
        try:
            one.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be deleted: %s", one, error)


def data_of(file: Path) -> list[Path]:
    """Files with the own data of a file."""
    return list(file.parent.glob(f"{file.stem}.*{DATA}"))


def tidy(folder: Path) -> None:
    """Delete what is of no use: half-written files, and notes and data of no project."""
    project.sweep(folder)
    for ending in (NOTE, DATA, LOCK):
        for one in folder.glob(f"*{ending}"):
            file = one.with_name(one.name.partition(".")[0] + SUFFIX)
            # Its program may be about to write it: then it has the lock.
            with held(file) as alone:
                if alone and not file.exists() and not file.with_name(file.name + _ASIDE).exists():
                    remove(file)
