"""The outline: the canvas as a tree, for the keyboard and for screen readers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import format_shape
from backprop_studio.network import Analysis, Wire, graph
from backprop_studio.ui import theme

_NODE = Qt.ItemDataRole.UserRole
_WIRE = Qt.ItemDataRole.UserRole + 1


class OutlinePanel(QWidget):
    """Every layer in the order in which it computes, with its wires below it.

    The selection is the canvas's, both ways. Delete removes layers and wires, C wires the first
    of two selected layers to the second, Return opens a layer, F2 goes to its name.
    """

    nodes_chosen = Signal(object)
    """Ids of the selected nodes, a tuple in the order in which they were selected."""
    delete_requested = Signal(object)
    """Tuple of the wires that are to be deleted; empty for the selected nodes."""
    connect_requested = Signal()
    """The first of two selected nodes is to be wired to the second."""
    open_requested = Signal(str)
    """Id of the node whose operations are wanted."""
    rename_requested = Signal(str)
    """Id of the node whose name is to be changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: list[str] = []
        self.hint = QLabel(
            self.tr("Del: delete · C: wire first to second · Return: open · F2: rename")
        )
        self.hint.setWordWrap(True)
        theme.set_role(self.hint, "muted")
        self.tree = _Tree(self)
        self.tree.setAccessibleName(self.tr("Outline of the network"))
        self.tree.setHeaderLabels([self.tr("Layer"), self.tr("Output"), self.tr("Learns")])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.itemSelectionChanged.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.hint)

    def set_network(self, analysis: Analysis) -> None:
        """Show another network; what was selected and open stays so where it is still there."""
        network = analysis.network
        found, _ = graph.order(network)
        rank = {node: place for place, node in enumerate(found)}
        nodes = sorted(network.nodes, key=lambda n: rank.get(n.id, len(rank)))
        failing = {d.node: d.text for d in reversed(analysis.diagnostics) if d.node is not None}
        chosen = set(self.selected())
        wires: dict[str, list[Wire]] = {}
        for wire in network.wires:
            wires.setdefault(wire.source, []).append(wire)
            wires.setdefault(wire.target, []).append(wire)
        open_ = {item.data(0, _NODE) for item in self._items() if item.isExpanded()}
        current = self.tree.currentItem()
        at = None if current is None else current.data(0, _NODE)
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for node in nodes:
                shape = analysis.shapes.get(node.id)
                count = analysis.parameters.get(node.id, 0)
                item = QTreeWidgetItem(
                    [
                        f"{node.name}  ({node.spec.info.title})",
                        "" if shape is None else format_shape(shape),
                        f"{count:,}" if count else "",
                    ]
                )
                item.setData(0, _NODE, node.id)
                if node.id in failing:
                    item.setForeground(0, theme.current().color("error"))
                    item.setToolTip(0, failing[node.id])
                    item.setText(0, f"⚠ {item.text(0)}")
                self._add_wires(item, node.id, wires.get(node.id, []), analysis)
                self.tree.addTopLevelItem(item)
                item.setExpanded(node.id in open_)
                item.setSelected(node.id in chosen)
                if node.id == at:
                    self.tree.setCurrentItem(item)

    def select(self, nodes: tuple[str, ...]) -> None:
        """Select these nodes, and tell nobody."""
        self._order = list(nodes)
        with QSignalBlocker(self.tree):
            for item in self._items():
                wanted = item.data(0, _NODE) in nodes
                if wanted != item.isSelected():
                    item.setSelected(wanted)
            # A wire that was selected here is none of the canvas's selected nodes.
            for item in self.tree.selectedItems() if nodes else []:
                if item.data(0, _WIRE) is not None:
                    item.setSelected(False)

    def selected(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        now = [
            item.data(0, _NODE) for item in self.tree.selectedItems() if item.data(0, _WIRE) is None
        ]
        self._order = [n for n in self._order if n in now]
        self._order += [n for n in now if n not in self._order]
        return tuple(self._order)

    def wires(self) -> tuple[Wire, ...]:
        """The selected wires."""
        found = (item.data(0, _WIRE) for item in self.tree.selectedItems())
        return tuple(wire for wire in found if wire is not None)

    def _items(self) -> list[QTreeWidgetItem]:
        """The items of the nodes."""
        found = (self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _add_wires(
        self, item: QTreeWidgetItem, node: str, wires: list[Wire], analysis: Analysis
    ) -> None:
        network = analysis.network
        ports = network.node(node).spec.ports
        for wire in wires:
            if wire.target == node:
                port = ports[wire.port] if len(ports) > 1 and wire.port < len(ports) else ""
                text = self.tr("from {name}").format(name=network.node(wire.source).name)
                text += f"  → {port}" if port else ""
            else:
                text = self.tr("to {name}").format(name=network.node(wire.target).name)
            child = QTreeWidgetItem([text])
            child.setData(0, _NODE, node)
            child.setData(0, _WIRE, wire)
            item.addChild(child)

    def _tell(self) -> None:
        self.nodes_chosen.emit(self.selected())


class _Tree(QTreeWidget):
    def __init__(self, owner: OutlinePanel) -> None:
        super().__init__()
        self._owner = owner

    def event(self, event: QEvent) -> bool:
        # These keys belong to actions of the window, which would take them first.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and not event.modifiers()
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_C)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        owner, item = self._owner, self.currentItem()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = event.key()
        if plain and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            owner.delete_requested.emit(owner.wires())
        elif plain and key == Qt.Key.Key_C:
            owner.connect_requested.emit()
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            owner.open_requested.emit(item.data(0, _NODE))
        elif plain and key == Qt.Key.Key_F2 and item is not None:
            owner.rename_requested.emit(item.data(0, _NODE))
        else:
            super().keyPressEvent(event)
