"""Large data are prepared away from the window's thread."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from backprop_studio.errors import StudioError
from backprop_studio.network import Analysis, Network, analyze

_LOOK = 20
"""Milliseconds between two looks at how far it is."""


class _StoppedError(Exception):
    """Nobody waits for the result any more."""


@dataclass(eq=False)
class _Work:
    """One network that is analysed; the thread writes, the window's thread reads."""

    network: Network
    share: float = 0.0
    stopped: bool = False
    analysis: Analysis | None = None
    error: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def tell(self, share: float) -> None:
        """Note how much is done, or give up."""
        self.share = share
        if self.stopped:
            raise _StoppedError

    def run(self) -> None:
        """Prepare the data, and analyse the network with them."""
        try:
            # What is wrong with them, the analysis says.
            with contextlib.suppress(StudioError):
                self.network.setup.prepared(self.tell)
            self.tell(1.0)
            self.analysis = analyze(self.network)
        except _StoppedError:
            pass
        except BaseException as error:  # told where somebody can see it
            self.error = error
        finally:
            self.ended.set()


class Preparing(QObject):
    """Analyses one network at a time; of those that wait, only the last one counts.

    A generator of rows cannot be interrupted. What is given up therefore goes on until its stage
    is over, while nobody waits for it, and the next one starts after it: there is never more than
    one, and never the memory of more than one.

    Signals
    -------
    changed
        It has started, come further, stopped or ended.
    done(analysis)
        The `Analysis` of the network it was started for.
    """

    changed = Signal()
    done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: _Work | None = None
        self._thread: threading.Thread | None = None
        self._next: Network | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK)
        self._timer.timeout.connect(self._look)
        self._stopped = False

    @property
    def busy(self) -> bool:
        """Whether a result is waited for."""
        return self._next is not None or (self._work is not None and not self._work.stopped)

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it before it was done."""
        return self._stopped

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return 0.0 if self._work is None or self._work.stopped else self._work.share

    def start(self, network: Network) -> None:
        """Analyse this network, and no other any more."""
        self.forget()
        self._next = network
        self._go_on()
        self.changed.emit()

    def stop(self) -> None:
        """Give up, as somebody wishes; the thread notices after the stage that it is in."""
        if self.busy:
            self.forget()
            self._stopped = True
            self.changed.emit()

    def forget(self) -> None:
        """Nothing is waited for any more."""
        waited = self.busy or self._stopped
        self._next, self._stopped = None, False
        if self._work is not None:
            self._work.stopped = True
        if waited:
            self.changed.emit()

    def end(self) -> None:
        """Give up, and wait until the thread has ended."""
        self.forget()
        self._timer.stop()
        self._work = None
        if self._thread is not None:
            self._thread.join()

    def _go_on(self) -> None:
        if self._work is None and self._next is not None:
            self._work, self._next = _Work(self._next), None
            self._thread = threading.Thread(target=self._work.run, name="preparing", daemon=True)
            self._thread.start()
        if self._work is not None:
            self._timer.start()

    def _look(self) -> None:
        work = self._work
        if work is None:
            self._timer.stop()
            return
        if not work.ended.is_set():
            self.changed.emit()
            return
        self._work = None
        self._timer.stop()
        self._go_on()
        if work.stopped:
            return
        if work.analysis is not None:
            self.done.emit(work.analysis)
        else:
            # It can be tried again, and what went wrong is reported as any other mistake.
            self._stopped = True
        self.changed.emit()
        if work.error is not None:
            raise work.error
