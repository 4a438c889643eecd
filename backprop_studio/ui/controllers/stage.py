"""What a presentation puts aside, so that the network is large enough for those at the back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from backprop_studio.ui import docks

BUILDING = ("palette", "inspector", "setup")
"""Docks that one builds with, and that stand beside the canvas. Nobody watches them."""


class Stage(QObject):
    """Puts the docks that one builds with aside while there is a presentation.

    Whoever opens one of them meanwhile has it; the end of the presentation brings all back.

    Parameters
    ----------
    panels
        The docks by key.
    shows_network
        Whether there is a network to be seen, and not one to be built.
    busy
        Whether others have a say in the docks now: the start page, or a lesson. `settle` is called
        when they are done.
    window
        It stands in.
    """

    def __init__(
        self,
        panels: Mapping[str, docks.Dock],
        shows_network: Callable[[], bool],
        busy: Callable[[], bool],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._docks = panels
        self._shows_network = shows_network
        self._busy = busy
        self._presenting = False
        self._aside: dict[str, int] = {}
        """Heights of those that are aside."""

    def set_presenting(self, presenting: bool) -> None:
        """Begin or end."""
        self._presenting = presenting
        self.settle()

    def settle(self) -> None:
        """Put aside what a presentation does without, or back what is aside."""
        if self._busy():
            return
        if self._presenting and self._shows_network():
            away = [key for key in BUILDING if not self._docks[key].isHidden()]
            self._aside |= {key: self._docks[key].height() for key in away}
            for key in away:
                self._docks[key].hide()
        elif not self._presenting:
            self.put_back()

    def put_back(self) -> None:
        """Open again what was put aside, behind the tabs that are in front now."""
        away, self._aside = self._aside, {}
        front = [dock for dock in self._docks.values() if docks.is_in_front(dock)]
        for key in away:
            self._docks[key].open()
        if away:
            for dock in front:
                dock.raise_()
            docks.settle(self._window)
            docks.resize(self._window, [self._docks[key] for key in away], list(away.values()))
