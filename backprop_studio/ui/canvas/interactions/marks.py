"""Notes, arrows and groups: what is done with them without a drag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QSize

from backprop_studio.errors import EditError
from backprop_studio.network import Network, edits, grouping
from backprop_studio.network.marks import MAX_NAME, MAX_TEXT
from backprop_studio.ui.canvas import geometry, marks_layer
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions import pointing
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_NEW_NOTE = QSize(180, 90)
_NAME_ROOM = 28


def add_note(view: CanvasView, place: QPointF | None = None) -> None:
    """Write a note at a point of the scene, by default at the pointer; an empty one is none."""
    at = pointing.place(view) if place is None else place
    x, y = geometry.snap(at.x(), at.y())

    def taken(text: str) -> None:
        document = view.document
        try:
            network, note = grouping.add_note(
                document.network, text, x, y, retired=document.retired
            )
        except EditError as error:
            view.refuse(str(error))
            return
        document.apply(view.tr("Add a note"), network)
        view.select([note])

    area = QRect(view.mapFromScene(QPointF(x, y)), _NEW_NOTE)
    view.editor.ask(
        "", area, taken, lines=True, most=MAX_TEXT, title=view.tr("Text of the new note")
    )


def add_arrow(view: CanvasView) -> None:
    """An arrow from the first selected part to the second; with fewer, the mouse draws one."""
    chosen = [p for p in view.selected_parts() if can_be_tied(view, p)]
    if len(chosen) < 2:
        view.arm_arrow()
        return
    source, target = chosen[:2]
    a, b = _middle(view, source), _middle(view, target)
    start, end = border(view, source, b), border(view, target, a)
    put_arrow(view, start, end, source, target)


def put_arrow(
    view: CanvasView, start: QPointF, end: QPointF, source: str = "", target: str = ""
) -> None:
    """Add an arrow as one edit, and select it."""
    document = view.document
    try:
        network, arrow = grouping.add_arrow(
            document.network,
            (start.x(), start.y()),
            (end.x(), end.y()),
            source=source,
            target=target,
            retired=document.retired,
        )
    except EditError as error:
        view.refuse(str(error))
        return
    document.apply(view.tr("Add an arrow"), network)
    view.select([arrow])


def can_be_tied(view: CanvasView, part: str) -> bool:
    """Whether the end of an arrow can be tied to it: to a layer or a note."""
    return isinstance(view.canvas_scene.part(part), NodeItem | NoteItem)


def border(view: CanvasView, part: str, towards: QPointF) -> QPointF:
    """Where the line from the middle of a part to a point leaves its outline."""
    item = view.canvas_scene.part(part)
    assert item is not None
    return marks_layer.border(item.card_rect(), towards)


def _middle(view: CanvasView, part: str) -> QPointF:
    item = view.canvas_scene.part(part)
    assert item is not None
    return item.card_rect().center()


def group(view: CanvasView) -> None:
    """Put what is selected into a group of its own, and select that."""
    document = view.document
    try:
        network, made = grouping.group(
            document.network, view.selected_parts(), retired=document.retired
        )
    except EditError as error:
        view.refuse(str(error))
        return
    document.apply(view.tr("Group {what}").format(what=_count(view, network, made)), network)
    view.select([made])


def ungroup(view: CanvasView) -> None:
    """Take the selected groups apart, or the ones that the selected parts are in."""
    network = view.document.network
    groups = _chosen_groups(view)
    if not groups:
        view.refuse(view.tr("Select a group first, or a layer in one."))
        return
    members = [m for g in groups for m in grouping.group_of(network, g).members]
    label = view.tr("Ungroup {what}").format(what=_named(view, groups))
    view.document.apply(label, grouping.ungroup(network, groups))
    view.select(members)


def leave_group(view: CanvasView) -> None:
    """Take the selected parts out of the groups that they are in."""
    network = view.document.network
    parts = [p for p in view.selected_parts() if p in network.holders]
    if not parts:
        view.refuse(view.tr("Select layers that are in a group first."))
        return
    view.document.apply(view.tr("Take out of the group"), grouping.leave(network, parts))
    view.select(parts)


def fold(view: CanvasView) -> None:
    """Fold the selected groups into blocks, or unfold them when all are folded."""
    groups = _chosen_groups(view)
    if not groups:
        view.refuse(view.tr("Select a group first, or a layer in one."))
        return
    network = view.document.network
    closed = all(grouping.group_of(network, g).collapsed for g in groups)
    set_collapsed(view, groups, not closed)


def set_collapsed(view: CanvasView, groups: list[str], collapsed: bool) -> None:
    """Fold or unfold groups, as one edit."""
    network = view.document.network
    label = view.tr("Collapse {what}") if collapsed else view.tr("Expand {what}")
    label = label.format(what=_named(view, groups))
    view.document.apply(label, grouping.set_collapsed(network, groups, collapsed))
    view.select(groups)


def reveal(view: CanvasView, node_id: str) -> None:
    """Unfold every block that a node is in, so that it is seen."""
    network = view.document.network
    around, holder = [], network.holders.get(node_id)
    while holder is not None:
        if grouping.group_of(network, holder).collapsed:
            around.append(holder)
        holder = network.holders.get(holder)
    if around:
        set_collapsed(view, around, False)


def open_part(view: CanvasView, part: str) -> None:
    """Ask for the operations of a node, unfold or fold a group, or write in a note."""
    item = view.canvas_scene.part(part)
    if isinstance(item, NodeItem):
        view.node_opened.emit(part)
    elif isinstance(item, GroupItem):
        set_collapsed(view, [part], not item.collapsed)
    elif item is not None:
        view.select((part,))
        rename(view)


def rename(view: CanvasView) -> None:
    """Write another name for the selected layer or group, or another text for a note, in place."""
    chosen = view.selected_parts()
    item = view.canvas_scene.part(chosen[-1]) if chosen else None
    network, renamed = view.document.network, view.tr("Rename {name}")
    if isinstance(item, NoteItem):
        area = view.mapFromScene(item.card_rect()).boundingRect()
        note = item.note
        view.editor.ask(
            note.text,
            area,
            lambda text: _apply(view, view.tr("Edit a note"), grouping.set_text, note.id, text),
            lines=True,
            most=MAX_TEXT,
            title=view.tr("Text of the note"),
        )
    elif isinstance(item, GroupItem):
        area = view.mapFromScene(item.title_rect()).boundingRect()
        value = item.value
        view.editor.ask(
            value.name,
            area,
            lambda text: _apply(
                view, renamed.format(name=value.name), grouping.rename_group, value.id, text
            ),
            lines=False,
            most=MAX_NAME,
            title=view.tr("Name of the group"),
        )
    elif isinstance(item, NodeItem):
        rect = view.mapFromScene(item.card_rect()).boundingRect()
        area = QRect(rect.left(), rect.center().y() - _NAME_ROOM // 2, rect.width(), _NAME_ROOM)
        node = network.node(item.part)
        view.editor.ask(
            node.name,
            area,
            lambda text: _apply(view, renamed.format(name=node.name), edits.rename, node.id, text),
            lines=False,
            most=MAX_NAME,
            title=view.tr("Name of the layer"),
        )
    else:
        view.refuse(view.tr("Select a layer, a group or a note first."))


def _apply(view: CanvasView, label: str, edit: object, part: str, text: str) -> bool:
    """Give a part another text, as one edit; whether that was possible."""
    assert callable(edit)
    try:
        made: Network = edit(view.document.network, part, text)
    except EditError as error:
        view.refuse(str(error))
        # Where one looks while one writes.
        view.bubble.say(str(error), view.editor.geometry().bottomLeft())
        view.bubble.linger()
        return False
    view.document.apply(label, made)
    return True


def _chosen_groups(view: CanvasView) -> list[str]:
    """The selected groups; without one, those that hold the selected parts."""
    scene, network = view.canvas_scene, view.document.network
    chosen = view.selected_parts()
    groups = [p for p in chosen if isinstance(scene.part(p), GroupItem)]
    return groups or list(dict.fromkeys(network.holders[p] for p in chosen if p in network.holders))


def _named(view: CanvasView, groups: list[str]) -> str:
    """What groups are called in the history."""
    if len(groups) > 1:
        return view.tr("{n} groups").format(n=len(groups))
    return grouping.group_of(view.document.network, groups[0]).name


def _count(view: CanvasView, network: Network, group_id: str) -> str:
    members = grouping.group_of(network, group_id).members
    if len(members) == 1 and members[0] in network:
        return network.node(members[0]).name
    count = len(grouping.nodes_in(network, group_id))
    return view.tr("{n} layers").format(n=count) if count != 1 else view.tr("1 layer")
