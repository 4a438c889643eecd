"""What actions of the menus do with the selection, by their ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, get_args

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, Group, grouping
from backprop_studio.network.aligning import How
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions import aligning, joining

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


def handlers(view: CanvasView) -> dict[str, Callable[[], object]]:
    """What is done for each of these actions."""
    return {
        **{f"align_{how}": partial(aligning.align, view, how) for how in get_args(How)},
        "select_none": partial(view.canvas_scene.select, ()),
        "select_inverse": partial(invert_selection, view),
        "join_group": partial(join_group, view),
    }


def invert_selection(view: CanvasView) -> None:
    """Select every layer, note, arrow and block that is seen and not selected now, and no other.

    What is in a frame that is selected is selected with it.
    """
    scene, network = view.canvas_scene, view.document.network
    chosen = grouping.contents(network, view.selected_parts())
    seen = [i for i, item in scene.nodes.items() if item.isVisible()]
    seen += [
        item.part
        for item in scene.marks.seen()
        if not isinstance(item, GroupItem) or item.collapsed
    ]
    scene.select([part for part in seen if part not in chosen])


def join_group(view: CanvasView) -> None:
    """Put what is selected into the group that is selected, as one edit; of several, the last."""
    network, chosen = view.document.network, view.selected_parts()
    groups = [p for p in chosen if isinstance(network.marks.get(p), Group)]
    into = groups[0] if len(groups) == 1 else chosen[-1] if chosen and chosen[-1] in groups else ""
    inside = grouping.contents(network, (into,))
    coming = [p for p in chosen if p not in inside and not isinstance(network.marks.get(p), Arrow)]
    if not into or not coming:
        view.refuse(view.tr("Select what is to go into a group first, and then the group."))
        return
    item = view.canvas_scene.part(into)
    room = joining.room_in(view.canvas_scene, item if isinstance(item, GroupItem) else None)
    try:
        made = grouping.join(network, into, coming)
        if room is not None:
            made = joining.joined(network, into, coming, room)
    except EditError as error:
        view.refuse(str(error))
        return
    name = grouping.group_of(network, into).name
    view.document.apply(view.tr("Put into {group}").format(group=name), made)
    view.select([into])
    joining.tell(view, made, into)
