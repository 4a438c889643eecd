"""The wheel: zooms about the pointer, scrolls to the sides, and leads into a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_NOTCH = 120
_PIXELS = 0.5
"""Pixels for an eighth of a degree, from touchpads that do not tell pixels."""
_DEEPER = 3.0
"""Scale from which on the wheel leads into a layer."""


def turn(view: CanvasView, event: QWheelEvent) -> None:
    """Do what a turn of the wheel means.

    A wheel zooms, and scrolls to the sides with Shift or where it is tilted. Two fingers on a
    touchpad scroll, and zoom with Control.
    """
    by, at, keys = event.angleDelta(), event.position().toPoint(), event.modifiers()
    event.accept()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    if not keys & control:
        if _with_fingers(event):
            pixels = event.pixelDelta()
            view.sight.scroll_along(-pixels if not pixels.isNull() else -by * _PIXELS)
            return
        if keys & shift and by.y() and not by.x():
            by = by.transposed()
    if by.y() > 0 and view.transform().m11() >= _DEEPER:
        node = view.hit(at).node
        if node is not None:
            # There is no more to see of its outside.
            view.node_opened.emit(node.node.id)
            return
    if by.y():
        view.zoom_by(factor(by.y()), at)
    else:
        view.sight.scroll_along(QPoint(-by.x(), 0))


def factor(turn: int) -> float:
    """By how much a turn of the wheel zooms, in eighths of a degree."""
    return float(1.2 ** (turn / _NOTCH))


def pinch(view: CanvasView, event: QNativeGestureEvent) -> bool:
    """Zoom as two fingers come apart; False when it is another gesture."""
    if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
        return False
    view.zoom_by(max(1.0 + event.value(), 0.1), event.position().toPoint())
    return True


def _with_fingers(event: QWheelEvent) -> bool:
    """Whether it is a touchpad, which tells so, or has a beginning and an end to its turns."""
    touchpad = event.pointingDevice().type() == QInputDevice.DeviceType.TouchPad
    return touchpad or event.phase() != Qt.ScrollPhase.NoScrollPhase
