"""The mouse: which gesture is under way, what the pointer is over, and its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent

from backprop_studio.ui.canvas.interactions.draw_wire import DrawWire
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.move_nodes import MoveNodes
from backprop_studio.ui.canvas.interactions.pan import Pan
from backprop_studio.ui.canvas.interactions.select_area import SelectArea
from backprop_studio.ui.canvas.scene import Hit

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_GESTURES = (Pan, DrawWire, MoveNodes, SelectArea)
"""The first that begins with a press has it."""


class Mouse:
    """Hands presses, moves and releases to at most one gesture."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._gesture: Gesture | None = None
        self._over = Hit()
        self._ready_to_pan = False

    @property
    def over(self) -> Hit:
        """What the pointer is over while no gesture is under way."""
        return self._over

    def press(self, event: QMouseEvent) -> None:
        """Begin a gesture, unless there is one."""
        if self._gesture is not None:
            return
        at = event.position().toPoint()
        press = Press(at, event.button(), event.modifiers(), self._view.hit(at), self._ready_to_pan)
        for kind in _GESTURES:
            if kind.begins(press):
                self._gesture = kind(self._view, press)
                break
        self.show_cursor()

    def move(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or look at what is there."""
        at = event.position().toPoint()
        if self._gesture is not None:
            self._gesture.move(at)
        else:
            self.look_at(self._view.hit(at))

    def release(self, event: QMouseEvent) -> None:
        """End the gesture that this button began."""
        gesture = self._gesture
        if gesture is None or event.button() != gesture.press.button:
            return
        # Given up first: what it does changes the document, and that cancels gestures.
        self._gesture = None
        at = event.position().toPoint()
        gesture.finish(at)
        self.look_at(self._view.hit(at))

    def cancel(self) -> bool:
        """Leave everything as it was before the gesture; False when there is none."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.show_cursor()
        return True

    def leave(self) -> None:
        """The pointer has left the canvas."""
        if self._gesture is None:
            self.look_at(Hit())

    def look_at(self, hit: Hit) -> None:
        """Mark what the pointer is over."""
        if self._over.wire is not None:
            self._over.wire.set_hovered(False)
        self._over = hit
        if hit.wire is not None:
            hit.wire.set_hovered(True)
        self._view.mark()
        self.show_cursor()

    def hold(self, ready: bool, /) -> None:
        """Tell whether the left button pans."""
        self._ready_to_pan = ready
        self.show_cursor()

    def show_cursor(self) -> None:
        """Give the pointer the shape of what it would do."""
        if isinstance(self._gesture, Pan):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._ready_to_pan:
            shape = Qt.CursorShape.OpenHandCursor
        elif isinstance(self._gesture, DrawWire) or self._over.port is not None:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        self._view.viewport().setCursor(shape)
