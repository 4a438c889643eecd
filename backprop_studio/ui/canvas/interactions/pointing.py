"""Where something is put that comes without a place, and what a menu is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QCursor

from backprop_studio.network import Network, grouping
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.note_item import NoteItem

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
_MOST_PAIRS = 20_000
"""Cards of a piece times cards that stand, up to which each is looked at by itself."""
_STEPS_ASIDE = sorted(
    {(a * k * ASIDE, d * k * ASIDE) for k in range(16) for a in (0, 1, -1) for d in (0, 1, -1)},
    # The nearest first; of those as near, downwards and to the right.
    key=lambda step: (step[0] ** 2 + step[1] ** 2, -step[1], -step[0]),
)
"""How far a piece may be put from where it is wanted, so that it covers nothing."""
FloatArray = npt.NDArray[np.float64]


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


def below_last(view: CanvasView) -> QPoint | None:
    """The lower edge of the selected or the last layer, in the viewport.

    None when it is out of sight, or the pointer or a menu says where something is to be.
    """
    nodes = view.canvas_scene.nodes
    cards = [nodes[i] for i in view.selected_nodes()] or [
        item for item in nodes.values() if item.isVisible()
    ]
    if not cards or view.aimed is not None or _pointer(view) is not None:
        return None
    rect = cards[-1].card_rect()
    at = view.mapFromScene(QPointF(rect.center().x(), rect.bottom() + _AROUND))
    return at if view.viewport().rect().contains(at) else None


def room_for(view: CanvasView, piece: Network) -> QPointF:
    """Where the middle of a copied piece goes, in the scene.

    Where a menu is open, else at the pointer, or as near to that as it covers no card. Without a
    pointer it is put where it covers nothing, in sight or else below all that there is.
    """
    there, at = view.aimed, _pointer(view)
    if there is None and at is not None:
        there = view.mapToScene(at)
    if there is None:
        points = grouping.points(piece)
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        area = geometry.card(max(xs) - min(xs) + geometry.WIDTH)
        taller = (max(ys) - min(ys)) / 2
        area.adjust(-_AROUND, -_AROUND - taller, _AROUND, _AROUND + taller)
        free = _free(view, view.viewport().rect().center(), area)
        if free is not None:
            return view.mapToScene(free)
        content = view.canvas_scene.content()
        return QPointF(content.center().x(), content.bottom() + _BELOW + area.height() / 2)
    return clear_of(view, piece, there)


def clear_of(view: CanvasView, piece: Network, middle: QPointF) -> QPointF:
    """The middle for a piece that is nearest to the one wanted, so that it covers no card.

    Where all is full around there, it goes beside what looks like it: who pastes twice wants to
    see two.
    """
    wanted = middle - middle_of(piece)
    coming, standing = _outlines(piece), _array(seen(view))
    if len(coming) * len(standing) > _MOST_PAIRS:
        coming = np.concatenate([coming[:, :2].min(axis=0), coming[:, 2:].max(axis=0)])[None, :]
    for across, down in _STEPS_ASIDE:
        by = np.array([wanted.x() + across, wanted.y() + down] * 2)
        moved = (coming + by)[:, None, :]
        apart = (
            (moved[..., 0] >= standing[:, 2])
            | (moved[..., 2] <= standing[:, 0])
            | (moved[..., 1] >= standing[:, 3])
            | (moved[..., 3] <= standing[:, 1])
        )
        if apart.all():
            return middle + QPointF(across, down)
    # With their neighbours: what stands one step of the grid aside looks like one, too.
    steps = (-1, 0, 1)
    stand = [(round(x / geometry.GRID), round(y / geometry.GRID))
             for x, y in grouping.points(view.document.network)]  # fmt: skip
    taken = {(x + dx, y + dy) for x, y in stand for dx in steps for dy in steps}
    points = grouping.points(piece)
    for _ in range(len(stand) + 1):
        by_ = QPointF(*geometry.snap(middle.x(), middle.y())) - middle_of(piece)
        places = ((x + by_.x(), y + by_.y()) for x, y in points)
        if not any(
            (round(x / geometry.GRID), round(y / geometry.GRID)) in taken for x, y in places
        ):
            break
        middle = middle + QPointF(ASIDE, ASIDE)
    return middle


def seen(view: CanvasView) -> list[QRectF]:
    """Outlines of the cards, blocks and notes that are to be seen."""
    scene = view.canvas_scene
    found = [item.card_rect() for item in scene.nodes.values() if item.isVisible()]
    found += [
        item.card_rect()
        for item in scene.marks.seen()
        if isinstance(item, NoteItem) or (isinstance(item, GroupItem) and item.collapsed)
    ]
    return found


def _outlines(piece: Network) -> FloatArray:
    """Array of shape (cards, 4): left, top, right, bottom of what is seen of a piece, with room.

    Cards are as wide as they usually are: what they say is measured when they are there.
    """
    usual = geometry.card(geometry.WIDTH)
    found = [usual.translated(n.x, n.y) for n in piece.nodes if n.id not in piece.blocks]
    for block in sorted(set(piece.blocks.values())):
        key = grouping.anchor(piece, block)
        if key:
            node = piece.node(key)
            found.append(geometry.card(geometry.WIDEST).translated(node.x, node.y))
    found += [
        QRectF(n.x, n.y, n.width, geometry.HEIGHT) for n in piece.notes if n.id not in piece.blocks
    ]
    grow = float(geometry.GRID)
    return _array(rect.adjusted(-grow, -grow, grow, grow) for rect in found)


def _array(rects: Iterable[QRectF]) -> FloatArray:
    corners = [(r.left(), r.top(), r.right(), r.bottom()) for r in rects]
    return np.array(corners, dtype=float).reshape(-1, 4)


def middle_of(piece: Network) -> QPointF:
    """The middle of all the places in a piece, by which it is placed."""
    points = grouping.points(piece)
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return QPointF((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)


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
