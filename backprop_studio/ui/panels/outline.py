"""The outline: the canvas as a tree, for the keyboard and for screen readers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent, QShowEvent
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
from backprop_studio.network import Analysis, Network, Wire
from backprop_studio.ui import differences, theme
from backprop_studio.ui.widgets.tint import TINT, TintDelegate
from backprop_studio.ui.words import plain

_NODE = Qt.ItemDataRole.UserRole
_WIRE = Qt.ItemDataRole.UserRole + 1
_FOR_SHAPES, _FOR_COUNTS = 24, 34
"""Letters that fit in a row where there is room for the second and for the third column."""


@dataclass(frozen=True)
class _Row:
    """What is said of a node: name, output and numbers learned; a problem; and its wires."""

    texts: tuple[str, str, str]
    problem: str
    wires: tuple[tuple[str, Wire], ...]


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
        self._analysis: Analysis | None = None
        self._rows: dict[str, _Row] = {}
        # Those of nodes, groups and notes, without those of wires.
        self._items: dict[str, QTreeWidgetItem] = {}
        self._order_shown: list[str] = []
        self._telling = False
        # What is to be shown once it is seen.
        self._waiting: Analysis | None = None
        self._missed: tuple[str, ...] | None = None
        self._missed_marks: tuple[str, ...] = ()
        self.hint = QLabel(
            self.tr(
                "Del: delete · C: wire first to second · Return: open · F2: rename · Menu key: more"
            )
        )
        self.hint.setWordWrap(True)
        theme.set_role(self.hint, "muted")
        self.tree = _Tree(self)
        self.tree.setItemDelegateForColumn(0, TintDelegate(self.tree))
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
        self._waiting = analysis
        if self.isVisible():
            self._catch_up()

    def showEvent(self, event: QShowEvent) -> None:
        self._catch_up()
        super().showEvent(event)

    def _catch_up(self) -> None:
        """Show what has come while it was hidden: of a large network, that takes a while."""
        if self._waiting is not None:
            analysis, self._waiting = self._waiting, None
            self._show(analysis)
            if self._missed is not None:
                nodes, self._missed = self._missed, None
                self.select(nodes)
            self.select_marks(self._missed_marks)
            self._missed_marks = ()

    def _show(self, analysis: Analysis) -> None:
        network, known = analysis.network, self._analysis
        self._analysis = analysis
        with QSignalBlocker(self.tree):
            if network.groups or known is None or known.network.groups:
                self._rows = self._describe(analysis, [n.id for n in network.nodes])
                self._build(network)
            else:
                changed = differences.outlined(known, analysis)
                before = {n.id: self._rows[n.id] for n in network.nodes if n.id in self._rows}
                rows = self._describe(analysis, changed)
                self._rows = before | rows
                for key in [key for key in rows if before.get(key) != rows[key]]:
                    if key in self._items:
                        self._fill(self._items[key], key, before.get(key))
                self._keep_up(network)

    def _describe(self, analysis: Analysis, nodes: Collection[str]) -> dict[str, _Row]:
        """What is said of some nodes."""
        network = analysis.network
        failing = {d.node: d.text for d in reversed(analysis.diagnostics) if d.node is not None}
        rows = {}
        for key in nodes:
            node, shape = network.node(key), analysis.shapes.get(key)
            count = analysis.parameters.get(key, 0)
            texts = (
                f"{node.name}  ({node.spec.info.title})",
                "" if shape is None else format_shape(shape),
                f"{count:,}" if count else "",
            )
            joined = (*network.incoming(key).values(), *network.outgoing(key))
            wires = tuple((self._wire_text(network, key, wire), wire) for wire in joined)
            rows[key] = _Row(texts, failing.get(key, ""), wires)
        return rows

    def _wire_text(self, network: Network, node: str, wire: Wire) -> str:
        if wire.target != node:
            return self.tr("to {name}").format(name=network.node(wire.target).name)
        ports = network.node(node).spec.ports
        port = ports[wire.port] if len(ports) > 1 and wire.port < len(ports) else ""
        text = self.tr("from {name}").format(name=network.node(wire.source).name)
        return f"{text}  → {port}" if port else text

    def _build(self, network: Network) -> None:
        """Make the tree anew."""
        chosen, open_ = set(self.selected()), self._open()
        known = self._items.keys()
        current = self.tree.currentItem()
        at = None if current is None else current.data(0, _NODE)
        self.tree.clear()
        groups = self._add_groups(network)
        items = dict(groups)
        for key in self._in_order(network):
            items[key] = self._make(network, key)
            self._put(items[key], groups.get(network.holders.get(key, "")))
        for key, item in items.items():
            item.setExpanded(key in open_ or (key in groups and key not in known))
            item.setSelected(key in chosen)
            if key == at:
                self.tree.setCurrentItem(item)
        self._items = items
        self._order_shown = [key for key in items if key not in groups]

    def _keep_up(self, network: Network) -> None:
        """Move only what stands elsewhere in a tree without groups: it may be long."""
        for note in network.notes:
            if note.id in self._items:
                self._items[note.id].setText(0, self._note_text(note.text))
        before, after = self._order_shown, self._in_order(network)
        if before == after:
            return
        first = next(
            (k for k, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
            min(len(before), len(after)),
        )
        tail = next(
            (
                k
                for k in range(min(len(before), len(after)) - first)
                if before[-1 - k] != after[-1 - k]
            ),
            min(len(before), len(after)) - first,
        )
        chosen, open_ = set(self.selected()), self._open()
        current = self.tree.currentItem()
        at = None if current is None else current.data(0, _NODE)
        taken = {}
        for place in range(len(before) - tail - 1, first - 1, -1):
            item = self.tree.takeTopLevelItem(place)
            if item is not None:
                taken[before[place]] = item
            del self._items[before[place]]
        come = {
            key: taken.get(key) or self._make(network, key)
            for key in after[first : len(after) - tail]
        }
        self.tree.insertTopLevelItems(first, list(come.values()))
        self._items |= come
        for key, item in come.items():
            item.setExpanded(key in open_)
            item.setSelected(key in chosen)
            if key == at:
                self.tree.setCurrentItem(item)
        self._order_shown = after

    def _in_order(self, network: Network) -> list[str]:
        """Ids of the nodes as they compute, and of the notes."""
        found = network.wiring.order
        rank = {node: place for place, node in enumerate(found)}
        nodes = sorted((n.id for n in network.nodes), key=lambda n: rank.get(n, len(rank)))
        return [*nodes, *(note.id for note in network.notes)]

    def _open(self) -> set[str]:
        return {key for key, item in self._items.items() if item.isExpanded()}

    def _note_text(self, text: str) -> str:
        words = " ".join(text.split())[:80] or self.tr("empty")
        return self.tr("Note: {text}").format(text=words)

    def _make(self, network: Network, key: str) -> QTreeWidgetItem:
        """The item of a node or note."""
        item = QTreeWidgetItem()
        item.setData(0, _NODE, key)
        if key in network:
            self._fill(item, key, None)
        else:
            item.setText(0, self._note_text(getattr(network.marks[key], "text", "")))
        return item

    def _fill(self, item: QTreeWidgetItem, key: str, before: _Row | None) -> None:
        """Write what is said of a node and of its wires, where that is not there yet."""
        row = self._rows[key]
        for column, text in enumerate(row.texts):
            if column == 0 and row.problem:
                text = f"⚠ {text}"
            if before is None or item.text(column) != text:
                item.setText(column, text)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, self._spoken(row))
        if row.problem != ("" if before is None else before.problem):
            item.setToolTip(0, plain(row.problem))
            item.setData(0, TINT, "error" if row.problem else "")
        if row.wires == (() if before is None else before.wires):
            return
        item.takeChildren()
        for text, wire in row.wires:
            child = QTreeWidgetItem([text])
            child.setData(0, _NODE, key)
            child.setData(0, _WIRE, wire)
            item.addChild(child)

    def _spoken(self, row: _Row) -> str:
        """All of a row for a screen reader: only what stands in the first column is read."""
        name, shape, count = row.texts
        parts = (
            name,
            self.tr("problem: {text}").format(text=row.problem) if row.problem else "",
            self.tr("output {shape}").format(shape=shape) if shape else "",
            self.tr("learns {count} numbers").format(count=count) if count else "",
        )
        return "; ".join(filter(None, parts))

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
        if self._waiting is not None:
            self._missed_marks = marks
            return
        self._mark([*self.tree.selectedItems(), *self._known(marks)])

    def select(self, nodes: tuple[str, ...]) -> None:
        """Select these nodes, and tell nobody."""
        if self._telling:
            return
        if self._waiting is not None:
            self._missed, self._missed_marks = nodes, ()
            return
        self._order = list(nodes)
        wanted = set(nodes)
        # A wire that was selected here is none of the canvas's selected nodes.
        stay = [
            item
            for item in self.tree.selectedItems()
            if (item.data(0, _NODE) in wanted if item.data(0, _WIRE) is None else not nodes)
        ]
        self._mark([*stay, *self._known(nodes)])

    def _known(self, keys: Iterable[str]) -> list[QTreeWidgetItem]:
        return [self._items[key] for key in keys if key in self._items]

    def _mark(self, items: Iterable[QTreeWidgetItem]) -> None:
        """Select these items and nothing else, at one go: Qt goes over all rows for each call."""
        rows: dict[QModelIndex, list[int]] = {}
        for item in items:
            index = self.tree.indexFromItem(item)
            rows.setdefault(index.parent(), []).append(index.row())
        model, last = self.tree.model(), self.tree.columnCount() - 1
        chosen = QItemSelection()
        for parent, found in rows.items():
            for first, end in _runs(found):
                chosen.select(model.index(first, 0, parent), model.index(end, last, parent))
        with QSignalBlocker(self.tree):
            self.tree.selectionModel().select(
                chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def selected(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        now = [
            item.data(0, _NODE) for item in self.tree.selectedItems() if item.data(0, _WIRE) is None
        ]
        there = set(now)
        kept = [n for n in self._order if n in there]
        self._order = list(dict.fromkeys([*kept, *now]))
        return tuple(self._order)

    def wires(self) -> tuple[Wire, ...]:
        """The selected wires."""
        found = (item.data(0, _WIRE) for item in self.tree.selectedItems())
        return tuple(wire for wire in found if wire is not None)

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


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """First and last row of each stretch of rows without a gap."""
    runs: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if runs and row == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs
