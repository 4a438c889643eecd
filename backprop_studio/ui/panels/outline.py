"""The outline: the canvas as a tree, for the keyboard and for screen readers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
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
from backprop_studio.network import Analysis, Network, Wire, graph
from backprop_studio.ui import theme

_NODE = Qt.ItemDataRole.UserRole
_WIRE = Qt.ItemDataRole.UserRole + 1
_FOR_SHAPES, _FOR_COUNTS = 24, 34
"""Letters that fit in a row where there is room for the second and for the third column."""


class OutlinePanel(QWidget):
    """Every layer in the order in which it computes, with its wires below it, and the notes.

    A group has its members below it. The selection is the canvas's, both ways. Delete removes what
    is selected, C wires the first of two selected layers to the second, Return opens a layer and
    folds a group or unfolds it, F2 goes to a name.
    """

    nodes_chosen = Signal(object)
    """Ids of the selected nodes, a tuple in the order in which they were selected."""
    delete_requested = Signal(object, object)
    """Tuple of the wires that are to be deleted; if it is empty, the tuple of parts that are."""
    connect_requested = Signal(object)
    """The first of these parts is to be wired to the second."""
    open_requested = Signal(str)
    """Id of the node whose operations are wanted, or of the group that is to be folded."""
    rename_requested = Signal(str)
    """Id of the node or group whose name is to be changed, or of the note."""
    menu_requested = Signal(QPoint)
    """The menu of what is selected is wanted at this point of the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: list[str] = []
        self._telling = False
        self.hint = QLabel(
            self.tr(
                "Del: delete · C: wire first to second · Return: open · F2: rename · Menu key: more"
            )
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
        known = {item.data(0, _NODE) for item in self._items()}
        open_ = {item.data(0, _NODE) for item in self._items() if item.isExpanded()}
        current = self.tree.currentItem()
        at = None if current is None else current.data(0, _NODE)
        with QSignalBlocker(self.tree):
            self.tree.clear()
            groups = self._add_groups(network)
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
                self._put(item, groups.get(network.holders.get(node.id, "")))
            for note in network.notes:
                words = " ".join(note.text.split())[:80] or self.tr("empty")
                item = QTreeWidgetItem([self.tr("Note: {text}").format(text=words)])
                item.setData(0, _NODE, note.id)
                self._put(item, groups.get(network.holders.get(note.id, "")))
            for item in self._items():
                key = item.data(0, _NODE)
                item.setExpanded(key in open_ or (key in groups and key not in known))
                item.setSelected(key in chosen)
                if key == at:
                    self.tree.setCurrentItem(item)

    def _add_groups(self, network: Network) -> dict[str, QTreeWidgetItem]:
        """An item for each group, in the one of the group that holds it."""
        made = {}
        for group in network.groups:
            folded = self.tr("folded") if group.collapsed else self.tr("open")
            text = self.tr("{name}  (group, {state})").format(name=group.name, state=folded)
            item = made[group.id] = QTreeWidgetItem([text])
            item.setData(0, _NODE, group.id)
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
        for key, item in made.items():
            self._put(item, made.get(network.holders.get(key, "")))
        return made

    def _put(self, item: QTreeWidgetItem, holder: QTreeWidgetItem | None) -> None:
        if holder is None:
            self.tree.addTopLevelItem(item)
        else:
            holder.addChild(item)

    def select_marks(self, marks: tuple[str, ...]) -> None:
        """Select these notes and groups besides the nodes, and tell nobody."""
        if self._telling:
            return
        with QSignalBlocker(self.tree):
            for item in self._items():
                if item.data(0, _NODE) in marks:
                    item.setSelected(True)

    def select(self, nodes: tuple[str, ...]) -> None:
        """Select these nodes, and tell nobody."""
        if self._telling:
            return
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
        """The items of nodes, groups and notes, without those of wires."""
        found, waiting = [], [self.tree.invisibleRootItem()]
        while waiting:
            inside = waiting.pop()
            below = [inside.child(row) for row in range(inside.childCount())]
            parts = [i for i in below if i is not None and i.data(0, _WIRE) is None]
            found += parts
            waiting += parts
        return found

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
        # What the canvas answers is about what it shows; here a layer in a block is shown as well.
        self._telling = True
        try:
            self.nodes_chosen.emit(self.selected())
        finally:
            self._telling = False


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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The names come first: where there is no room beside them, the other columns go.
        letters = event.size().width() // max(self.fontMetrics().averageCharWidth(), 1)
        self.setColumnHidden(1, letters < _FOR_SHAPES)
        self.setColumnHidden(2, letters < _FOR_COUNTS)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self._ask_for_menu()
        else:
            self._owner.menu_requested.emit(at)
        event.accept()

    def _ask_for_menu(self) -> None:
        rect = self.visualRect(self.currentIndex())
        inside = rect.intersected(self.viewport().rect()).center()
        self._owner.menu_requested.emit(self.viewport().mapToGlobal(inside))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        owner, item = self._owner, self.currentItem()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = event.key()
        if plain and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            owner.delete_requested.emit(owner.wires(), owner.selected())
        elif plain and key == Qt.Key.Key_C:
            owner.connect_requested.emit(owner.selected())
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            owner.open_requested.emit(item.data(0, _NODE))
        elif plain and key == Qt.Key.Key_F2 and item is not None:
            owner.rename_requested.emit(item.data(0, _NODE))
        elif key == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self._ask_for_menu()
        else:
            super().keyPressEvent(event)
