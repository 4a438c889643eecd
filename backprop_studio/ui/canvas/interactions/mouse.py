"""The mouse: which gesture is under way, what the pointer is over, and its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.hitting import Hit
from backprop_studio.ui.canvas.interactions.draw_arrow import DrawArrow
from backprop_studio.ui.canvas.interactions.draw_wire import DrawWire
from backprop_studio.ui.canvas.interactions.edge_pan import EdgePan
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.move_nodes import MoveNodes
from backprop_studio.ui.canvas.interactions.pan import Pan
from backprop_studio.ui.canvas.interactions.press_button import PressButton
from backprop_studio.ui.canvas.interactions.resize_note import ResizeNote
from backprop_studio.ui.canvas.interactions.select_area import SelectArea
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_GESTURES = (Pan, DrawArrow, PressButton, ResizeNote, DrawWire, MoveNodes, SelectArea)
"""The first that begins with a press has it."""


class Mouse:
    """Hands presses, moves and releases to at most one gesture."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._gesture: Gesture | None = None
        self._over = Hit()
        self._ready_to_pan = False
        self._wants_arrow = False
        self._place = QPointF()
        self._at = QPoint()
        self._edge = EdgePan(view)

    @property
    def over(self) -> Hit:
        """What the pointer is over while no gesture is under way."""
        return self._over

    def press(self, event: QMouseEvent) -> None:
        """Begin a gesture, unless there is one."""
        if self._gesture is not None:
            return
        at = event.position().toPoint()
        press = Press(
            at,
            self._view.mapToScene(at),
            event.button(),
            event.modifiers(),
            self._view.hit(at),
            self._ready_to_pan,
            self._wants_arrow,
        )
        for kind in _GESTURES:
            if kind.begins(press):
                self._gesture = kind(self._view, press)
                break
        self.show_cursor()

    def double(self, event: QMouseEvent) -> None:
        """Open what is there, or ask what to add where nothing is, or only a wire."""
        view, at = self._view, event.position().toPoint()
        hit, place = view.hit(at), view.mapToScene(at)
        on_chevron = isinstance(hit.mark, GroupItem) and hit.mark.at_chevron(place)
        taken = hit.fix or hit.port is not None or on_chevron
        if taken or event.button() != Qt.MouseButton.LeftButton:
            view.mousePressEvent(event)
            return
        self.cancel()
        if hit.wire is not None:
            view.canvas_scene.select((), (hit.wire.wire,))
            view.insert_requested.emit(hit.wire.wire)
        elif not hit.part:
            view.add_requested.emit(at, None)
        elif isinstance(hit.mark, GroupItem) and not hit.mark.collapsed:
            view.select((hit.part,))
            view.rename_selection()
        else:
            view.open_part(hit.part)

    def move(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or look at what is there."""
        at = event.position().toPoint()
        if self._gesture is not None:
            self._at = at
            self._gesture.modifiers = event.modifiers()
            self._gesture.move(at)
            if self._gesture.leads and self._gesture.dragged:
                self._edge.look(at)
        else:
            self._place = self._view.mapToScene(at)
            self.look_at(self._view.hit(at))

    def again(self) -> None:
        """The canvas has moved below the pointer: what is dragged stays at it."""
        if self._gesture is not None and self._gesture.dragged:
            self._gesture.move(self._at)

    def release(self, event: QMouseEvent) -> None:
        """End the gesture that this button began."""
        gesture = self._gesture
        if gesture is None or event.button() != gesture.press.button:
            return
        # Given up first: what it does changes the document, and that cancels gestures.
        self._gesture = None
        self._edge.stop()
        at = event.position().toPoint()
        gesture.modifiers = event.modifiers()
        gesture.finish(at)
        self.look_at(self._view.hit(at))

    def cancel(self) -> bool:
        """Leave everything as it was before the gesture; False when there is none."""
        gesture, self._gesture = self._gesture, None
        self._edge.stop()
        if gesture is None:
            wanted, self._wants_arrow = self._wants_arrow, False
            self.show_cursor()
            return wanted
        gesture.cancel()
        self.show_cursor()
        return True

    def let_go(self) -> None:
        """Something else has the keyboard now: a gesture ends, and changes nothing."""
        if self._gesture is not None:
            self.cancel()

    def leave(self) -> None:
        """The pointer has left the canvas."""
        if self._gesture is None:
            self.look_at(Hit())

    def look_at(self, hit: Hit) -> None:
        """Mark what the pointer is over."""
        if self._over.wire is not None:
            self._over.wire.set_hovered(False)
        if self._over.node is not None:
            self._over.node.point_at_fix(False)
        if hit.node is not None:
            hit.node.point_at_fix(hit.fix)
        self._over = hit
        if hit.wire is not None:
            hit.wire.set_hovered(True)
        self._view.mark()
        self.show_cursor()

    def hold(self, ready: bool, /) -> None:
        """Tell whether the left button pans."""
        self._ready_to_pan = ready
        self.show_cursor()

    def want_arrow(self, wanted: bool, /) -> None:
        """Tell whether the next drag draws an arrow."""
        self._wants_arrow = wanted
        self.show_cursor()

    @property
    def _draws(self) -> bool:
        """Whether a wire or an arrow is drawn, or the next drag draws one."""
        return self._wants_arrow or isinstance(self._gesture, DrawWire | DrawArrow)

    def show_cursor(self) -> None:
        """Give the pointer the shape of what it would do."""
        mark = self._over.mark
        if isinstance(self._gesture, Pan):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._ready_to_pan:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._draws or self._over.port is not None:
            shape = Qt.CursorShape.CrossCursor
        elif self._over.fix or (isinstance(mark, GroupItem) and mark.at_chevron(self._place)):
            shape = Qt.CursorShape.PointingHandCursor
        elif isinstance(mark, NoteItem) and mark.at_grip(self._place):
            shape = Qt.CursorShape.SizeHorCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        self._view.viewport().setCursor(shape)
