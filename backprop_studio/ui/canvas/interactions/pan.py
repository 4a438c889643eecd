"""Moves the view: middle button, or the left one while Space is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class Pan(Gesture):
    """The canvas follows the pointer."""

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._last = press.at

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        return press.button == Qt.MouseButton.MiddleButton or press.panning

    def move(self, at: QPoint) -> None:
        # From the first pixel on: there is no click that this could be mistaken for.
        self.view.sight.scroll_by(self._last - at)
        self._last = at
