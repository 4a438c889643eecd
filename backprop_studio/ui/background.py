"""Work that takes its time, away from the window's thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from backprop_studio.data.importing import ImportCancelled, Progress
from backprop_studio.errors import StudioError

_PAUSE, _EVERY = 0.0005, 0.005
"""Seconds that the work rests, and after which it does."""

log = logging.getLogger(__name__)


class Job(QObject):
    """One piece of work at a time; another one takes the place of the last.

    Signals
    -------
    progressed(share)
        How much is done, from 0 to 1.
    done(result)
        What the work has returned.
    failed(reason)
        Why there is no result.
    """

    progressed = Signal(float)
    done = Signal(object)
    failed = Signal(str)
    _told = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._round = 0
        self._thread: threading.Thread | None = None
        # From another thread: what it tells is taken up by the event loop.
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a result is waited for."""
        return self._thread is not None

    def start(self, work: Callable[[Progress], Any]) -> None:
        """Do this from now on, and nothing else any more."""
        self.cancel()
        number = self._round
        self._thread = threading.Thread(target=self._run, args=(number, work), daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Give up, and wait until the thread has noticed."""
        self._round += 1
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self, number: int, work: Callable[[Progress], Any]) -> None:
        shown, rested = 0, time.perf_counter()

        def progress(share: float) -> bool:
            nonlocal shown, rested
            # A hundred steps are seen; more would only fill the queue.
            if int(share * 100) > shown:
                shown = int(share * 100)
                self._told.emit(number, "progressed", share)
            if time.perf_counter() - rested > _EVERY:
                # Whoever waits for the interpreter gets it now, and the window stays smooth.
                time.sleep(_PAUSE)
                rested = time.perf_counter()
            return number == self._round

        try:
            result = work(progress)
        except ImportCancelled:
            return
        except StudioError as error:
            self._told.emit(number, "failed", str(error))
        except Exception as error:  # whoever waits must learn of it
            log.exception("work in the background failed")
            self._told.emit(number, "failed", f"{type(error).__name__}: {error}")
        else:
            self._told.emit(number, "done", result)

    def _take(self, number: int, what: str, value: object) -> None:
        if number != self._round:
            return
        if what == "progressed":
            self.progressed.emit(value)
            return
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if what == "done":
            self.done.emit(value)
        else:
            self.failed.emit(value)
