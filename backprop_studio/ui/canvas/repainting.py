"""What has to be painted anew where a part of the canvas changes, or takes up another place."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsView

_WHOLE = QGraphicsView.ViewportUpdateMode.FullViewportUpdate


def leave_place(item: QGraphicsItem) -> None:
    """Have the place that an item takes up now painted anew, as it is about to take up another.

    Qt does that by itself, unless some other part of the canvas happens to be painted first: then
    it takes the new place for the old one, and what is left outside stays on the screen.
    """
    scene = item.scene()
    if scene is not None:
        scene.update(item.sceneBoundingRect())
    item.prepareGeometryChange()


def repaint(item: QGraphicsItem) -> None:
    """Have an item painted anew, near by and from afar."""
    item.update()
    scene = item.scene()
    if scene is not None:
        repaint_afar(scene)


def repaint_afar(scene: QGraphicsScene) -> None:
    """Have all painted anew where a scene is seen from afar.

    There, Qt does not paint the items; it takes them for out of sight, and what asks it to be
    painted is not heard.
    """
    for view in scene.views():
        if view.viewportUpdateMode() == _WHOLE:
            view.viewport().update()
