"""What a presentation puts aside, so that the network is large enough for those at the back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_studio.ui import docks

if TYPE_CHECKING:
    from backprop_studio.ui.main_window import MainWindow

BUILDING = ("palette", "inspector", "setup")
"""Docks that one builds with, and that stand beside the canvas. Nobody watches them."""


class Stage(QObject):
    """Puts the docks that one builds with aside while there is a presentation.

    Whoever opens one of them meanwhile has it; the end of the presentation brings all back. The
    start page and lessons have docks of their own, and are left alone; `settle` is to be called
    when a lesson has ended.

    Parameters
    ----------
    window
        With its docks, layouts and start page.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._presenting = False
        self._aside: dict[str, int] = {}
        """Heights of those that are aside."""
        window.appearance.presented.connect(self._set_presenting)
        window.layouts.put_back_now.connect(self.settle)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions on arrangements do, by their ids."""
        return {
            **{f"layout_{name}": partial(self._arrange, name) for name in docks.ARRANGEMENTS},
            "reset_layout": self._reset,
        }

    def settle(self) -> None:
        """Put aside what a presentation does without, or back what is aside."""
        if self._is_guided():
            return
        if self._presenting and self._shows_network():
            panels = self._window.docks
            away = [key for key in BUILDING if not panels[key].isHidden()]
            self._aside |= {key: panels[key].height() for key in away}
            for key in away:
                panels[key].hide()
        elif not self._presenting:
            self._put_back()

    def _set_presenting(self, presenting: bool) -> None:
        self._presenting = presenting
        self.settle()

    def _arrange(self, name: str) -> None:
        self._put_all_back()
        self._window.layouts.show_arrangement(name)
        self.settle()

    def _reset(self) -> None:
        self._put_all_back()
        self._window.layouts.reset()

    def _shows_network(self) -> bool:
        """Whether there is a network to be seen, and not one to be built."""
        return bool(self._window.canvas.document.network.nodes) and (
            self._window.layouts.arrangement != "build"
        )

    def _is_guided(self) -> bool:
        """Whether the start page or a lesson is in charge of the docks."""
        return self._window.start.shown or self._window.lessons.runner is not None

    def _put_all_back(self) -> None:
        """Also what the start page has put aside: an arrangement is kept whole."""
        self._window.layouts.put_back()
        self._put_back()

    def _put_back(self) -> None:
        """Open again what was put aside, behind the tabs that are in front now."""
        panels = self._window.docks
        away, self._aside = self._aside, {}
        front = [dock for dock in panels.values() if docks.is_in_front(dock)]
        for key in away:
            panels[key].open()
        if away:
            for dock in front:
                dock.raise_()
            docks.settle(self._window)
            docks.resize(self._window, [panels[key] for key in away], list(away.values()))
