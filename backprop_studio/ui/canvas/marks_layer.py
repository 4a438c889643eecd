"""The notes, arrows and groups of a scene: one item for each, kept equal to the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network import Analysis, Arrow, Group, Network, Note, grouping
from backprop_studio.ui.canvas import captions
from backprop_studio.ui.canvas.activity import TONES, Activity
from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.group_item import Facts, GroupItem
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.scene import NetworkScene

MarkItem = NoteItem | ArrowItem | GroupItem


class MarksLayer:
    """Feeds the items of a scene's marks. Where there are none, it does nothing."""

    def __init__(self, scene: NetworkScene) -> None:
        self._scene = scene
        self.items: dict[str, MarkItem] = {}
        self.blocks: Mapping[str, str] = {}
        """Id of what is not seen to that of the block that it is in."""
        self._inside: dict[str, tuple[str, ...]] = {}
        self._innermost_first: tuple[GroupItem, ...] = ()

    # Following the document

    def follow(self, network: Network) -> None:
        """Make, move and remove items, and hide what is in blocks."""
        marks = network.marks
        for key in [k for k in self.items if k not in marks]:
            self._scene.removeItem(self.items.pop(key))
        for key, mark in marks.items():
            item = self.items.get(key)
            if item is None:
                item = self.items[key] = _make(mark)
                self._scene.addItem(item)
            elif isinstance(mark, Note | Arrow):
                _update(item, mark)
        changed = self.blocks != network.blocks
        self.blocks = network.blocks
        self._inside = {g.id: g.members for g in network.groups}
        depths = {g.id: _depth(g.id, network.holders) for g in network.groups}
        order = sorted(depths, key=lambda k: -depths[k])
        self._innermost_first = tuple(i for k in order if isinstance(i := self.items[k], GroupItem))
        if changed:
            for node_id, node in self._scene.nodes.items():
                node.show_up(node_id not in self.blocks)
        for key, item in self.items.items():
            if isinstance(item, ArrowItem):
                ends = (item.arrow.source, item.arrow.target)
                homes = {self.blocks.get(end, "") for end in ends if end}
                item.setVisible(not homes or "" in homes or len(homes) > 1)
            else:
                item.setVisible(key not in self.blocks)

    def describe(self, analysis: Analysis) -> None:
        """Take over what is known of the members of groups."""
        network = self._scene.document.network
        worst: dict[str, Diagnostic] = {}
        for problem in reversed(analysis.diagnostics):
            if problem.node is not None:
                worst[problem.node] = problem
        for group in network.groups:
            item = self.items.get(group.id)
            if isinstance(item, GroupItem):
                level = _depth(group.id, network.holders)
                item.describe(group, _facts(network, group, analysis, worst), level=level)
        self.place()

    def place(self) -> None:
        """Draw the frames and blocks where their members are now."""
        for item in self._innermost_first:
            area = self.area(item.part)
            item.enclose(self._spot(item.part, area) if item.collapsed else area)
        if self.blocks:
            for arrow in self.items.values():
                if isinstance(arrow, ArrowItem):
                    self._point_at_blocks(arrow)

    def _spot(self, group_id: str, area: QRectF) -> QRectF:
        """The card of the member that is nearest to the middle: its place is free for a block."""
        nodes = self._scene.nodes
        inside = grouping.nodes_in(self._scene.document.network, group_id)
        places = {n: (nodes[n].x(), nodes[n].y()) for n in inside if n in nodes}
        key = grouping.anchor(self._scene.document.network, group_id, places)
        return nodes[key].card_rect() if key in nodes else area

    def _point_at_blocks(self, item: ArrowItem) -> None:
        """Let ends that are tied to what is in a block end at the block."""
        arrow = item.arrow
        source, target = self.block_of(arrow.source), self.block_of(arrow.target)
        start, end = QPointF(arrow.x1, arrow.y1), QPointF(arrow.x2, arrow.y2)
        if source is not None:
            start = border(source.card_rect(), end)
        if target is not None:
            end = border(target.card_rect(), start)
        item.show_between(start, end)

    def carry(self, network: Network) -> None:
        """Show notes and arrows where another network has them."""
        for key, mark in network.marks.items():
            if isinstance(mark, Note | Arrow):
                _update(self.items[key], mark)
        self.place()

    def show_activity(self, activity: Activity | None) -> None:
        """Let blocks glow while one of their members runs."""
        for item in self._innermost_first:
            nodes = grouping.nodes_in(self._scene.document.network, item.part)
            running = activity is not None and activity.node in nodes
            phase = activity.phase if activity is not None and running else None
            known = activity is None or running or any(n in activity.computed for n in nodes)
            item.set_activity(TONES[phase] if phase is not None else "", known=known)

    def restyle(self) -> None:
        """Take over new colours and fonts."""
        for item in self.items.values():
            item.restyle()
        self.place()

    # Asking

    def block_of(self, node_id: str) -> GroupItem | None:
        """The block that a node is in; None for one that is seen itself."""
        key = self.blocks.get(node_id)
        item = self.items.get(key) if key is not None else None
        return item if isinstance(item, GroupItem) else None

    def groups(self) -> tuple[GroupItem, ...]:
        """The groups that are seen, those in others first."""
        return tuple(item for item in self._innermost_first if item.isVisible())

    def area(self, group_id: str) -> QRectF:
        """What a group is drawn around: its members, as if all were seen."""
        area = QRectF()
        for member in self._inside.get(group_id, ()):
            item = self._scene.nodes.get(member) or self.items.get(member)
            if isinstance(item, GroupItem) and not item.isVisible():
                # Inside a block nothing is drawn; the place is that of its members.
                area = area.united(self.area(member))
            elif item is not None:
                area = area.united(item.card_rect())
        return area

    def seen(self) -> Iterable[MarkItem]:
        """The items that are not inside of a block."""
        return (item for item in self.items.values() if item.isVisible())


