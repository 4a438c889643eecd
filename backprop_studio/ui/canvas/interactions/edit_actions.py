"""Edits that need no mouse: add a layer, delete what is selected, wire two nodes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from backprop_studio.errors import EditError
from backprop_studio.network import Group, Network, Note, Wire, edits, fixes, grouping, layout
from backprop_studio.network.remedy import Fix
from backprop_studio.nn import LayerSpec, nodes
from backprop_studio.ui.canvas import card, geometry, style
from backprop_studio.ui.canvas.geometry import PortRef, Side
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions import joining
from backprop_studio.ui.canvas.interactions.draw_wire import connect, first_free, inputs_of, meant
from backprop_studio.ui.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_NEAR = 95.0
"""Scene units from a port within which a dropped layer is wired to it."""

_INTO = 20.0
"""How far a dropped layer may reach past that port."""


def add_layer(
    view: CanvasView,
    layer_id: str,
    place: QPointF | None,
    joined: Sequence[PortRef] = (),
    into: Wire | None = None,
) -> str:
    """Add a layer, select it and return its id.

    Parameters
    ----------
    view
        The canvas.
    layer_id
        Which layer.
    place
        Its centre; None for a free place beside the selected layer, which is wired to it if its
        output leads nowhere.
    joined
        Ports that it is wired to, as far as that is possible.
    into
        The wire that it goes into; None for the one under it, if there is one.

    Returns
    -------
    str
        Empty when no more layers fit into a project; then it has said so.
    """
    spec = nodes()[layer_id]()
    frame = (
        None if place is None else joining.frame_at(view.canvas_scene, view.document.network, place)
    )
    if place is None:
        place = _free_place(view, spec)
        if into is None:
            joined = joined or _open_end(view, spec)
    x, y = geometry.snap(place.x(), place.y())
    document = view.document
    try:
        network, node_id = edits.add_node(document.network, spec, x, y, retired=document.retired)
    except EditError as error:
        view.refuse(str(error))
        return ""
    wire = wire_under(view, spec, place) if into is None else into
    # Where the block is that it comes into, nothing is wired: nobody would see it.
    room = joining.room_in(view.canvas_scene, frame)
    if joined and room is None:
        network = join(network, node_id, joined)
    elif wire is not None:
        # Dropped on a wire, it goes in between; where that cannot be, it only stands there.
        with contextlib.suppress(EditError):
            network = edits.insert_into(network, node_id, wire)
    if frame is not None and wire is None:
        # A layer is no group: it is never too deep.
        network = joining.joined(network, frame.part, (node_id,), room)
    document.apply(view.tr("Add {name}").format(name=spec.info.title), network)
    view.select([node_id])
    if frame is not None:
        joining.tell(view, network, frame.part)
    return node_id


def wire_under(view: CanvasView, spec: LayerSpec, place: QPointF) -> Wire | None:
    """The wire that a layer dropped at a place would go into."""
    item = view.canvas_scene.hit(place).wire if spec.ports and spec.has_output else None
    return None if item is None else item.wire


def join(network: Network, node_id: str, ports: Sequence[PortRef]) -> Network:
    """A network whose node is wired to these ports; those that do not go are left out."""
    for port in ports:
        if port.node not in network:
            continue  # undone while a layer for it was being chosen
        with contextlib.suppress(EditError):
            if port.side == "out":
                network = edits.connect(network, port.node, node_id, first_free(network, node_id))
            else:
                network = edits.connect(network, node_id, port.node, port.index)
    return network


def ports_near(view: CanvasView, spec: LayerSpec, place: QPointF, width: float) -> list[PortRef]:
    """The ports that a layer dropped at a place is probably meant to be wired to.

    The nearest output to its left and the nearest free input to its right, where they are near.
    """
    scene, network = view.canvas_scene, view.document.network
    left, right = place - QPointF(width / 2, 0), place + QPointF(width / 2, 0)
    best: dict[Side, tuple[float, PortRef]] = {}
    cards: list[NodeItem | GroupItem] = [i for i in scene.nodes.values() if i.isVisible()]
    cards += [g for g in scene.marks.groups() if g.collapsed]
    for item in cards:
        for port in item.ports():
            free = port.index not in network.incoming(port.node)
            if port.side == "out":
                wanted, gap = bool(spec.ports), left - item.port_pos(port)
            else:
                wanted, gap = spec.has_output and free, item.port_pos(port) - right
            if not wanted or gap.x() < -_INTO:
                continue
            distance = math.hypot(gap.x(), gap.y())
            if distance <= _NEAR and (port.side not in best or distance < best[port.side][0]):
                best[port.side] = distance, port
    return [found for _, found in best.values()]


def delete_selection(view: CanvasView) -> None:
    """Delete the selected nodes, marks and wires, as one edit."""
    delete(view, view.selected_parts(), view.canvas_scene.selected_wires())


def delete(view: CanvasView, chosen: tuple[str, ...], wires: tuple[Wire, ...]) -> None:
    """Delete nodes, marks and wires, as one edit."""
    network = view.document.network
    if not chosen and not wires:
        return
    # With those in groups: all of them go.
    nodes = [i for i in grouping.contents(network, chosen) if i in network]
    if len(chosen) == 1:
        what = _called(view, chosen[0])
    elif nodes:
        what = view.tr("{n} layers").format(n=len(nodes))
    elif chosen:
        what = view.tr("{n} notes, arrows and groups").format(n=len(chosen))
    elif len(wires) == 1:
        what = view.tr("wire")
    else:
        what = view.tr("{n} wires").format(n=len(wires))
    view.document.apply(
        view.tr("Delete {what}").format(what=what), edits.remove(network, chosen, wires)
    )


def arrange(view: CanvasView) -> None:
    """Put every node where the automatic layout wants it, as one edit."""
    network = view.document.network
    view.document.apply(view.tr("Arrange"), edits.move(network, layout.arranged(network)))


def _called(view: CanvasView, part: str) -> str:
    """What a part is called in the history."""
    network = view.document.network
    if part in network:
        return network.node(part).name
    mark = network.marks[part]
    if isinstance(mark, Group):
        return mark.name
    return view.tr("a note") if isinstance(mark, Note) else view.tr("an arrow")


def selection_items(view: CanvasView) -> tuple[QRectF, set[QGraphicsItem]]:
    """The room of what is selected; and the items of it, of what is in it, and of wires between."""
    scene, network = view.canvas_scene, view.document.network
    inside = grouping.contents(network, view.selected_parts())
    parts = [item for key in inside if (item := scene.part(key)) is not None and item.isVisible()]
    wires = [
        item
        for wire, item in scene.wires.items()
        if item.isVisible() and (item.isSelected() or inside >= {wire.source, wire.target})
    ]
    content = QRectF()
    for item in parts:
        content = content.united(item.content_rect())
    for wire_item in wires:
        content = content.united(wire_item.sceneBoundingRect())
    return content, {*parts, *wires}


def fix(view: CanvasView, nodes: Sequence[str] = ()) -> None:
    """Mend the first problem for which there is a remedy.

    It is one of these nodes, as long as there is something to mend at them, or else one of the
    document.
    """
    analysis = view.document.analysis
    ailing = {d.node for d in analysis.diagnostics if d.node is not None} & set(nodes)
    found = fixes.first_fix(analysis, ailing or None)
    if found is None:
        if analysis.diagnostics:
            view.refuse(view.tr("There is no ready remedy for this."))
        else:
            view.refuse(view.tr("There is nothing to mend."))
        return
    apply_fix(view, found)


def apply_fix(view: CanvasView, found: Fix) -> None:
    """Carry a remedy out, as one edit."""
    try:
        network = found.edit(view.document.network)
    except EditError as error:
        view.refuse(str(error))
        return
    view.document.apply(found.text, network)


def connect_parts(view: CanvasView, chosen: tuple[str, ...]) -> None:
    """Wire the first of two parts to the second; say why when it cannot be done.

    A wire at the only input of the second gives way. Where there are several and all have one,
    nobody knows which is meant.
    """
    ends = (meant(view, chosen[0], "out"), meant(view, chosen[1], "in")) if (
        len(chosen) == 2) else (None, None)  # fmt: skip
    if ends[0] is None or ends[1] is None:
        view.refuse(view.tr("Select two layers to wire: first the source, then the target."))
        return
    network, wire = view.document.network, Wire(ends[0].node, ends[1].node, ends[1].index)
    reason = edits.why_not_connect(network, wire.source, wire.target, wire.port)
    if reason is not None and reason.code == "port-taken":
        several = len(inputs_of(view, chosen[1])) > 1
        reason = (
            EditError("ports-taken", name=_called(view, chosen[1]))
            if several
            else connect(view, wire)
        )
    elif reason is None:
        reason = connect(view, wire)
    if reason is not None:
        view.refuse(str(reason))


def _open_end(view: CanvasView, spec: LayerSpec) -> tuple[PortRef, ...]:
    """The output of the selected layer, if it leads nowhere: what comes beside it comes after it.

    Without a pointer nothing can be dropped near a port; this is the same for the keyboard.
    """
    chosen, network = view.selected_nodes(), view.document.network
    if len(chosen) != 1 or not spec.ports:
        return ()
    node = network.node(chosen[0])
    open_end = node.spec.has_output and not network.outgoing(node.id)
    return (PortRef(node.id, "out"),) if open_end else ()


def _free_place(view: CanvasView, spec: LayerSpec) -> QPointF:
    placed = view.canvas_scene.nodes
    chosen = view.selected_nodes()
    seen = [i for i, item in placed.items() if item.isVisible()]
    last = chosen[-1] if chosen else seen[-1] if seen else None
    if last is None:
        return view.mapToScene(view.viewport().rect().center())
    width = card.Texts.fit(style.current(), spec.info.title, "", "", "").width
    rect = placed[last].card_rect()
    start = QPointF(rect.right() + geometry.GAP + width / 2, rect.center().y())
    taken = [placed[i].card_rect() for i in seen]
    taken += [i.card_rect() for i in view.canvas_scene.marks.groups() if i.collapsed]
    return geometry.free_place(start, width, taken)
