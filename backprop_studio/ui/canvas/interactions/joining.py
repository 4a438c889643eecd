"""What is let go of inside a group's frame, or on its block, belongs to the group from then on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, Group, Network, edits, grouping
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions.moving import places_of
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.scene import NetworkScene
    from backprop_studio.ui.canvas.view import CanvasView

_APART = 30.0
"""Units between the members of a block and what comes to them."""


def frame_at(
    scene: NetworkScene, network: Network, at: QPointF, parts: Iterable[str] = ()
) -> GroupItem | None:
    """The innermost frame around a point of the scene that parts can come into, or the block there.

    Parameters
    ----------
    scene
        Whose frames they are.
    network
        Its network.
    at
        The point.
    parts
        What would come into it. Frames that some of it is in already, at whatever depth, or that
        come along, are none for it.
    """
    if not network.groups:
        # As with most networks, and this is asked with every move of the pointer.
        return None
    chosen = set(parts)
    moved, around = chosen | grouping.contents(network, chosen), set()
    for part in chosen:
        holder = network.holders.get(part)
        while holder is not None:
            around.add(holder)
            holder = network.holders.get(holder)
    for item in scene.marks.groups():
        if item.part in moved or not item.card_rect().contains(at):
            continue
        # What lies in a frame of its own is not meant for one around that.
        return None if item.part in around else item
    return None


@dataclass(frozen=True)
class Room:
    """Where there is room in a folded group.

    Attributes
    ----------
    area
        Where its members stand.
    others
        Outlines of what is seen besides the block, by its id.
    """

    area: QRectF
    others: Mapping[str, QRectF]


def room_in(scene: NetworkScene, group: GroupItem | None) -> Room | None:
    """The room in a folded group; None for an open one, or for none."""
    if group is None or not group.collapsed:
        return None
    others = {key: item.card_rect() for key, item in scene.nodes.items() if item.isVisible()}
    for item in scene.marks.seen():
        if isinstance(item, NoteItem) or (isinstance(item, GroupItem) and item.collapsed):
            others[item.part] = item.card_rect()
    del others[group.part]
    return Room(scene.marks.area(group.part), others)


def joined(
    network: Network, group_id: str, parts: Iterable[str], room: Room | None = None
) -> Network:
    """A network in which parts are in a group; the same one where a frame would be too deep.

    Parameters
    ----------
    network
        What they are in.
    group_id
        The group.
    parts
        What comes into it. Arrows are in no group.
    room
        Where there is room, if it is folded: what comes in stands beside the members then, as
        nobody can see where. If there is such a place, it will cover nothing when the group is
        unfolded, and the block need not move for it.

    Raises
    ------
    EditError
        Too many groups would stand in a block; there, it would cover that instead.
    """
    coming = [p for p in parts if not isinstance(network.marks.get(p), Arrow)]
    if room is None:
        try:
            return grouping.join(network, group_id, coming)
        except EditError:
            return network
    stood, moved = grouping.anchor(network, group_id), grouping.contents(network, coming)
    others = [rect for key, rect in room.others.items() if key not in moved]
    found = []
    for place, (places, outline) in enumerate(_beside(network, coming, room.area)):
        made = grouping.join(edits.move(network, places), group_id, coming)
        covers = any(outline.intersects(rect) for rect in others)
        found.append((covers, grouping.anchor(made, group_id) != stood, place, made))
    return min(found, key=lambda one: one[:3])[-1]


def _beside(
    network: Network, parts: Iterable[str], area: QRectF
) -> Iterable[tuple[dict[str, tuple[float, float]], QRectF]]:
    """Places for parts on each side of an area, and what they would cover there."""
    standing = places_of(network, parts)
    room = QRectF()
    for key, place in standing.items():
        # Cards are placed by their middle, notes by a corner: a wide card has room for either.
        card = geometry.card(geometry.WIDEST).translated(place)
        room = room.united(card if key in network else card.translated(card.width() / 2, 0))
    # A little out of line at the sides, so that the middle of all stays in the middle.
    out = (geometry.WIDEST - geometry.WIDTH) / 2 + geometry.GRID
    left, right = area.left() - out, area.right() + out - room.width()
    below, above = area.bottom() + _APART, area.top() - _APART - room.height()
    after, before = area.right() + _APART, area.left() - _APART - room.width()
    for x, y in (
        (left, below), (right, below), (left, above), (right, above),
        (after, area.top()), (before, area.top()), (after, below), (before, below),
    ):  # fmt: skip
        step = QPointF(x, y) - room.topLeft()
        step = QPointF(*geometry.snap(step.x(), step.y()))
        yield geometry.shifted(standing, step), room.translated(step)


class Invitation:
    """Lights the frame or block that what is dragged would come into.

    Parameters
    ----------
    view
        The canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self.into: GroupItem | None = None

    def show(self, into: GroupItem | None, at: QPoint) -> None:
        """Light this one alone, and say what a block would do, as nothing will be seen of it."""
        if into is not self.into:
            for frame in (self.into, into):
                if frame is not None:
                    frame.set_marks(hovered=frame is into, focused=False)
        view = self._view
        if into is not None and into.collapsed:
            told = view.tr("Goes into {group}, which is folded.").format(group=into.value.name)
            view.bubble.say(told, view.viewport().mapTo(view, at), tone="accent")
        elif self.into is not None and self.into.collapsed:
            view.bubble.hide()
        self.into = into

    def clear(self) -> GroupItem | None:
        """Light none any more; the one that was lit."""
        lit = self.into
        self.show(None, QPoint())
        return lit


def tell(view: CanvasView, network: Network, group_id: str) -> None:
    """Say where to find what has come into a folded group."""
    group = network.marks.get(group_id)
    if isinstance(group, Group) and group.collapsed:
        told = view.tr("It is in {group} now. Unfold that with Return to see it.")
        view.tell(told.format(group=group.name))
