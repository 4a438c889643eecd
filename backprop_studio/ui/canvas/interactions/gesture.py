"""What all mouse gestures have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.hitting import Hit
    from backprop_studio.ui.canvas.view import CanvasView


@dataclass(frozen=True)
class Press:
    """A mouse press on the canvas: at a point of the viewport, which is a place in the scene."""

    at: QPoint
    place: QPointF
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier
    hit: Hit
    panning: bool
    arrow: bool = False
    """Whether an arrow is to be drawn."""

    @property
    def adds(self) -> bool:
        """Whether what is pressed joins the selection instead of becoming it."""
        joining = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        return bool(self.modifiers & joining)


class Gesture:
    """A press, moves, and a release or a cancel. The view keeps at most one."""

    leads = False
    """Whether the canvas moves along when it is dragged to the edge."""

    def __init__(self, view: CanvasView, press: Press) -> None:
        self.view = view
        self.scene = view.canvas_scene
        self.press = press
        self.modifiers = press.modifiers
        """Keys that are held now; they may change while one drags."""
        self.dragged = False

    def move(self, at: QPoint) -> None:
        """Follow the pointer. Nothing happens before it has left the place of the press."""
        far = (at - self.press.at).manhattanLength() >= QApplication.startDragDistance()
        if self.dragged or far:
            self.dragged = True
            self.drag(at)

    def drag(self, at: QPoint) -> None:
        """Show what a release at `at` would do."""

    def finish(self, at: QPoint) -> None:
        """Do it."""

    def cancel(self) -> None:
        """Leave everything as it was."""
