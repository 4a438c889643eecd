"""Keeps what is not saved in a file of its own, and offers it after a crash."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from backprop_studio import project
from backprop_studio.autograd import Array
from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.files import cause
from backprop_studio.network import Network, TrainingSetup
from backprop_studio.project import SUFFIX, Project, Weights
from backprop_studio.training import Snapshot, State
from backprop_studio.ui.controllers import left_behind
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import REPLY_TIMEOUT, Engine
from backprop_studio.ui.controllers.left_behind import Found, Stamp, Unreadable

log = logging.getLogger(__name__)

DEBOUNCE = 1500
"""Milliseconds after an edit or a step of the training; a crash before that loses these."""

LEARNING = 30_000
"""Milliseconds between two times that the weights are kept while training runs, or that it is
tried again where the disk refused."""

_SHARE = 30
"""While training runs, writing may take one part in so many of the time."""


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

    Signals
    -------
    failing(reason)
        Nothing can be kept just now; why, in words. Empty: it can be again.
    securing()
        Whatever else is not saved is to be kept now, and the disk waited for.
    """

    failing = Signal(str)
    securing = Signal()
    _tried = Signal(str)

    def __init__(
        self, folder: Path, document: Document, engine: Engine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._document = document
        self._engine = engine
        self._path: Path | None = None
        self._stamp: Stamp | None = None
        self._failing = ""
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
        self._tried.connect(self._tell)
        document.history.indexChanged.connect(self._note)
        document.history.cleanChanged.connect(self._note)
        engine.updated.connect(self._note_training)

    @property
    def lessons_folder(self) -> Path:
        """Where texts of lessons are kept while they are written."""
        return self._folder / "lessons"

    def set_path(self, path: Path | None, stamp: Stamp | None = None) -> None:
        """Say which file the document has, as it is now: what is kept belongs to it."""
        self._finish()
        self._path, self._stamp = path, stamp
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
        note = left_behind.note(self._path, self._stamp, snapshot.completed)
        # The worker does first what it was told first: these are the weights of this network.
        reply = self._engine.fetch_weights()
        self._writing = threading.Thread(
            target=self._write, args=(self._document.network, reply, note), daemon=True
        )
        self._writing.start()

    def secure(self) -> bool:
        """Write what is not saved, and wait for the disk; whether a crash would leave it all."""
        self.securing.emit()
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

    def found(self) -> tuple[tuple[Found, ...], tuple[Unreadable, ...]]:
        """What crashes have left, the newest first; and what of it cannot be read.

        Nothing is deleted but what is of no use to anybody.
        """
        left: list[Found] = []
        lost: list[Unreadable] = []
        left_behind.tidy(self._folder)
        for file in sorted(self._folder.glob(f"*{SUFFIX}")):
            if file == self._file:
                continue
            with left_behind.held(file) as alone:
                if not alone:
                    continue  # its program is alive
                try:
                    left.append(left_behind.read(file))
                except StudioError as error:
                    log.warning("what was kept in %s cannot be read: %s", file, error)
                    if error.code != "file-missing":
                        lost.append(left_behind.unreadable(file, error))
        return tuple(sorted(left, key=lambda f: f.when, reverse=True)), tuple(lost)

    def adopt(self, found: Found, weights: Weights) -> None:
        """Make what a crash has left this program's own, where it lies.

        It is neither copied nor moved: a second crash, at whatever moment, finds it again. When
        another program was faster, it stays that one's, and this one keeps a file of its own.
        """
        lock = left_behind.lock_of(found.file)
        if lock.tryLock(0):
            self.close()
            self._file, self._lock = found.file, lock
        self._weights = dict(weights)

    def drop(self, found: Found) -> None:
        """Delete what a crash has left, unless another program has taken it over meanwhile."""
        with left_behind.held(found.file) as alone:
            if alone:
                left_behind.remove(found.file)

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
            self._tell(f"{self._folder}: {cause(error)}")
            return False
        lock = left_behind.lock_of(self._file)
        if not lock.tryLock(0):
            denied = lock.error() == QLockFile.LockError.PermissionError
            reason = "permission is denied" if denied else "no file can be locked there"
            self._tell(f"{self._folder}: {reason}")
            return False
        self._lock = lock
        return True

    def _tell(self, reason: str) -> None:
        """Say whether it can be kept, when that has changed; try again later where it cannot."""
        if reason:
            log.warning("nothing can be kept for a crash: %s", reason)
            if not self._pace.isActive():
                self._pace.start(LEARNING)
        if reason != self._failing:
            self._failing = reason
            self.failing.emit(reason)

    def _write(
        self, network: Network, reply: Future[dict[tuple[str, str], Array]], note: bytes
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
            project.write_atomically(self._file.with_suffix(left_behind.NOTE), note)
            if own.find(dataset) is not None:
                name = dataset.removeprefix(own.PREFIX)
                kept = self._file.with_suffix(f".{name}{left_behind.DATA}")
                if not kept.exists():
                    # Once, and not with every edit: they may be a hundred megabytes.
                    project.save(Project(Network(setup=TrainingSetup(dataset=dataset))), kept)
            project.save(Project(network, weights), self._file, with_data=False)
            for data in left_behind.data_of(self._file):
                if data != kept:
                    data.unlink()
            self._written = learned
            self._tried.emit("")
        except StudioError as error:
            self._tried.emit(str(error))
        except OSError as error:
            self._tried.emit(cause(error))
        self._took = time.monotonic() - start

    def _finish(self) -> None:
        if self._writing is not None:
            self._writing.join()
            self._writing = None

    def _forget(self) -> None:
        self._finish()
        self._tell("")
        left_behind.remove(self._file)


def _moment(snapshot: Snapshot) -> tuple[int, int, bool] | None:
    """Where a run stands, as far as its weights depend on it; None while nothing is learned."""
    if snapshot.cursor is None or not (snapshot.completed or snapshot.edited):
        return None
    return snapshot.branch, snapshot.completed, snapshot.edited
