"""What is let go of inside a group's frame belongs to the group from then on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, Network, grouping

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.group_item import GroupItem
    from backprop_studio.ui.canvas.scene import NetworkScene


def frame_at(
    scene: NetworkScene, network: Network, at: QPointF, parts: Iterable[str] = ()
) -> GroupItem | None:
    """The innermost frame around a point of the scene that parts can come into.

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
        if item.collapsed or item.part in moved or not item.card_rect().contains(at):
            continue
        # What lies in a frame of its own is not meant for one around that.
        return None if item.part in around else item
    return None


def joined(network: Network, group_id: str, parts: Iterable[str]) -> Network:
    """A network in which parts are in a group; the same one where that would be too deep."""
    coming = [p for p in parts if not isinstance(network.marks.get(p), Arrow)]
    try:
        return grouping.join(network, group_id, coming)
    except EditError:
        return network
