"""The wheel: zooms about the pointer, scrolls to the sides, and leads into a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QWheelEvent

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_NOTCH = 120
_DEEPER = 3.0
"""Scale from which on the wheel leads into a layer."""


def turn(view: CanvasView, event: QWheelEvent) -> None:
    """Do what a turn of the wheel means."""
    by, at = event.angleDelta(), event.position().toPoint()
    event.accept()
    if by.y() > 0 and view.transform().m11() >= _DEEPER:
        node = view.hit(at).node
        if node is not None:
            # There is no more to see of its outside.
            view.node_opened.emit(node.node.id)
            return
    if by.y():
        view.zoom_by(1.2 ** (by.y() / _NOTCH), at)
    else:
        view.scroll_by(QPoint(-by.x(), 0))
        view.minimap.follow()
