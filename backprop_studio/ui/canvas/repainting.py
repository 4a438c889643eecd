"""What has to be painted anew where a part of the canvas takes up another place."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsItem


def leave_place(item: QGraphicsItem) -> None:
    """Have the place that an item takes up now painted anew, as it is about to take up another.

    Qt does that by itself, unless some other part of the canvas happens to be painted first: then
    it takes the new place for the old one, and what is left outside stays on the screen.
    """
    scene = item.scene()
    if scene is not None:
        scene.update(item.sceneBoundingRect())
    item.prepareGeometryChange()
