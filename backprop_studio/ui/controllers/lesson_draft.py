"""Keeps the text of a lesson that is being written, in case the program ends before it is saved."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal

from backprop_studio import project
from backprop_studio.errors import StudioError
from backprop_studio.files import cause, open_regular
from backprop_studio.project import SUFFIX, Project
from backprop_studio.ui.controllers import left_behind
from backprop_studio.ui.controllers.left_behind import Stamp

log = logging.getLogger(__name__)

DEBOUNCE = 1500
"""Milliseconds after a change of the text; a crash before that loses it."""

DRAFT = ".draft"
_LARGEST = 2**24
"""Bytes of a kept text. No lesson is that long, but a damaged file may be."""


@dataclass(frozen=True)
class Left:
    """The text of a lesson that was not saved.

    Attributes
    ----------
    file
        Where it is kept.
    text
        As it was.
    path
        File of the lesson; None when it had none.
    when
        Time of the last change.
    stamp
        How that file was when it was opened or saved last; None where that is not known.
    """

    file: Path
    text: str
    path: Path | None
    when: datetime
    stamp: Stamp | None


class LessonDraft(QObject):
    """One file with a lock for the text of one editor, as `Recovery` has for a document.

    Parameters
    ----------
    folder
        Where the files are; made when it is needed.

    Signals
    -------
    failing(reason)
        The text cannot be kept just now; why, in words. Empty: it is kept.
    """

    failing = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._file = folder / f"{uuid.uuid4().hex}{DRAFT}"
        self._lock: QLockFile | None = None
        self._writing: threading.Thread | None = None
        self._scene: Project | None = None

    def keep(
        self, text: str, path: Path | None, stamp: Stamp | None, scene: Project | None
    ) -> None:
        """Write a text, on a thread that waits for the disk.

        Parameters
        ----------
        text
            All of it.
        path, stamp
            Its file, and how that was when it was opened or saved last.
        scene
            The network that the lesson is to be about, if that is not saved either.
        """
        self.finish()
        try:
            self._hold()
        except OSError as error:
            self.failing.emit(cause(error))
            return
        about = {
            "text": text,
            "path": None if path is None else str(path),
            "when": datetime.now().astimezone().isoformat(),
            "stamp": stamp,
        }
        content = json.dumps(about).encode()
        self._writing = threading.Thread(target=self._write, args=(content, scene), daemon=True)
        self._writing.start()

    def finish(self) -> None:
        """Wait for the disk."""
        if self._writing is not None:
            self._writing.join()
            self._writing = None

    def forget(self) -> None:
        """The text is saved, or is not wanted."""
        self.finish()
        self._scene = None
        if self._lock is not None:
            _remove(self._file)
            self._lock.unlock()
            self._lock = None

    def found(self) -> tuple[tuple[Left, ...], tuple[Path, ...]]:
        """What others have left, the newest first; and damaged files, which are put aside."""
        left, damaged = [], []
        project.sweep(self._folder)
        for file in sorted(self._folder.glob(f"*{DRAFT}")):
            if file == self._file:
                continue
            with left_behind.held(file) as alone:
                if not alone:
                    continue  # its editor is open
                try:
                    left.append(read(file))
                except StudioError as error:
                    log.warning("what was kept in %s cannot be read: %s", file, error)
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    log.warning("what was kept in %s is damaged: %s", file, error)
                    with contextlib.suppress(OSError):  # then it is met again
                        damaged.append(file.replace(file.with_suffix(".damaged")))
        return tuple(sorted(left, key=lambda one: one.when, reverse=True)), tuple(damaged)

    def adopt(self, left: Left, scene: Project | None) -> None:
        """Make what was left this editor's own, where it lies: a second crash finds it again."""
        lock = left_behind.lock_of(left.file)
        if lock.tryLock(0):
            self.forget()
            self._file, self._lock, self._scene = left.file, lock, scene

    def drop(self, left: Left) -> None:
        """Delete what was left, unless another editor has taken it over meanwhile."""
        with left_behind.held(left.file) as alone:
            if alone:
                _remove(left.file)

    def _hold(self) -> None:
        """Lock the file; without a lock, another program might take it for a crash's."""
        if self._lock is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = left_behind.lock_of(self._file)
        if not lock.tryLock(0):
            raise PermissionError(None, "no file can be locked there")
        self._lock = lock

    def _write(self, content: bytes, scene: Project | None) -> None:
        try:
            if scene is not self._scene and scene is not None:
                # Once, and not with every change of the text: it may be large.
                project.save(scene, _scene_of(self._file))
            self._scene = scene
            project.write_atomically(self._file, content)
        except StudioError as error:
            log.warning("the text of the lesson is not kept for a crash: %s", error)
            self.failing.emit(str(error))
        else:
            self.failing.emit("")


def read(file: Path) -> Left:
    """Tell what is kept in a file.

    Raises
    ------
    StudioError
        It cannot be read.
    ValueError, KeyError, TypeError, RecursionError
        It is damaged.
    """
    with open_regular(file, limit=_LARGEST) as kept:
        about = json.loads(kept.read())
    text, path, stamp = about["text"], about["path"], about["stamp"]
    if not isinstance(text, str) or not isinstance(path, str | None):
        raise TypeError("it holds no text")
    when = datetime.fromisoformat(about["when"]).astimezone()
    return Left(file, text, None if path is None else Path(path), when, left_behind.as_stamp(stamp))


def scene(left: Left) -> Project | None:
    """The network that is kept with a text; None where there is none, or a damaged one."""
    file = _scene_of(left.file)
    try:
        return project.load(file) if file.exists() else None
    except StudioError as error:
        # Without its network, the text is still there.
        log.warning("%s cannot be read: %s", file, error)
        return None


def _scene_of(file: Path) -> Path:
    return file.with_suffix(SUFFIX)


def _remove(file: Path) -> None:
    left_behind.remove(file)
    left_behind.remove(_scene_of(file))
