"""What lies at a place of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QGraphicsItem

from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.marks_layer import MarkItem
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.note_item import NoteItem
from backprop_studio.ui.canvas.wire_item import WireItem


@dataclass(frozen=True)
class Hit:
    """What lies at a place: a port, the body of a node, its remedy, a wire, a mark, or nothing.

    A port may be one of a node, or one of the block that the node is in.
    """

    node: NodeItem | None = None
    port: PortRef | None = None
    wire: WireItem | None = None
    mark: MarkItem | None = None
    fix: bool = False

    @property
    def part(self) -> str:
        """Id of the node or mark; empty for none."""
        if self.node is not None:
            return self.node.part
        return "" if self.mark is None else self.mark.part


def find(near: Sequence[QGraphicsItem], at: QPointF, reach: float) -> Hit:
    """Which of the items near a place is meant there.

    Parameters
    ----------
    near
        What is at most `reach` away, from above to below.
    at
        A place in the scene.
    reach
        How far from its centre a port is caught, in scene units; 0 catches none.
    """
    cards: list[NodeItem] = [item for item in near if isinstance(item, NodeItem)]
    blocks: list[GroupItem] = [
        item for item in near if isinstance(item, GroupItem) and item.collapsed
    ]
    best: tuple[float, NodeItem | GroupItem, PortRef] | None = None
    both: list[NodeItem | GroupItem] = [*cards, *blocks]
    for card in both if reach else ():
        for port in card.ports():
            gap = card.port_pos(port) - at
            distance = gap.x() ** 2 + gap.y() ** 2
            if distance <= reach**2 and (best is None or distance < best[0]):
                best = distance, card, port
    if best is not None:
        card = best[1]
        if isinstance(card, NodeItem):
            return Hit(card, best[2])
        return Hit(port=best[2], mark=card)
    for node in cards:
        if node.card_rect().contains(at):
            return Hit(node)
        if node.fix_rect().contains(at):
            return Hit(node, fix=True)
    for block in blocks:
        if block.card_rect().contains(at):
            return Hit(mark=block)
    # What is above comes first: arrows, notes, wires, and at last the frames of groups.
    for item in near:
        if isinstance(item, GroupItem):
            if item.catches(at):
                return Hit(mark=item)
        elif isinstance(item, ArrowItem | NoteItem) and item.contains(item.mapFromScene(at)):
            return Hit(mark=item)
        elif isinstance(item, WireItem) and item.shape().contains(at):
            # A wire can be caught elsewhere; the sign that folds a group cannot.
            sign = next((g for g in near if isinstance(g, GroupItem) and g.at_chevron(at)), None)
            return Hit(wire=item) if sign is None else Hit(mark=sign)
    return Hit()