def border(rect: QRectF, towards: QPointF) -> QPointF:
    """Where the line from the middle of a card to a point leaves its outline."""
    rect = rect.adjusted(-4, -4, 4, 4)
    middle, way = rect.center(), towards - rect.center()
    scale = min(
        (rect.width() / 2 / abs(way.x())) if way.x() else 1e9,
        (rect.height() / 2 / abs(way.y())) if way.y() else 1e9,
    )
    return middle + way * scale if scale < 1.0 else middle


def _make(mark: Note | Arrow | Group) -> MarkItem:
    match mark:
        case Note():
            return NoteItem(mark)
        case Arrow():
            return ArrowItem(mark)
        case Group():
            return GroupItem(mark)


def _update(item: MarkItem, mark: Note | Arrow) -> None:
    if isinstance(item, NoteItem) and isinstance(mark, Note):
        if item.note != mark:
            item.describe(mark)
    elif isinstance(item, ArrowItem) and isinstance(mark, Arrow) and item.arrow != mark:
        item.describe(mark)


def _facts(
    network: Network, group: Group, analysis: Analysis, worst: Mapping[str, Diagnostic]
) -> Facts:
    nodes = grouping.nodes_in(network, group.id)
    inputs, outputs = grouping.ports(network, group.id)
    # From top to bottom as their layers stand in it: fewer wires cross.
    downwards = sorted(inputs, key=lambda port: network.node(port[0]).y)
    into = tuple(PortRef(node, "in", port) for node, port in downwards)
    out = tuple(PortRef(node, "out") for node in sorted(outputs, key=lambda n: network.node(n).y))
    names = tuple((port, network.node(port.node).name) for port in (*into, *out))
    # Weights that several share are one set of numbers.
    owners = {network.node(n).weights: n for n in nodes}
    count = sum(analysis.parameters.get(n, 0) for n in owners.values())
    detail = f"{len(nodes):,} layer" + ("" if len(nodes) == 1 else "s")
    if count:
        detail += f", {captions.parameter_count(count)}"
    problems = [worst[n] for n in nodes if n in worst]
    problems.sort(key=lambda d: d.severity is not Severity.ERROR)
    severity = problems[0].severity if problems else None
    return Facts(detail, into, out, names, severity, problems[0].text if problems else "")


def _depth(group_id: str, holders: Mapping[str, str]) -> int:
    depth, at = 0, holders.get(group_id)
    while at is not None:
        depth, at = depth + 1, holders.get(at)
    return depth
