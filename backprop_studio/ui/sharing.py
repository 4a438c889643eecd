"""How the Inspector and what stands below it share their height."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from functools import partial

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow

from backprop_studio.ui import docks as layout

INSPECTOR_LOW, INSPECTOR_HEIGHT = 200, 280
"""Pixels in which the Inspector shows no setting, and those in which it shows the first ones."""


class Sharing(QObject):
    """Gives the height to what was turned to last: a layer that is chosen, or an instrument.

    An instrument leaves the Inspector too little for a setting.

    Parameters
    ----------
    window, docks
        Of the application.
    """

    def __init__(self, window: QMainWindow, docks: Mapping[str, layout.Dock]) -> None:
        super().__init__(window)
        self._window, self._inspector = window, docks["inspector"]
        instruments = [docks[s.key] for s in layout.DOCKS if s.behind == "setup"]
        self._below = (docks["setup"], *instruments)
        # The Inspector's height before it was given more; 0 if it was not.
        self._before = 0
        for dock in instruments:
            dock.visibilityChanged.connect(partial(self._see, dock))
            dock.turned_to.connect(partial(self._give_back, dock))

    def make_room(self, chosen: Sized) -> None:
        """Let a layer that is chosen be set, unless it was chosen in an instrument."""
        if not chosen or self._inspector.height() >= INSPECTOR_LOW:
            return
        focus = QApplication.focusWidget()
        for dock in self._below:
            inside = focus is not None and dock.isAncestorOf(focus)
            if self._is_beneath(dock) and not inside:
                self._before = self._inspector.height()
                self._share(dock, INSPECTOR_HEIGHT)

    def _see(self, dock: QDockWidget, seen: bool) -> None:
        if seen and self._before:
            # Once it has its place.
            QTimer.singleShot(0, dock, lambda: self._give_back(dock))

    def _give_back(self, dock: QDockWidget) -> None:
        if self._before and self._is_beneath(dock):
            self._share(dock, self._before)
            self._before = 0

    def _is_beneath(self, dock: QDockWidget) -> bool:
        """Whether it stands in the Inspector's column, in front of the others there."""
        area = self._window.dockWidgetArea
        return (
            self._inspector.isVisible()
            and not dock.visibleRegion().isEmpty()
            and not dock.isFloating()
            and area(dock) == area(self._inspector)
        )

    def _share(self, dock: QDockWidget, height: int) -> None:
        """Give the Inspector so much of the height that both have, and the dock the rest."""
        both = self._inspector.height() + dock.height()
        layout.resize(self._window, [self._inspector, dock], [height, both - height])
