"""Edits that need no mouse: add a layer, delete what is selected, wire two nodes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from backprop_studio.errors import EditError
from backprop_studio.network import Wire, edits, layout
from backprop_studio.nn import LayerSpec, nodes
from backprop_studio.ui.canvas import card, geometry, style
from backprop_studio.ui.canvas.interactions.draw_wire import connect, first_free

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


def add_layer(view: CanvasView, layer_id: str, place: QPointF | None) -> str:
    """Add a layer, select it and return its id; `place` is None for a free one.

    When no more layers fit into a project, it says so, and the id is empty.
    """
    spec = nodes()[layer_id]()
    if place is None:
        place = _free_place(view, spec)
    x, y = geometry.snap(place.x(), place.y())
    document = view.document
    try:
        network, node_id = edits.add_node(document.network, spec, x, y, retired=document.retired)
    except EditError as error:
        view.refuse(str(error))
        return ""
    wire = view.canvas_scene.hit(place).wire if spec.ports and spec.has_output else None
    if wire is not None:
        # Dropped on a wire, it goes in between; where that cannot be, it only stands there.
        with contextlib.suppress(EditError):
            network = edits.insert_into(network, node_id, wire.wire)
    document.apply(f"Add {spec.info.title}", network)
    view.select([node_id])
    return node_id


def delete_selection(view: CanvasView) -> None:
    """Delete the selected nodes and wires, as one edit."""
    network = view.document.network
    chosen, wires = view.selected_nodes(), view.canvas_scene.selected_wires()
    if not chosen and not wires:
        return
    if len(chosen) == 1:
        what = network.node(chosen[0]).name
    elif chosen:
        what = f"{len(chosen)} layers"
    else:
        what = "wire" if len(wires) == 1 else f"{len(wires)} wires"
    view.document.apply(f"Delete {what}", edits.remove(network, chosen, wires))


def arrange(view: CanvasView) -> None:
    """Put every node where the automatic layout wants it, as one edit."""
    network = view.document.network
    view.document.apply("Arrange", edits.move(network, layout.arranged(network)))


def connect_selection(view: CanvasView) -> None:
    """Wire the first of two selected nodes to the second; say why when it cannot be done."""
    chosen = view.selected_nodes()
    if len(chosen) != 2:
        view.refuse("Select two layers to wire: first the source, then the target.")
        return
    source, target = chosen
    port = first_free(view.document.network, target)
    reason = connect(view, Wire(source, target, port))
    if reason is not None:
        view.refuse(str(reason))


def _free_place(view: CanvasView, spec: LayerSpec) -> QPointF:
    placed = view.canvas_scene.nodes
    chosen = view.selected_nodes()
    last = chosen[-1] if chosen else next(reversed(placed), None)
    if last is None:
        return view.mapToScene(view.viewport().rect().center())
    width = card.Texts.fit(style.current(), spec.info.title, "", "", "").width
    rect = placed[last].card_rect()
    start = QPointF(rect.right() + geometry.GAP + width / 2, rect.center().y())
    taken = [item.card_rect() for item in placed.values()]
    return geometry.free_place(start, width, taken)
