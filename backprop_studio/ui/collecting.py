"""Garbage is collected on the thread of the window, and nowhere else.

Python collects on whichever thread happens to allocate. On a worker's thread that would take Qt's
objects apart there, those that only Python's cycles still held: menus of a plot that is gone, say.
Qt then waits for Python while the window's thread, with Python in hand, waits for Qt, for ever.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

INTERVAL = 500
"""Milliseconds from one look at what has piled up to the next."""

RARE = 60.0
"""Seconds from one look through all objects to the next; it takes a tenth of one."""


class Collector(QObject):
    """Takes over from Python's own collector as long as it lives.

    Parameters
    ----------
    parent
        Of the window's thread; `stop` is called before it goes.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was = gc.isenabled()
        gc.disable()
        self._last = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the generations that are full, as Python would."""
        young, middle, old = gc.get_threshold()
        count = gc.get_count()
        if count[2] > old and time.monotonic() - self._last > RARE:
            self._last = time.monotonic()
            gc.collect()
        elif count[1] > middle:
            gc.collect(1)
        elif count[0] > young:
            gc.collect(0)

    def stop(self) -> None:
        """Collect all there is, and let Python do it by itself again."""
        self._timer.stop()
        gc.collect()
        if self._was:
            gc.enable()
