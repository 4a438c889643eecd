"""How often an instrument asks: at once while training rests, twice a second while it runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

RUNNING = 500
"""Milliseconds between two questions while training runs."""


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
