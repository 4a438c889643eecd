"""The scene: one item for each node and wire of the document, kept equal to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from backprop_studio.autograd import Phase, format_shape
from backprop_studio.errors import Diagnostic
from backprop_studio.insight.flow import Flow
from backprop_studio.network import Analysis, Network, Wire
from backprop_studio.ui.canvas.activity import TONES, Activity
from backprop_studio.ui.canvas.geometry import PORT_REACH, PortRef
from backprop_studio.ui.canvas.node_item import FADED, NodeItem
from backprop_studio.ui.canvas.tracing import pictures, readings
from backprop_studio.ui.canvas.wire_item import WireItem
from backprop_studio.ui.controllers.document import Document

_ROOM = 1000.0


@dataclass(frozen=True)
class Hit:
    """What lies at a place: a port of a node, the node's body, a wire, or nothing."""

    node: NodeItem | None = None
    port: PortRef | None = None
    wire: WireItem | None = None


class NetworkScene(QGraphicsScene):
    """Mirrors a document. It only listens: gestures change the document, never the scene.

    Signals
    -------
    selection_noted(ids)
        Ids of the selected nodes, in the order in which they were selected.
    """

    selection_noted = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Wire, WireItem] = {}
        self._at_node: dict[str, list[WireItem]] = {}
        self._activity: Activity | None = None
        self._badges: Mapping[str, str] = {}
        self._focus_node = ""
        self._selected: tuple[str, ...] = ()
        self._selecting = False
        self.selectionChanged.connect(self._note_selection)
        document.network_changed.connect(self._follow)
        document.analysis_changed.connect(self._describe)
        self._follow(Network(), document.network)
        self._describe(document.analysis)

    # Following the document

    def _follow(self, before: Network, after: Network) -> None:
        for wire in self.wires.keys() - set(after.wires):
            self.removeItem(self.wires.pop(wire))
        for node_id in [i for i in self.nodes if i not in after]:
            self.removeItem(self.nodes.pop(node_id))
        for node in after.nodes:
            item = self.nodes.get(node.id)
            if item is None:
                item = self.nodes[node.id] = NodeItem(node, self.document.analysis)
                self.addItem(item)
            elif item.node is not node:
                item.setPos(node.x, node.y)
        for wire in after.wires:
            if wire not in self.wires:
                self.wires[wire] = WireItem(wire)
                self.addItem(self.wires[wire])
        if before.wires != after.wires:
            self._index_wires()
        for wire_item in self.wires.values():
            self._place(wire_item)
        self._make_room()
        self._note_selection()

    def _describe(self, analysis: Analysis) -> None:
        findings: dict[str, list[Diagnostic]] = {}
        for d in analysis.diagnostics:
            if d.node is not None:
                findings.setdefault(d.node, []).append(d)
        network = self.document.network
        for node in network.nodes:
            self.nodes[node.id].describe(node, analysis, findings.get(node.id, ()))
            self.nodes[node.id].set_badge(self._badges.get(node.id, ""))
        failing = {d.node for d in analysis.errors}
        for wire, item in self.wires.items():
            shape = analysis.shapes.get(wire.source)
            label = format_shape(shape) if shape is not None else ""
            item.describe(label, broken=wire.target in failing)
            # Cards grow with their texts, and ports move with their edges.
            self._place(item)
        self._show_activity()

    def _index_wires(self) -> None:
        self._at_node = {}
        for wire, item in self.wires.items():
            self._at_node.setdefault(wire.source, []).append(item)
            self._at_node.setdefault(wire.target, []).append(item)
        wired: dict[str, set[PortRef]] = {}
        for wire in self.wires:
            wired.setdefault(wire.source, set()).add(PortRef(wire.source, "out"))
            wired.setdefault(wire.target, set()).add(PortRef(wire.target, "in", wire.port))
        for node_id, node in self.nodes.items():
            node.set_wired(frozenset(wired.get(node_id, ())))

    def _place(self, item: WireItem) -> None:
        wire = item.wire
        item.place(
            self.nodes[wire.source].port_pos(PortRef(wire.source, "out")),
            self.nodes[wire.target].port_pos(PortRef(wire.target, "in", wire.port)),
        )

    def _make_room(self) -> None:
        """Grow the indexed area in large steps: its tree is rebuilt each time."""
        used = QRectF()
        for item in self.nodes.values():
            used = used.united(item.card_rect())
        if not self.sceneRect().contains(used.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)):
            room = 2 * _ROOM
            self.setSceneRect(self.sceneRect().united(used).adjusted(-room, -room, room, room))

    # What gestures show while they last

    def carry(self, places: dict[str, QPointF]) -> None:
        """Show nodes elsewhere, without changing the document."""
        for node_id, place in places.items():
            self.nodes[node_id].setPos(place)
        # As a dictionary, because wires between two carried nodes would come twice.
        for item in {w.wire: w for i in places for w in self._at_node.get(i, ())}.values():
            self._place(item)

    def put_back(self) -> None:
        """Show every node where the document has it."""
        nodes = self.document.network.nodes
        self.carry({n.id: QPointF(n.x, n.y) for n in nodes})

    def set_activity(self, activity: Activity | None) -> None:
        """Glow and dim nodes and wires; None for neither."""
        if activity != self._activity:
            self._activity = activity
            self._show_activity()

    def set_flow(self, flow: Flow | None) -> None:
        """Show one example on its way through the network; None for none."""
        wires = {} if flow is None else readings(flow)
        nodes = {} if flow is None else pictures(flow)
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
        focus = self._focus_node if self._focus_node in self.nodes else ""
        for node_id, node in self.nodes.items():
            node.set_activity(activity)
            if focus:
                node.setOpacity(1.0 if node_id == focus else FADED)
        for wire, item in self.wires.items():
            if focus:
                item.set_activity("", known=focus in (wire.source, wire.target))
                continue
            if activity is None:
                item.set_activity("", known=True)
                continue
            # A wire carries the output of its source, and backward the gradient of its target.
            back = activity.phase is Phase.BACKWARD
            giver, taker = (wire.target, wire.source) if back else (wire.source, wire.target)
            known = giver in activity.computed
            flows = activity.phase in (Phase.FORWARD, Phase.LOSS, Phase.BACKWARD)
            lit = flows and known and taker == activity.node
            tone = TONES[activity.phase] if lit and activity.phase is not None else ""
            item.set_activity(tone, known=known)

    def restyle(self) -> None:
        """Take over new colours and fonts."""
        for node in self.nodes.values():
            node.restyle()
        for item in self.wires.values():
            item.restyle()
            self._place(item)
        self.update()

    # Asking

    def hit(self, at: QPointF, reach: float = PORT_REACH) -> Hit:
        """What lies at `at`. Ports come first and catch from `reach` away; then nodes, then wires.

        Parameters
        ----------
        at
            A place in the scene.
        reach
            How far from its centre a port is caught, in scene units.
        """
        around = QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
        near = self.items(around)
        cards = [item for item in near if isinstance(item, NodeItem)]
        best: tuple[float, NodeItem, PortRef] | None = None
        for node in cards:
            for port in node.ports():
                gap = node.port_pos(port) - at
                distance = gap.x() ** 2 + gap.y() ** 2
                if distance <= reach**2 and (best is None or distance < best[0]):
                    best = distance, node, port
        if best is not None:
            return Hit(best[1], best[2])
        for node in cards:
            if node.card_rect().contains(at):
                return Hit(node)
        for item in near:
            if isinstance(item, WireItem) and item.shape().contains(at):
                return Hit(wire=item)
        return Hit()

    def content(self) -> QRectF:
        """What has to be seen to see the whole network."""
        rect = QRectF()
        for item in self.nodes.values():
            rect = rect.united(item.content_rect())
        return rect

    # Selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return self._selected

    def selected_wires(self) -> tuple[Wire, ...]:
        """The selected wires."""
        return tuple(wire for wire, item in self.wires.items() if item.isSelected())

    def select(self, ids: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Select these nodes, in this order, and these wires; nothing else."""
        self._selecting = True
        chosen = [i for i in dict.fromkeys(ids) if i in self.nodes]
        self.clearSelection()
        for node_id in chosen:
            self.nodes[node_id].setSelected(True)
        for wire in wires:
            if wire in self.wires:
                self.wires[wire].setSelected(True)
        self._selecting = False
        self._set_selected(tuple(chosen))

    def _note_selection(self) -> None:
        if self._selecting:
            return
        now = [i for i, item in self.nodes.items() if item.isSelected()]
        kept = [i for i in self._selected if i in now]
        self._set_selected((*kept, *(i for i in now if i not in kept)))

    def _set_selected(self, ids: tuple[str, ...]) -> None:
        if ids != self._selected:
            self._selected = ids
            self.selection_noted.emit(ids)
