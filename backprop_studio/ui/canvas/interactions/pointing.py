"""Where something is put that comes without a place, and what a menu is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QCursor

from backprop_studio.network import Network, grouping
from backprop_studio.ui.canvas import geometry

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_AROUND = 20.0
"""Free units around a card that comes without a place."""
ASIDE = 3 * geometry.GRID
"""Units from what is copied to its copy, where that would cover it."""
_BELOW = 60.0
"""Units between all that there is and what is put below it."""
_STEP = 20
"""Pixels between the places that are tried."""


def spot(view: CanvasView) -> QPoint:
    """A point of the viewport: where a menu is open, else the pointer, else a free place."""
    if view.aimed is not None:
        return view.mapFromScene(view.aimed)
    at = _pointer(view)
    return free_spot(view, view.viewport().rect().center()) if at is None else at


def _pointer(view: CanvasView) -> QPoint | None:
    """Where the pointer is in the viewport; None when it is elsewhere."""
    at = view.viewport().mapFromGlobal(QCursor.pos())
    return at if view.viewport().rect().contains(at) else None


def below_selected(view: CanvasView) -> QPoint | None:
    """The lower edge of the last selected layer, in the viewport, when nobody points elsewhere.

    None when there is none in sight, or the pointer or a menu says where something is to be.
    """
    chosen = view.selected_nodes()
    if not chosen or view.aimed is not None or _pointer(view) is not None:
        return None
    rect = view.canvas_scene.nodes[chosen[-1]].card_rect()
    at = view.mapFromScene(QPointF(rect.center().x(), rect.bottom() + _AROUND))
    return at if view.viewport().rect().contains(at) else None


def room_for(view: CanvasView, piece: Network) -> QPointF:
    """Where the middle of a copied piece goes, in the scene.

    Where a menu is open, else at the pointer, and then beside what stands there already: who
    pastes twice wants to see two. Without a pointer it is put where it covers nothing, in sight or
    else below all that there is.
    """
    points = grouping.points(piece)
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    middle = QPointF((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    there, at = view.aimed, _pointer(view)
    if there is None and at is not None:
        there = view.mapToScene(at)
    if there is None:
        area = geometry.card(max(xs) - min(xs) + geometry.WIDTH)
        taller = (max(ys) - min(ys)) / 2
        area.adjust(-_AROUND, -_AROUND - taller, _AROUND, _AROUND + taller)
        free = _free(view, view.viewport().rect().center(), area)
        if free is not None:
            return view.mapToScene(free)
        content = view.canvas_scene.content()
        return QPointF(content.center().x(), content.bottom() + _BELOW + area.height() / 2)
    # With their neighbours: what stands one step of the grid aside looks like one, too.
    steps = (-1, 0, 1)
    stand = [(round(x / geometry.GRID), round(y / geometry.GRID))
             for x, y in grouping.points(view.document.network)]  # fmt: skip
    taken = {(x + dx, y + dy) for x, y in stand for dx in steps for dy in steps}
    for _ in range(len(stand) + 1):
        by = QPointF(*geometry.snap(there.x(), there.y())) - middle
        places = ((x + by.x(), y + by.y()) for x, y in points)
        if not any(
            (round(x / geometry.GRID), round(y / geometry.GRID)) in taken for x, y in places
        ):
            break
        there = there + QPointF(ASIDE, ASIDE)
    return there


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
    card = geometry.card(geometry.WIDTH).adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
    free = _free(view, near, card)
    return near if free is None else free


def _free(view: CanvasView, near: QPoint, area: QRectF) -> QPoint | None:
    """Where an area around a point has nothing in it, all of it in sight; None where it has not."""
    inside, scale = view.viewport().rect(), view.transform().m11()
    across, down = round(area.width() * scale / 2), round(area.height() * scale / 2)
    places = [
        QPoint(x, y)
        for x in range(inside.left() + across, inside.right() - across, _STEP)
        for y in range(inside.top() + down, inside.bottom() - down, _STEP)
    ]
    for at in sorted(places, key=lambda place: (place - near).manhattanLength()):
        if not view.canvas_scene.items(area.translated(view.mapToScene(at))):
            return at
    return None


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
