"""Drags the right edge of a note: its text is wrapped anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from backprop_studio.network import grouping
from backprop_studio.network.marks import NARROWEST, WIDEST
from backprop_studio.ui.canvas.geometry import GRID
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class ResizeNote(Gesture):
    """A press on the right edge of a note."""

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        assert isinstance(press.hit.mark, NoteItem)
        self._item = press.hit.mark
        self._note = self._item.note
        self.scene.select([self._item.part])

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        item = press.hit.mark
        on_edge = isinstance(item, NoteItem) and item.at_grip(press.place)
        return press.button == Qt.MouseButton.LeftButton and on_edge and not press.adds

    def drag(self, at: QPoint) -> None:
        network = grouping.set_width(self.view.document.network, self._note.id, self._width(at))
        self.scene.marks.carry(network)

    def finish(self, at: QPoint) -> None:
        self.cancel()
        if self.dragged:
            network = self.view.document.network
            made = grouping.set_width(network, self._note.id, self._width(at))
            self.view.document.apply(self.view.tr("Change the width of a note"), made)

    def cancel(self) -> None:
        self.scene.marks.carry(self.view.document.network)

    def _width(self, at: QPoint) -> float:
        width = self.view.mapToScene(at).x() - self._note.x
        return min(max(float(round(width / GRID) * GRID), NARROWEST), WIDEST)
