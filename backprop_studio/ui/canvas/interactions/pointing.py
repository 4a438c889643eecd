"""Where something is put that comes without a place, and what a menu is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QCursor

from backprop_studio.ui.canvas import geometry

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_AROUND = 20.0
"""Free units around a card that comes without a place."""
_STEP = 20
"""Pixels between the places that are tried."""


def spot(view: CanvasView) -> QPoint:
    """A point of the viewport: where a menu is open, else the pointer, else a free place."""
    if view.aimed is not None:
        return view.mapFromScene(view.aimed)
    at = view.viewport().mapFromGlobal(QCursor.pos())
    inside = view.viewport().rect()
    return at if inside.contains(at) else free_spot(view, inside.center())


def free_spot(view: CanvasView, near: QPoint) -> QPoint:
    """Where a card would hide nothing and be on no wire, as near as can be to a point.

    Parameters
    ----------
    view
        The canvas.
    near
        A point of the viewport.

    Returns
    -------
    QPoint
        In the viewport; the point itself where nothing is free.
    """
    inside, scale = view.viewport().rect(), view.transform().m11()
    card = geometry.card(geometry.WIDTH).adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
    across, down = round(card.width() * scale / 2), round(card.height() * scale / 2)
    places = [
        QPoint(x, y)
        for x in range(inside.left() + across, inside.right() - across, _STEP)
        for y in range(inside.top() + down, inside.bottom() - down, _STEP)
    ]
    for at in sorted(places, key=lambda place: (place - near).manhattanLength()):
        if not view.canvas_scene.items(card.translated(view.mapToScene(at))):
            return at
    return near


def place(view: CanvasView) -> QPointF:
    """The same as `spot`, in the scene."""
    return view.mapToScene(spot(view)) if view.aimed is None else view.aimed


def aim_with_mouse(view: CanvasView, at: QPoint) -> None:
    """Select what is pressed for its menu, unless it is selected already; nothing on the ground.

    Parameters
    ----------
    view
        The canvas.
    at
        A point of the viewport.
    """
    hit, scene = view.hit(at), view.canvas_scene
    part = hit.part or (hit.port.node if hit.port is not None else "")
    if part:
        if part not in view.selected_parts():
            scene.select([part])
        view.current = part
    elif hit.wire is not None:
        if hit.wire.wire not in scene.selected_wires():
            scene.select((), (hit.wire.wire,))
    else:
        scene.select([])
    view.aimed = view.mapToScene(at)


def aim_with_keyboard(view: CanvasView) -> QPoint:
    """What is selected has the menu, at the last of it; without any, the ground in the middle.

    Returns
    -------
    QPoint
        Where the menu opens, in the viewport.
    """
    scene, inside = view.canvas_scene, view.viewport().rect()
    parts, wires = view.selected_parts(), scene.selected_wires()
    item = scene.part(parts[-1]) if parts else None
    if item is not None:
        rect = item.card_rect()
        view.aimed = rect.center()
        at = view.mapFromScene(QPointF(rect.left() + 24, rect.center().y()))
    elif wires:
        view.aimed = scene.wires[wires[-1]].middle()
        at = view.mapFromScene(view.aimed)
    else:
        at = inside.center()
        view.aimed = view.mapToScene(at)
    # A menu of something out of sight is still a menu in the window.
    x = min(max(at.x(), inside.left()), inside.right())
    return QPoint(x, min(max(at.y(), inside.top()), inside.bottom()))
