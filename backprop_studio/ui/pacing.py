"""How often panels ask and show: at once while training rests, now and then while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from backprop_studio.training import Snapshot, State

RUNNING = 500
"""Milliseconds between two questions while training runs."""


NUMBERS = 0.2
"""Seconds between two looks at numbers that nobody could read any faster."""


class Seldom:
    """Says which snapshots are worth showing: all, but few while training runs at speed."""

    def __init__(self) -> None:
        self._last = -NUMBERS
        self._state = State.EMPTY

    def due(self, snapshot: Snapshot) -> bool:
        """Whether to show this one; the next that is due comes soon, or when training rests."""
        now = time.monotonic()
        again = snapshot.at_speed and snapshot.state is self._state
        if again and now - self._last < NUMBERS:
            return False
        self._last, self._state = now, snapshot.state
        return True


class Pace(QTimer):
    """Calls a panel back when it is time to ask, unless it is hidden by then.

    Parameters
    ----------
    panel
        Whose questions they are.
    ask
        Called when it is time.
    """

    def __init__(self, panel: QWidget, ask: Callable[[], object]) -> None:
        super().__init__(panel)
        self._panel = panel
        self._due = ask
        self.setSingleShot(True)
        self.timeout.connect(self._go)

    def want(self, *, running: bool) -> None:
        """Say that there is something to ask."""
        if not running:
            self.start(0)
        elif not self.isActive():
            self.start(RUNNING)

    def _go(self) -> None:
        if self._panel.isVisible():
            self._due()
