"""Keeps what is not saved in a file of its own, and offers it after a crash."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

from backprop_studio import project
from backprop_studio.autograd import Array
from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.network import Network, TrainingSetup
from backprop_studio.project import SUFFIX, Project, Weights
from backprop_studio.training import Snapshot, State
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import REPLY_TIMEOUT, Engine

log = logging.getLogger(__name__)

DEBOUNCE = 1500
"""Milliseconds after an edit or a step of the training; a crash before that loses these."""

LEARNING = 30_000
"""Milliseconds between two times that the weights are kept while training runs."""

_SHARE = 30
"""While training runs, writing may take one part in so many of the time."""

_ASIDE = ".damaged"
_DATA = ".data"
"""Ending of projects that are nothing but own data: those of the one whose name they begin with."""


@dataclass(frozen=True)
class Found:
    """What a crash has left.

    Attributes
    ----------
    file
        Where it is kept.
    project
        The network and its weights, as they were.
    path
        File of the document; None when it had none.
    when
        Time of the last change that is in it.
    trained
        Iterations of the training that are in its weights; 0 where that is not known.
    """

    file: Path
    project: Project
    path: Path | None
    when: datetime
    trained: int = 0


class Recovery(QObject):
    """Writes the document beside the settings shortly after every edit, while it is not saved.

    What is learned is kept as well: now and then while training runs, and shortly after it stops
    or is stepped. Where nothing has changed since, nothing is written.

    Each running program has a file of its own with a lock, so that two of them do not disturb
    each other. The file goes when the document is saved, discarded or closed; what remains without
    a living program is what a crash has left.

    Parameters
    ----------
    folder
        Where the files are; made when it is needed.
    document, engine
        What is kept.
    """

    def __init__(
        self, folder: Path, document: Document, engine: Engine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._document = document
        self._engine = engine
        self._path: Path | None = None
        self._weights: Weights = {}
        # How far the training was when the document was saved, and when it was last kept.
        self._saved_at: object = None
        self._kept_at: object = None
        self._file = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock: QLockFile | None = None
        self._writing: threading.Thread | None = None
        self._guarded = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE)
        self._timer.timeout.connect(self.keep)
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(LEARNING)
        self._pace.timeout.connect(self.keep)
        self._took = 0.0
        self._written = False
        document.history.indexChanged.connect(self._note)
        document.history.cleanChanged.connect(self._note)
        engine.updated.connect(self._note_training)

    def set_path(self, path: Path | None) -> None:
        """Say which file the document has, as it is now: what is kept belongs to it."""
        self._finish()
        self._path = path
        self._weights = {}
        self._saved_at = self._kept_at = _moment(self._engine.snapshot)
        self._note()

    def keep(self) -> None:
        """Write what is not saved, now; worker and disk are waited for on another thread."""
        if self._guarded:
            return
        self._timer.stop()
        self._pace.stop()
        if not self._is_unsaved():
            self._forget()
            return
        if self._writing is not None and self._writing.is_alive():
            self._timer.start()
            return
        self._finish()
        if not self._hold():
            return
        snapshot = self._engine.snapshot
        self._kept_at = _moment(snapshot)
        note = {
            "path": None if self._path is None else str(self._path),
            "when": datetime.now().astimezone().isoformat(),
            "trained": snapshot.completed,
        }
        # The worker does first what it was told first: these are the weights of this network.
        reply = self._engine.fetch_weights()
        self._writing = threading.Thread(
            target=self._write, args=(self._document.network, reply, note), daemon=True
        )
        self._writing.start()

    def secure(self) -> bool:
        """Write what is not saved, and wait for the disk; whether a crash would leave it all."""
        self._finish()
        self._written = False
        self.keep()
        self._finish()
        return self._written or not self._is_unsaved()

    def guard(self) -> None:
        """Keep the document as it is now, and nothing that stands in its place meanwhile."""
        # What is being written may be older, and nothing is written after this.
        self._finish()
        self.keep()
        self._guarded = True

    def release(self) -> None:
        """The document that was guarded is back: keep what comes of it from now on."""
        self._guarded = False
        self._note()

    def close(self) -> None:
        """The document is saved, or is not wanted: nothing is left behind."""
        self._timer.stop()
        self._pace.stop()
        self._forget()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def found(self) -> tuple[Found, ...]:
        """What crashes have left, the newest first. What cannot be read is put aside."""
        left = []
        for file in self._folder.glob(f"*{SUFFIX}"):
            lock = QLockFile(str(file.with_suffix(".lock")))
            lock.setStaleLockTime(0)
            if file == self._file or not lock.tryLock(0):
                continue  # its program is alive
            try:
                left.append(_read(file))
            except (StudioError, OSError, ValueError) as error:
                log.warning("what was kept in %s cannot be read: %s", file, error)
                _put_aside(file)
            finally:
                lock.unlock()
        return tuple(sorted(left, key=lambda f: f.when, reverse=True))

    def adopt(self, found: Found) -> None:
        """Make what a crash has left this program's own, where it lies.

        It is neither copied nor moved: a second crash, at whatever moment, finds it again. When
        another program was faster, it stays that one's, and this one keeps a file of its own.
        """
        lock = QLockFile(str(found.file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if lock.tryLock(0):
            self.close()
            self._file, self._lock = found.file, lock
        self._weights = dict(found.project.weights)

    def drop(self, found: Found) -> None:
        """Delete what a crash has left."""
        _remove(found.file)

    def _is_unsaved(self) -> bool:
        learned = _moment(self._engine.snapshot)
        changed = learned is not None and learned != self._saved_at
        return changed or not self._document.undo_stack.isClean()

    def _note(self) -> None:
        """Something was edited or saved."""
        if self._guarded:
            return
        if not self._is_unsaved():
            self._timer.stop()
            self._pace.stop()
            self._forget()
        elif not self._timer.isActive():
            self._timer.start()

    def _note_training(self, snapshot: Snapshot, curves: object) -> None:
        """The training is said to be somewhere; called often."""
        moment = _moment(snapshot)
        if self._guarded or moment is None or moment == self._kept_at:
            return
        if snapshot.state is not State.RUNNING:
            if not self._timer.isActive():
                self._timer.start()
        elif not self._pace.isActive():
            self._pace.start(max(LEARNING, int(self._took * 1000 * _SHARE)))

    def _hold(self) -> bool:
        """Lock the file; without a lock, another program might take it for a crash's."""
        if self._lock is not None:
            return True
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("nothing can be kept for a crash: %s", error)
            return False
        lock = QLockFile(str(self._file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            log.warning("nothing can be kept for a crash: %s cannot be locked", self._file)
            return False
        self._lock = lock
        return True

    def _write(
        self, network: Network, reply: Future[dict[tuple[str, str], Array]], note: object
    ) -> None:
        try:
            self._weights = reply.result(REPLY_TIMEOUT)
        except TimeoutError:
            # The edits matter more than what was learned since the weights were last seen.
            log.warning("the weights are kept as they were: the worker does not answer")
            learned = False
        else:
            learned = True
        weights, start = self._weights, time.monotonic()
        dataset = network.setup.dataset
        kept: Path | None = None
        try:
            project.write_atomically(self._file.with_suffix(".json"), json.dumps(note).encode())
            if own.find(dataset) is not None:
                kept = self._file.with_suffix(f".{dataset.removeprefix(own.PREFIX)}{_DATA}")
                if not kept.exists():
                    # Once, and not with every edit: they may be a hundred megabytes.
                    project.save(Project(Network(setup=TrainingSetup(dataset=dataset))), kept)
            project.save(Project(network, weights), self._file, with_data=False)
            for data in _data_of(self._file):
                if data != kept:
                    data.unlink()
            self._written = learned
        except (StudioError, OSError) as error:
            log.warning("nothing could be kept for a crash: %s", error)
        self._took = time.monotonic() - start

    def _finish(self) -> None:
        if self._writing is not None:
            self._writing.join()
            self._writing = None

    def _forget(self) -> None:
        self._finish()
        _remove(self._file)


def _moment(snapshot: Snapshot) -> tuple[int, int, bool] | None:
    """Where a run stands, as far as its weights depend on it; None while nothing is learned."""
    if snapshot.cursor is None or not (snapshot.completed or snapshot.edited):
        return None
    return snapshot.branch, snapshot.completed, snapshot.edited


def _data_of(file: Path) -> list[Path]:
    """Files with the own data of a file."""
    return list(file.parent.glob(f"{file.stem}.*{_DATA}"))


def _read(file: Path) -> Found:
    for data in _data_of(file):
        try:
            project.load(data)
        except StudioError as error:
            # Without its data, the network is still there.
            log.warning("%s cannot be read: %s", data, error)
    loaded = project.load(file)
    path: Path | None = None
    trained = 0
    when = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    try:
        note = json.loads(file.with_suffix(".json").read_text())
        path = Path(note["path"]) if note["path"] is not None else None
        when = datetime.fromisoformat(note["when"]).astimezone()
        trained = max(int(note.get("trained", 0)), 0)
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Without the note, the project is still there.
        log.warning("%s has no note: %s", file, error)
    return Found(file, loaded, path, when, trained)


def _put_aside(file: Path) -> None:
    """Keep a file from being found again; the start goes on where that cannot be done either."""
    try:
        file.replace(file.with_name(file.name + _ASIDE))
    except OSError as error:
        log.warning("%s cannot be put aside: %s", file, error)


def _remove(file: Path) -> None:
    for one in (file, file.with_suffix(".json"), *_data_of(file)):
        try:
            one.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be deleted: %s", one, error)
