"""Where the panels stand: the four arrangements, each as it was left, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject
from PySide6.QtWidgets import QDockWidget, QMainWindow

from backprop_studio.ui import docks
from backprop_studio.ui.settings import Settings


class Layouts(QObject):
    """Shows, keeps and restores the places of a window's docks.

    Parameters
    ----------
    window
        Its docks are built already.
    panels
        The docks by key.
    settings
        Where places are remembered.
    """

    def __init__(
        self, window: QMainWindow, panels: Mapping[str, QDockWidget], settings: Settings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._docks = panels
        self._settings = settings
        self._standard = QByteArray()

    def restore(self) -> None:
        """Put window and docks where they were the last time, or at their standard places."""
        window = self._window
        room = window.screen().availableGeometry()
        docks.settle(window)
        # The frame is not there before the window is shown; a title bar takes about this much.
        window.resize(min(1280, room.width()), min(800, room.height() - 32))
        docks.arrange(window, self._docks)
        self._standard = window.saveState(docks.LAYOUT_VERSION)
        window.restoreGeometry(self._settings.window_geometry)
        window.restoreState(self._settings.window_state, docks.LAYOUT_VERSION)

    def keep(self) -> None:
        """Remember the places for the next start."""
        self._settings.window_geometry = self._window.saveGeometry()
        self._settings.window_state = self._window.saveState(docks.LAYOUT_VERSION)

    def reset(self) -> None:
        """Put the docks at their standard places."""
        docks.close_instruments(self._docks)
        self._window.restoreState(self._standard, docks.LAYOUT_VERSION)
        docks.arrange(self._window, self._docks)

    def show_arrangement(self, name: str) -> None:
        """Open the docks of an arrangement, and close all others."""
        docks.show_arrangement(self._window, self._docks, name)

    def open(self, key: str) -> None:
        """Open a dock in front of the others at its place, and give it the keyboard."""
        docks.open_instrument(self._window, self._docks, key)
