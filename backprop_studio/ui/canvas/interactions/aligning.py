"""Puts what is selected in line, or equally far apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, aligning, edits
from backprop_studio.network.aligning import How
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.interactions.moving import places_of

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


def align(view: CanvasView, how: How) -> None:
    """Move what is selected so that this is the same for all, as one edit.

    A group goes as a whole, whether it is a frame or a block; arrows follow what they are tied to.
    """
    network, boxes = view.document.network, {}
    chosen = set(view.selected_parts())
    for part in view.selected_parts():
        item, holder = view.canvas_scene.part(part), network.holders.get(part)
        while holder is not None and holder not in chosen:
            holder = network.holders.get(holder)
        if item is not None and holder is None and not isinstance(network.marks.get(part), Arrow):
            rect = item.card_rect()
            boxes[part] = (rect.left(), rect.top(), rect.right(), rect.bottom())
    try:
        steps = aligning.steps(boxes, how, grid=geometry.GRID)
    except EditError as error:
        view.refuse(str(error))
        return
    places = {}
    for part, step in steps.items():
        places.update(geometry.shifted(places_of(network, (part,)), QPointF(*step)))
    label = {
        "left": view.tr("Align left edges"),
        "centre": view.tr("Align in a column"),
        "right": view.tr("Align right edges"),
        "top": view.tr("Align top edges"),
        "middle": view.tr("Align in a row"),
        "bottom": view.tr("Align bottom edges"),
        "across": view.tr("Distribute across"),
        "down": view.tr("Distribute down"),
    }[how]
    made = edits.move(network, places)
    if made == network:
        view.tell(view.tr("They stand like this already."))
        return
    view.document.apply(label, made)
