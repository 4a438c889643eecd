"""What happens when the system ends the program: what is not saved is kept, at once."""

from __future__ import annotations

import os
import signal

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier

from backprop_studio.ui.controllers.recovery import Recovery

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # fmt: skip
"""How a session or a terminal asks its programs to end."""


class Ending(QObject):
    """Ends the program as the system asks, after the document was kept for the next start.

    A handler of Python's would wait for the event loop to come back to Python. The number of the
    signal comes through a pipe instead, which wakes the loop, in a dialog as well.

    Parameters
    ----------
    recovery
        Keeps what is not saved.
    """

    def __init__(self, recovery: Recovery, parent: QObject) -> None:
        super().__init__(parent)
        self._recovery = recovery
        self._heard, self._told = os.pipe()
        for end in (self._heard, self._told):
            os.set_blocking(end, False)
        self._notifier = QSocketNotifier(self._heard, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)

    def listen(self) -> None:
        """Take the place of what the system does by itself, except where that was turned off."""
        for number in SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        app = QCoreApplication.instance()
        assert app is not None
        # Nothing is left to keep then, and a program that does not come to its end can be ended.
        app.aboutToQuit.connect(self.leave)

    def leave(self) -> None:
        """Leave it to the system again."""
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)

    def _hear(self) -> None:
        for number in os.read(self._heard, 64):
            if number in SIGNALS:
                self._recovery.secure()
                # As if nobody had listened: who waits for the program sees why it ended.
                self.leave()
                os.kill(os.getpid(), number)
