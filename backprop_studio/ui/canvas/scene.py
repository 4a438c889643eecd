"""The scene: one item for each node and wire of the document, kept equal to it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from backprop_studio.autograd import Shape, format_shape
from backprop_studio.errors import Diagnostic
from backprop_studio.insight.flow import Flow
from backprop_studio.network import Analysis, Network, Wire, edits, fixes
from backprop_studio.ui import differences
from backprop_studio.ui.canvas import hitting, routing
from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.afar import Afar
from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.geometry import PORT_REACH, PortRef
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.hitting import Hit
from backprop_studio.ui.canvas.marks_layer import MarkItem, MarksLayer
from backprop_studio.ui.canvas.node_item import FADED, NodeItem
from backprop_studio.ui.canvas.note_item import NoteItem
from backprop_studio.ui.canvas.repainting import repaint_afar
from backprop_studio.ui.canvas.tracing import pictures, readings
from backprop_studio.ui.canvas.wire_item import WireItem
from backprop_studio.ui.controllers.document import Document

_ROOM = 1000.0
_FEW = 60
"""Cards that can change until each wire is asked whether it minds, and not only those near them."""

_MOST_FIXES = 50
"""Problems whose remedies are offered on the cards at once; one has to be looked for."""


class NetworkScene(QGraphicsScene):
    """Mirrors a document. It only listens: gestures change the document, never the scene.

    Signals
    -------
    selection_noted(ids)
        Ids of the selected nodes, in the order in which they were selected.
    marks_noted(ids)
        Ids of the selected notes, arrows and groups.
    """

    selection_noted = Signal(object)
    marks_noted = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.marks = MarksLayer(self)
        self.afar = Afar(self._repaint_afar)
        self._cards = routing.Cards()
        self._at_node: dict[str, list[WireItem]] = {}
        # Wires that have no way yet.
        self._fresh: set[Wire] = set()
        self._fresh_labels: set[Wire] = set()
        self._shown = Network()
        self._described = Analysis(Network())
        self._failing: set[str] = set()
        # Cards that may stand elsewhere than the wires know, and those that are no more.
        self._loose: dict[NodeItem, None] = {}
        self._gone: set[str] = set()
        self._folded = False
        self._activity: Activity | None = None
        self._acted = False
        self._flow: Flow | None = None
        self._badges: Mapping[str, str] = {}
        self._focus_node = ""
        self._selected: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._selecting = False
        self.selectionChanged.connect(self.afar.note_selection)
        self.selectionChanged.connect(self._note_selection)
        self.selectionChanged.connect(self._repaint_afar)
        document.network_changed.connect(self._follow)
        document.analysis_changed.connect(self._describe)
        self._follow(Network(), document.network)
        self._describe(document.analysis)

    def addItem(self, item: QGraphicsItem) -> None:
        super().addItem(item)
        self.afar.take(item)

    def removeItem(self, item: QGraphicsItem) -> None:
        super().removeItem(item)
        self.afar.drop(item)

    # Following the document

    def _follow(self, before: Network, after: Network) -> None:
        old, self._shown = self._shown, after
        edit = after.changes_from(old)
        # Qt tells of each selected item that goes; it is noted once, when all are gone.
        self._selecting = True
        for wire in edit.cut:
            self.removeItem(self.wires[wire])
            self._unhook(self.wires.pop(wire))
        for node_id in edit.gone:
            self.removeItem(self.nodes.pop(node_id))
            self._at_node.pop(node_id, None)
            self._gone.add(node_id)
        for node in edit.renewed:
            item = self.nodes.get(node.id)
            if item is None:
                item = NodeItem(node, self.document.analysis, self.afar.note, self._note_place)
                self.nodes[node.id] = item
                self.addItem(item)
                self._loose[item] = None
            else:
                item.move_to(QPointF(node.x, node.y))
        for wire in edit.drawn:
            self.wires[wire] = WireItem(wire, self.afar.note)
            self.addItem(self.wires[wire])
            self._fresh.add(wire)
            self._fresh_labels.add(wire)
            for end in {wire.source, wire.target}:
                self._at_node.setdefault(end, []).append(self.wires[wire])
        self.marks.follow(after)
        self._selecting = False
        self._plug(end for wire in edit.rewired for end in (wire.source, wire.target))
        self._make_room()
        self._lay_out()
        self._note_selection()

    def _note_place(self, item: NodeItem) -> None:
        """A card stands elsewhere, or has another size."""
        self._loose[item] = None

    def _unhook(self, item: WireItem) -> None:
        for end in {item.wire.source, item.wire.target}:
            if item in self._at_node.get(end, ()):
                self._at_node[end].remove(item)

    def _plug(self, ends: Iterable[str]) -> None:
        """Tell these nodes which of their ports have a wire."""
        for node_id in set(ends) & self.nodes.keys():
            ports = {
                PortRef(node_id, "out") if i.wire.source == node_id else
                PortRef(node_id, "in", i.wire.port)
                for i in self._at_node.get(node_id, ())
            }  # fmt: skip
            self.nodes[node_id].set_wired(frozenset(ports))

    def _describe(self, analysis: Analysis) -> None:
        network, known = analysis.network, self._described
        self._described = analysis
        renewed = network.changes_from(known.network).renewed
        same = analysis.shapes is known.shapes
        if same:
            # Nothing but places and marks has changed: a drag through a large network stays cheap.
            for node in renewed:
                self.nodes[node.id].node = node
        self._describe_cards(analysis, differences.described(known, analysis, renewed, same=same))
        if same:
            self.marks.describe(analysis)
            self._lay_out()
            return
        for item in self.nodes.values():
            # What its tooltip says is looked up when it is wanted.
            item.analysis = analysis
        failing = {d.node for d in analysis.errors if d.node is not None}
        self._label(known, analysis, failing)
        self.marks.describe(analysis)
        # Cards grow with their texts, and ports move with their edges.
        self._lay_out()
        if self._acted:
            self._show_activity()

    def _label(self, known: Analysis, analysis: Analysis, failing: set[str]) -> None:
        """Write the shapes on the wires that carry others, and mark those that end at an error."""
        shaped = differences.keys(known.shapes, analysis.shapes)
        touched = [
            item for key in shaped for item in self._at_node.get(key, ()) if item.wire.source == key
        ]
        for key in failing ^ self._failing:
            touched += [item for item in self._at_node.get(key, ()) if item.wire.target == key]
        touched += [self.wires[wire] for wire in self._fresh_labels if wire in self.wires]
        self._failing = failing
        self._fresh_labels.clear()
        labels: dict[Shape | None, str] = {None: ""}
        for item in touched:
            shape = analysis.shapes.get(item.wire.source)
            label = labels.get(shape)
            if label is None:
                label = labels[shape] = format_shape(shape or ())
            item.describe(label, broken=item.wire.target in failing)

    def _describe_cards(self, analysis: Analysis, nodes: Iterable[str]) -> None:
        findings: dict[str, list[Diagnostic]] = {}
        for d in analysis.diagnostics:
            if d.node is not None:
                findings.setdefault(d.node, []).append(d)
        offered = 0
        for node_id in nodes:
            item, found, fix = self.nodes[node_id], findings.get(node_id, ()), None
            for problem in found if offered < _MOST_FIXES else ():
                fix = fix or fixes.fix_for(analysis, problem)
                offered += 1
            node = analysis.network.node(node_id)
            item.describe(node, analysis, found, "" if fix is None else fix.text)
            item.set_badge(self._badges.get(node_id, ""))

    def _lay_out(self, *, everything: bool = False) -> None:
        """Note where cards stand, and lead the wires around them that this has to do with."""
        self.marks.place()
        blocks = self.marks.blocks
        folded = any(group.collapsed for group in self.marks.groups())
        # What was folded a moment ago has to be seen again.
        unfolding, self._folded = folded or self._folded, folded
        if unfolding:
            standing = {k: i.card_rect() for k, i in self.nodes.items() if i.isVisible()}
            standing |= {i.part: i.card_rect() for i in self.marks.groups() if i.collapsed}
            gone = self._cards.keys() - standing.keys()
        else:
            # Where nothing is folded, only those can stand elsewhere that have said so.
            standing = {i.part: i.card_rect() for i in self._loose if i.scene() is self}
            gone = self._gone & self._cards.keys() - standing.keys()
        self._loose.clear()
        self._gone.clear()
        put = {**dict.fromkeys(gone), **standing}
        areas = ((key, self._cards.put(key, rect)) for key, rect in put.items())
        changed = {key: places for key, places in areas if places}
        # Where all wires are new, none of them has a way yet that it may leave.
        everything = everything or len(self._fresh) == len(self.wires)
        touched = routing.Cards()
        if not everything:
            for number, area in enumerate(itertools.chain.from_iterable(changed.values())):
                touched.put(str(number), area)
        near: Collection[WireItem] = self.wires.values()
        if not (everything or unfolding or len(changed) > _FEW):
            near = self._near(changed)
        for item in near:
            wire = item.wire
            inside = bool(blocks) and blocks.get(wire.source, "") == blocks.get(wire.target)
            item.show_up(not inside)
            start, end = self._ends(wire)
            if everything or not item.runs_between(start, end) or item.minds(touched):
                item.place(start, end, self._route(wire, start, end))
        self._fresh.clear()

    def _near(self, changed: Mapping[str, Iterable[QRectF]]) -> Collection[WireItem]:
        """The wires at cards that have changed, those near to them, and those that are new."""
        found = {w: self.wires[w] for w in self._fresh if w in self.wires}
        by_bounds = Qt.ItemSelectionMode.IntersectsItemBoundingRect
        for key, places in changed.items():
            found.update((item.wire, item) for item in self._at_node.get(key, ()))
            for area in places:
                items = self.items(area, by_bounds)
                found.update((i.wire, i) for i in items if isinstance(i, WireItem))
        return found.values()

    def _route(
        self, wire: Wire, start: QPointF, end: QPointF, moving: Iterable[str] = ()
    ) -> QPainterPath | None:
        blocks = self.marks.blocks
        own = (blocks.get(wire.source, wire.source), blocks.get(wire.target, wire.target))
        return routing.route(start, end, self._cards, frozenset(own), frozenset(moving))

    def _ends(self, wire: Wire) -> tuple[QPointF, QPointF]:
        return (
            self.port_pos(PortRef(wire.source, "out")),
            self.port_pos(PortRef(wire.target, "in", wire.port)),
        )

    def port_pos(self, port: PortRef) -> QPointF:
        """Centre of a port: on its node, or on the block that the node is in."""
        block = self.marks.block_of(port.node) if self.marks.blocks else None
        return (self.nodes[port.node] if block is None else block).port_pos(port)

    def part(self, key: str) -> NodeItem | MarkItem | None:
        """The item of a node or mark."""
        return self.nodes.get(key) or self.marks.items.get(key)

    def _make_room(self) -> None:
        """Grow the indexed area in large steps: its tree is rebuilt each time."""
        used = QRectF()
        for item in (*self._loose, *self.marks.items.values()):
            used = used.united(item.card_rect())
        if not self.sceneRect().contains(used.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)):
            room = 2 * _ROOM
            self.setSceneRect(self.sceneRect().united(used).adjusted(-room, -room, room, room))

    # What gestures show while they last

    def carry(self, places: Mapping[str, QPointF]) -> None:
        """Show nodes, notes and arrows elsewhere, without changing the document."""
        for key in places.keys() & self.nodes.keys():
            self.nodes[key].move_to(places[key])
        if self.marks.items:
            moved = {key: (place.x(), place.y()) for key, place in places.items()}
            self.marks.carry(edits.move(self.document.network, moved))
        # As a dictionary, because wires between two carried nodes would come twice.
        at_hand = {w.wire: w for i in places for w in self._at_node.get(i, ())}
        for wire, item in at_hand.items():
            start, end = self._ends(wire)
            # A few are led around what stands; with many, it is too much for each picture.
            path = self._route(wire, start, end, places) if len(at_hand) <= 40 else None
            item.place(start, end, path)

    def put_back(self) -> None:
        """Show everything where the document has it."""
        network = self.document.network
        for node in network.nodes:
            self.nodes[node.id].move_to(QPointF(node.x, node.y))
        if self.marks.items:
            self.marks.carry(network)
        for wire, item in self.wires.items():
            start, end = self._ends(wire)
            if not item.runs_between(start, end):
                item.place(start, end, self._route(wire, start, end))

    def set_activity(self, activity: Activity | None) -> None:
        """Glow and dim nodes and wires; None for neither."""
        if activity != self._activity:
            self._activity = activity
            self._show_activity()

    def set_flow(self, flow: Flow | None) -> None:
        """Show one example on its way through the network; None for none."""
        if flow is None and self._flow is None:
            return
        self._flow = flow
        wires, nodes = ({}, {}) if flow is None else (readings(flow), pictures(flow))
        for wire, item in self.wires.items():
            item.set_reading(wires.get(wire))
        for node_id, node in self.nodes.items():
            node.set_picture(nodes.get(node_id))

    def move_flow(self, moved: float | None) -> None:
        """Let dashes run along the wires that shine; None stops them."""
        for item in self.wires.values():
            item.set_moved(moved)

    def set_badges(self, badges: Mapping[str, str]) -> None:
        """Write something below nodes; nothing below those that are not named."""
        self._badges = dict(badges)
        for node_id, node in self.nodes.items():
            node.set_badge(self._badges.get(node_id, ""))

    def set_focus_node(self, node_id: str) -> None:
        """Grey out everything but a node and its wires; nothing for an empty id."""
        self._focus_node = node_id
        self._show_activity()

    def _show_activity(self) -> None:
        activity = self._activity
        self._acted = activity is not None or bool(self._focus_node)
        focus = self._focus_node if self._focus_node in self.nodes else ""
        self.marks.show_activity(activity)
        for node_id, node in self.nodes.items():
            node.set_activity(activity)
            if focus:
                node.fade(1.0 if node_id == focus else FADED)
        for wire, item in self.wires.items():
            tone, known = "", not focus or focus in (wire.source, wire.target)
            if activity is not None and not focus:
                tone, known = activity.on_wire(wire.source, wire.target)
            item.set_activity(tone, known=known)

    def restyle(self) -> None:
        """Take over new colours and fonts."""
        for node in self.nodes.values():
            node.restyle()
        for item in self.wires.values():
            item.restyle()
        self.marks.restyle()
        # The pictures below the cards are in the colours of the theme, too.
        self.set_flow(self._flow)
        self._lay_out(everything=True)
        self.update()
        self._repaint_afar()

    # Asking

    def hit(self, at: QPointF, reach: float = PORT_REACH) -> Hit:
        """What lies at `at`. Ports come first and catch from `reach` away; then nodes, then wires.

        Parameters
        ----------
        at
            A place in the scene.
        reach
            How far from its centre a port is caught, in scene units; 0 catches none.
        """
        room = max(reach, 1.0)
        around = QRectF(at.x() - room, at.y() - room, 2 * room, 2 * room)
        return hitting.find(self.items(around), at, reach)

    def content(self) -> QRectF:
        """What has to be seen to see the whole network."""
        rect = self.afar.content()
        for mark in self.marks.seen():
            rect = rect.united(mark.content_rect())
        return rect

    def paint_afar(self, painter: QPainter, seen: QRectF) -> None:
        """Paint all that is in a part of the scene, as it looks from afar."""
        self.afar.paint(painter, seen, self.selectedItems())

    def _repaint_afar(self) -> None:
        repaint_afar(self)

    # Selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return tuple(i for i in self._selected if i in self.nodes)

    def selected_parts(self) -> tuple[str, ...]:
        """Ids of the selected nodes, notes, arrows and groups, in that order."""
        return self._selected

    def selected_wires(self) -> tuple[Wire, ...]:
        """The selected wires."""
        return tuple(wire for wire, item in self.wires.items() if item.isSelected())

    def select(self, ids: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Select these nodes and marks, in this order, and these wires; nothing else.

        For what is in a block, the block is selected.
        """
        self._selecting = True
        blocks = self.marks.blocks
        chosen = [i for i in dict.fromkeys(blocks.get(i, i) for i in ids) if self.part(i)]
        self.clearSelection()
        for key in chosen:
            item = self.part(key)
            assert item is not None
            item.setSelected(True)
        for wire in wires:
            if wire in self.wires:
                self.wires[wire].setSelected(True)
        self._selecting = False
        self._set_selected(tuple(chosen))

    def _note_selection(self) -> None:
        if self._selecting:
            return
        kinds = (NodeItem, NoteItem, ArrowItem, GroupItem)
        chosen = {i.part for i in self.selectedItems() if isinstance(i, kinds)}
        kept = [i for i in self._selected if i in chosen]
        more = chosen.difference(kept)
        if len(more) > 1:
            # In the order of the document, nodes first.
            parts = (*self.nodes, *self.marks.items)
            self._set_selected((*kept, *(i for i in parts if i in more)))
        else:
            self._set_selected((*kept, *more))

    def _set_selected(self, ids: tuple[str, ...]) -> None:
        if ids == self._selected:
            return
        told, self._selected = self._told, ids
        self._told = self.selected_nodes()
        if self._told != told:
            self.selection_noted.emit(self._told)
        self.marks_noted.emit(tuple(i for i in ids if i in self.marks.items))
