"""Draws a box on the empty canvas; what it touches is selected, from left to right.

With Ctrl or Shift it joins what was selected before, with both or with Alt it leaves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QRubberBand

from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.marks_layer import MarkItem
    from backprop_studio.ui.canvas.node_item import NodeItem
    from backprop_studio.ui.canvas.view import CanvasView


class SelectArea(Gesture):
    """A press on nothing: a click deselects, a drag selects what lies in its box."""

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        # By place, because scrolling or zooming meanwhile must not lose the corner.
        self._corner = view.mapToScene(press.at)
        self._before = self.scene.selected_parts()
        self._wires_before = self.scene.selected_wires()
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        # Some desktops have a use of their own for Alt and the mouse.
        alt = bool(press.modifiers & Qt.KeyboardModifier.AltModifier)
        self._takes = alt or press.modifiers & both == both
        if not (press.adds or self._takes):
            self.scene.select([])

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        return press.button == Qt.MouseButton.LeftButton

    def drag(self, at: QPoint) -> None:
        box = QRect(self.view.mapFromScene(self._corner), at).normalized()
        self._band.setGeometry(box)
        self._band.show()
        area = self.view.mapToScene(box).boundingRect()
        inside: list[NodeItem | MarkItem] = [
            i for i in self.scene.nodes.values() if i.isVisible() and i.card_rect().intersects(area)
        ]
        # What lies around nodes joins when the box holds it whole.
        inside += [
            i
            for i in self.scene.marks.seen()
            if area.contains(i.card_rect())
            or (isinstance(i, GroupItem) and i.collapsed and i.card_rect().intersects(area))
        ]
        # A wire joins when the box holds it whole; most boxes around nodes cross some wires.
        wires = [
            w
            for w, i in self.scene.wires.items()
            if i.isVisible() and area.contains(i.sceneBoundingRect())
        ]
        if self._takes:
            out = {i.part for i in inside}
            self.scene.select(
                [p for p in self._before if p not in out],
                [w for w in self._wires_before if w not in wires],
            )
            return
        inside.sort(key=lambda i: (i.card_rect().x(), i.card_rect().y()))
        kept, kept_wires = (self._before, self._wires_before) if self.press.adds else ((), ())
        self.scene.select([*kept, *(i.part for i in inside)], [*kept_wires, *wires])

    def finish(self, at: QPoint) -> None:
        self._remove()

    def cancel(self) -> None:
        self._remove()
        self.scene.select(self._before, self._wires_before)

    def _remove(self) -> None:
        self._band.hide()
        self._band.deleteLater()
