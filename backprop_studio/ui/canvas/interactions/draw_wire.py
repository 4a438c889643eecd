"""Draws a wire from port to port, in either direction, and says why one cannot be drawn.

An input has one wire at most: a new one takes the place of the one that is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from backprop_studio.errors import EditError
from backprop_studio.network import Network, Wire, edits
from backprop_studio.ui.canvas.geometry import PortRef, Side
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.hitting import Hit
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.wire_item import WireItem, WirePreview

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


def targets(network: Network, start: PortRef) -> set[PortRef]:
    """Every port that a wire from `start` may end at, those that have another wire with them.

    The same answer as `edits.why_not_connect` for each port, but in one pass over the network.
    """
    if start.side == "out":
        barred = network.wiring.upstream([start.node])
        found: set[PortRef] = set()
        for node in network.nodes:
            if node.id not in barred:
                wires = network.incoming(node.id) if node.spec.ports else {}
                found.update(
                    PortRef(node.id, "in", p)
                    for p in range(len(node.spec.ports))
                    if p not in wires or wires[p].source != start.node
                )
        return found
    barred = network.wiring.downstream([start.node])
    taken = network.incoming(start.node).get(start.index)
    if taken is not None:
        barred.add(taken.source)
    return {PortRef(n.id, "out") for n in network.nodes if n.spec.has_output and n.id not in barred}


def wire_between(start: PortRef, end: PortRef) -> Wire | None:
    """The wire that joins two ports; None when both are inputs or both are outputs."""
    if start.side == end.side:
        return None
    source, target = (start, end) if start.side == "out" else (end, start)
    return Wire(source.node, target.node, target.index)


def displaced(network: Network, wire: Wire) -> Wire | None:
    """The wire that gives way to another one, at the same input."""
    found = network.incoming(wire.target).get(wire.port)
    return None if found == wire else found


def connect(view: CanvasView, wire: Wire) -> EditError | None:
    """Add a wire as one edit, in place of one at its input; the reason when it is not possible."""
    network = view.document.network
    reason = _why_not(network, wire)
    if reason is None:
        a, b = network.node(wire.source).name, network.node(wire.target).name
        label = view.tr("Connect {source} to {target}").format(source=a, target=b)
        _apply(view, network, wire, label)
    return reason


def _why_not(network: Network, wire: Wire) -> EditError | None:
    return edits.why_not_connect(network, wire.source, wire.target, wire.port, replacing=True)


def _apply(view: CanvasView, network: Network, wire: Wire, label: str) -> None:
    """Draw a wire in a network as one edit of the document, and say which one gave way."""
    old = displaced(network, wire)
    made = edits.connect(network, wire.source, wire.target, wire.port, replacing=True)
    if old is None:
        view.document.apply(label, made)
        return
    was, now = network.node(old.source).name, network.node(wire.source).name
    view.document.apply(view.tr("{edit} instead of {name}").format(edit=label, name=was), made)
    told = view.tr(
        "The wire from {now} takes the place of the one from {was}. Undo brings it back."
    )
    view.tell(told.format(now=now, was=was))


def first_free(network: Network, node_id: str) -> int:
    """The first input without a wire; the first one when none is free."""
    taken = network.incoming(node_id)
    ports = range(len(network.node(node_id).spec.ports))
    return next((p for p in ports if p not in taken), 0)


def inputs_of(view: CanvasView, part: str) -> tuple[PortRef, ...]:
    """The inputs of a node, or of a block as it is seen; of anything else there are none."""
    network = view.document.network
    if part in network:
        return tuple(PortRef(part, "in", p) for p in range(len(network.node(part).spec.ports)))
    block = view.canvas_scene.marks.items.get(part)
    return block.facts.inputs if isinstance(block, GroupItem) and block.collapsed else ()


def meant(view: CanvasView, part: str, side: Side) -> PortRef | None:
    """The port that is meant by a node or a block as a whole: a free one, if there is one."""
    network = view.document.network
    if part in network:
        spec = network.node(part).spec
        if side == "out":
            return PortRef(part, "out")
        return PortRef(part, "in", first_free(network, part) if spec.ports else 0)
    block = view.canvas_scene.marks.items.get(part)
    if not isinstance(block, GroupItem) or not block.collapsed:
        return None
    ports = block.facts.inputs if side == "in" else block.facts.outputs
    free = [p for p in ports if p.side == "out" or p.index not in network.incoming(p.node)]
    return next(iter((*free, *ports)), None)


class DrawWire(Gesture):
    """A press on a port. Ports that would take the wire glow; others say why not.

    Where a port has a wire already, that one fades while the new one is held over it: it gives way.
    At an input that has a wire, its end is taken hold of, and on a wire the end that is nearer:
    dropped on another port, the wire goes there; dropped anywhere else, it stays. A new wire that
    is dropped on nothing asks for a layer to lead to.
    """

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._taken: Wire | None = None
        if press.hit.port is not None:
            self._start = press.hit.port
            if self._start.side == "in":
                network = view.document.network
                self._taken = network.incoming(self._start.node).get(self._start.index)
            if self._taken is not None:
                self._start = PortRef(self._taken.source, "out")
        else:
            assert press.hit.wire is not None
            self._taken = press.hit.wire.wire
            if press.hit.wire.near_end(press.place) == "target":
                self._start = PortRef(self._taken.source, "out")
            else:
                self._start = PortRef(self._taken.target, "in", self._taken.port)
        self._preview: WirePreview | None = None
        self._leaving: WireItem | None = None
        self._without: tuple[Network, Network] | None = None

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        on_something = press.hit.port is not None or press.hit.wire is not None
        return press.button == Qt.MouseButton.LeftButton and on_something

    def drag(self, at: QPoint) -> None:
        if self._preview is None:
            self._begin()
        assert self._preview is not None
        end = self._end(at)
        reason = self._reason(end)
        here = self.scene.port_pos(self._start)
        there = self.view.mapToScene(at)
        if end is not None and reason is None:
            there = self.scene.port_pos(end)
        a, b = (here, there) if self._start.side == "out" else (there, here)
        tone = "muted" if end is None else "accent" if reason is None else "error"
        self._preview.show_between(a, b, there, tone)
        wire = wire_between(self._start, end) if end is not None and reason is None else None
        old = None if wire is None else displaced(self._network, wire)
        self._show_leaving(old)
        beside = self.view.viewport().mapTo(self.view, at)
        if reason is not None:
            self.view.bubble.say(str(reason), beside)
        elif old is not None:
            name = self._network.node(old.source).name
            told = self.view.tr("Replaces the wire from {name}.").format(name=name)
            self.view.bubble.say(told, beside, tone="accent")
        else:
            self.view.bubble.hide()

    def finish(self, at: QPoint) -> None:
        self._clear()
        if not self.dragged:
            self._click()
            return
        end = self._end(at)
        wire = wire_between(self._start, end) if end is not None else None
        if wire is not None and self._taken is not None:
            reason = self._reason(end)
            if reason is None and wire != self._taken:
                other = wire.target if self._start.side == "out" else wire.source
                name = self._network.node(other).name
                label = self.view.tr("Move wire to {name}").format(name=name)
                _apply(self.view, self._network, wire, label)
        elif end is None and self._taken is None and self.view.hit(at) == Hit():
            self.view.add_requested.emit(at, self._start)
            reason = None
        elif end is None and self._taken is not None and self.view.hit(at) == Hit():
            self.view.refuse(
                self.view.tr("The wire stays where it was. To delete it, click it and press Del.")
            )
            reason = None
        else:
            reason = connect(self.view, wire) if wire is not None else self._reason(end)
        if reason is None:
            self.view.bubble.hide()
        else:
            self.view.bubble.linger()
            self.view.refuse(str(reason))

    def cancel(self) -> None:
        self._clear()
        self.view.bubble.hide()

    def _click(self) -> None:
        hit = self.press.hit
        if hit.wire is not None:
            if self.press.adds:
                hit.wire.setSelected(not hit.wire.isSelected())
            else:
                self.scene.select([], [hit.wire.wire])
            return
        item = hit.node if hit.node is not None else hit.mark
        assert item is not None
        if self.press.adds:
            item.setSelected(not item.isSelected())
        else:
            self.scene.select([item.part])

    def _begin(self) -> None:
        self._preview = WirePreview()
        self.scene.addItem(self._preview)
        if self._taken is not None:
            self.scene.wires[self._taken].show_up(False)
        found = targets(self._network, self._start)
        by_node: dict[str, set[PortRef]] = {}
        for port in found:
            by_node.setdefault(port.node, set()).add(port)
        network = self._network
        taken = frozenset(
            p for p in found if p.side == "in" and p.index in network.incoming(p.node)
        )
        for node_id, ports in by_node.items():
            self.scene.nodes[node_id].set_glowing(frozenset(ports), taken & ports)
        for block in self.scene.marks.groups():
            block.set_glowing(frozenset(found), taken)

    def _show_leaving(self, wire: Wire | None) -> None:
        """Let the wire fade that would give way, and no other."""
        item = None if wire is None else self.scene.wires.get(wire)
        if item is not self._leaving:
            for changed in (self._leaving, item):
                if changed is not None:
                    changed.set_leaving(changed is item)
            self._leaving = item

    def _clear(self) -> None:
        self._show_leaving(None)
        for item in self.scene.nodes.values():
            item.set_glowing(frozenset())
        for block in self.scene.marks.groups():
            block.set_glowing(frozenset())
        if self._preview is not None:
            self.scene.removeItem(self._preview)
            self._preview = None
        if self._taken in self.scene.wires:
            self.scene.wires[self._taken].show_up(True)

    @property
    def _network(self) -> Network:
        """The network as it is while the end of a wire is held."""
        network = self.scene.document.network
        if self._taken is None:
            return network
        if self._without is None or self._without[0] is not network:
            self._without = network, edits.remove(network, wires=(self._taken,))
        return self._without[1]

    def _end(self, at: QPoint) -> PortRef | None:
        """The port at a point, or the one that is meant by the body of a node."""
        hit = self.view.hit(at)
        if hit.part == "" or hit.fix:
            return None
        found = hit.port
        if found is not None and found.node == self._start.node:
            # Still at home, or back there to give up; but its other side is a real mistake.
            return found if found.side != self._start.side else None
        if found is not None and found.side != self._start.side:
            return found
        # The body, or a port of the wrong side: the node is meant, and its right side is known.
        if hit.part == self._start.node:
            return None
        if self._start.side == "in":
            return meant(self.view, hit.part, "out")
        network = self._network
        ports = inputs_of(self.view, hit.part)
        if not ports and hit.node is not None:
            return PortRef(hit.part, "in")  # which says that there is none
        free = [p for p in ports if p.index not in network.incoming(p.node)]
        # Where none is free, the one that is nearest to the pointer is meant.
        place = self.view.mapToScene(at)
        gaps = {p: (self.scene.port_pos(p) - place).manhattanLength() for p in ports}
        return next(iter(free), min(gaps, key=gaps.__getitem__, default=None))

    def _reason(self, end: PortRef | None) -> EditError | None:
        wire = wire_between(self._start, end) if end is not None else None
        return None if wire is None else _why_not(self._network, wire)
