"""A click on what is a button on the canvas: the remedy of a problem, the sign of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions import edit_actions, marks
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class PressButton(Gesture):
    """A press on a button; it acts when it is released there, too."""

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._part = press.hit.part

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        return press.button == Qt.MouseButton.LeftButton and _is_button(press)

    def finish(self, at: QPoint) -> None:
        hit = self.view.hit(at)
        place = self.view.mapToScene(at)
        if hit.part != self._part:
            return
        if self.press.hit.fix:
            if hit.fix:
                edit_actions.fix(self.view, self._part)
        elif isinstance(hit.mark, GroupItem) and hit.mark.at_chevron(place):
            marks.set_collapsed(self.view, [self._part], not hit.mark.collapsed)


def _is_button(press: Press) -> bool:
    item = press.hit.mark
    if press.hit.port is not None:
        return False
    return press.hit.fix or (isinstance(item, GroupItem) and item.at_chevron(press.place))
