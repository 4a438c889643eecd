"""Draws an arrow, or puts an end of one elsewhere. An end dropped on something is tied to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from backprop_studio.network import Arrow, grouping
from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.interactions import marks
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_REACH = 10.0


class DrawArrow(Gesture):
    """A press while an arrow is wanted, or on an end of one that is there."""

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        at = view.mapToScene(press.at)
        item = press.hit.mark
        self._old = item.arrow if isinstance(item, ArrowItem) and not press.arrow else None
        self._end = "target"
        if self._old is None:
            self._arrow = Arrow("", at.x(), at.y(), at.x(), at.y(), self._tie(press.at))
        else:
            assert isinstance(item, ArrowItem)
            self._arrow = self._old
            self._end = item.near_end(at, _REACH)
            self.scene.select([item.part])
        self._shown: ArrowItem | None = None

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        if press.button != Qt.MouseButton.LeftButton:
            return False
        item = press.hit.mark
        return press.arrow or (
            isinstance(item, ArrowItem) and bool(item.near_end(press.place, _REACH))
        )

    def drag(self, at: QPoint) -> None:
        if self._shown is None:
            self._shown = ArrowItem(self._arrow)
            self._shown.setZValue(3)
            self.scene.addItem(self._shown)
            if self._old is not None:
                self.scene.marks.items[self._old.id].setVisible(False)
        self._shown.describe(self._moved(at))

    def finish(self, at: QPoint) -> None:
        self._clear()
        self.view.disarm()
        if not self.dragged:
            return
        made = self._moved(at)
        if self._old is None:
            start, end = QPointF(made.x1, made.y1), QPointF(made.x2, made.y2)
            marks.put_arrow(self.view, start, end, made.source, made.target)
        else:
            network = grouping.set_arrow(self.view.document.network, made)
            label = self.view.tr("Move the end of an arrow")
            self.view.document.apply(label, network)

    def cancel(self) -> None:
        self._clear()
        self.view.disarm()

    def _moved(self, at: QPoint) -> Arrow:
        """The arrow with the end that is held at a point of the viewport."""
        place, tie = self.view.mapToScene(at), self._tie(at)
        other = self._arrow.target if self._end == "source" else self._arrow.source
        if tie == other:
            # Both ends at one thing would be a dot.
            tie = ""
        if self._end == "source":
            far = QPointF(self._arrow.x2, self._arrow.y2)
            place = marks.border(self.view, tie, far) if tie else place
            return replace(self._arrow, x1=place.x(), y1=place.y(), source=tie)
        far = QPointF(self._arrow.x1, self._arrow.y1)
        place = marks.border(self.view, tie, far) if tie else place
        made = replace(self._arrow, x2=place.x(), y2=place.y(), target=tie)
        if self._old is None and made.source:
            start = marks.border(self.view, made.source, place)
            made = replace(made, x1=start.x(), y1=start.y())
        return made

    def _tie(self, at: QPoint) -> str:
        """The layer or note at a point of the viewport; empty for none."""
        part = self.view.hit(at).part
        return part if part and marks.can_be_tied(self.view, part) else ""

    def _clear(self) -> None:
        if self._shown is not None:
            self.scene.removeItem(self._shown)
            self._shown = None
        if self._old is not None and self._old.id in self.scene.marks.items:
            self.scene.marks.items[self._old.id].setVisible(True)
