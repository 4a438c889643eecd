"""The program of a training step, like the source listing of a debugger."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Array
from backprop_studio.insight.extremes import extremes
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot
from backprop_studio.ui import text_size, theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.models.program_model import (
    Column,
    Moment,
    ProgramFilter,
    ProgramModel,
    ProgramRole,
)
from backprop_studio.ui.widgets.phase_strip import phase_color

Index = QModelIndex | QPersistentModelIndex

_GUTTER = 34
_WIDTHS = {Column.SHAPE: 74, Column.RESULT: 146, Column.COST: 62}
_ROOM = {Column.RESULT: 400, Column.SHAPE: 480, Column.COST: 560}
"""Widths from which a column is shown; the tooltip of a row always tells all."""


class ProgramPanel(QWidget):
    """All instructions of a training step, the one that runs next marked.

    What is not computed yet in this iteration is grey. A narrow panel leaves out columns, whose
    contents the tooltips still tell. While it is hidden, it computes nothing.

    Parameters
    ----------
    ask
        Asks the worker for the ranges of the results; without it, those that a snapshot brings
        are shown.

    Signals
    -------
    breakpoint_toggled(index)
        Set or remove the breakpoint before an instruction. The dot follows `set_breakpoints`.
    run_to_requested(index)
        Run until the first `index` instructions of the iteration are done.
    instruction_selected(index), node_selected(node_id)
        The user went to an instruction, and so to its layer, or to the layer itself.
    number_chosen(value, entry)
        The first entry of an instruction's result is to be explained.
    """

    breakpoint_toggled = Signal(int)
    run_to_requested = Signal(int)
    instruction_selected = Signal(int)
    node_selected = Signal(str)
    number_chosen = Signal(int, object)

    def __init__(self, ask: Ask | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A listing without its ranges is better than a message in its place.
        self._enquiry = None if ask is None else Enquiry(ask, lambda _: None)
        self._ranges: tuple[object, dict[int, Array]] = (None, {})
        self._asked: object = None
        self._analysis: Analysis | None = None
        self._snapshot: Snapshot | None = None
        self._node: str | None = None
        self._stale = False
        self._scrolled_to: int | None = None
        self._quiet = False
        self.model = ProgramModel(self)
        self._shown = ProgramFilter(self.model, self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Filter instructions"))
        self.search.setAccessibleName(self.tr("Filter instructions"))
        self.search.setToolTip(
            self.tr("Show the instructions with these words in their text, layer or phase")
        )
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.view = _View()
        self.view.setModel(self._shown)
        self.view.setAccessibleName(self.tr("Program of a training step"))
        self.view.setAccessibleDescription(
            self.tr(
                "B sets or removes a breakpoint, Return runs to the instruction, E explains "
                "its result."
            )
        )
        self.view.arrange()
        self.view.clicked.connect(self._click)
        self.view.toggle_pressed.connect(self._toggle)
        self.view.run_pressed.connect(self._run_to)
        self.view.copy_pressed.connect(self.copy)
        self.view.explain_pressed.connect(self._explain)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._tell)
        self.empty = QLabel()
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMargin(12)
        theme.set_role(self.empty, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.view, 1)
        self._show_program()

    def set_network(self, analysis: Analysis) -> None:
        """Show the program of another network."""
        self._analysis = analysis
        self._asked = None
        if self._enquiry is not None:
            self._enquiry.reset()
        self._stale = True
        if self.isVisible():
            self._catch_up()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Mark the instruction that runs next, and show what is computed."""
        self._snapshot = snapshot
        if self.isVisible():
            self._show_moment()

    def set_breakpoints(self, breakpoints: frozenset[int]) -> None:
        """Show breakpoints before these instructions."""
        self.model.set_breakpoints(breakpoints)

    def select_node(self, node: str) -> None:
        """Select a node's first instruction in the current phase, and tell nobody.

        An instruction of that node that is selected already stays selected. An empty id, or a
        node without instructions, leaves nothing selected.
        """
        self._node = node
        if self.isVisible():
            self._select()

    def select_instruction(self, index: int) -> None:
        """Select one instruction, and scroll to it."""
        row = self._shown.mapFromSource(self.model.instruction_index(index, Column.TEXT))
        self.view.setCurrentIndex(row)
        self._reveal(row)

    def selected(self) -> int | None:
        """Index of the selected instruction."""
        instruction: int | None = self.view.currentIndex().data(ProgramRole.INSTRUCTION)
        return instruction

    def listing(self) -> str:
        """The listing as it is filtered, as text with aligned columns."""
        rows = list(self._lines(QModelIndex(), 0))
        widths = [max((len(row[c]) for row in rows), default=0) for c in Column]
        lines = []
        for mark, text, *numbers in rows:
            cells = [mark.ljust(widths[0]), text.ljust(widths[1])]
            cells += [n.rjust(w) for n, w in zip(numbers, widths[2:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def copy(self) -> None:
        """Put the listing on the clipboard."""
        QGuiApplication.clipboard().setText(self.listing())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "view"):
            self.view.viewport().update()

    def _catch_up(self) -> None:
        """Show what came while the panel was hidden."""
        if self._stale:
            self._stale = False
            self._show_program()
        self._show_moment()
        if self._node is not None:
            self._select()

    def _show_program(self) -> None:
        analysis = self._analysis
        lowered = None if analysis is None else analysis.lowered
        if analysis is not None:
            self._quiet = True
            self.model.set_program(analysis.network, None if lowered is None else lowered.program)
            self._quiet = False
        self.view.setVisible(lowered is not None)
        self.search.setVisible(lowered is not None)
        self.empty.setVisible(lowered is None)
        problem = analysis.errors[0].text if analysis is not None and analysis.errors else ""
        self.empty.setText(
            problem
            or self.tr(
                "The instructions of a training step appear here. Complete the network: an "
                "Input, layers, a loss at the end, and a data set."
            )
        )

    def _show_moment(self) -> None:
        snapshot, moment = self._snapshot, Moment()
        if snapshot is not None and snapshot.cursor is not None:
            # The last batch of an epoch may be smaller: nobody sees it pass.
            passing = snapshot.at_speed and self.model.moment.batch
            moment = Moment(batch=passing or snapshot.batch_size)
            total = len(self.model.instructions)
            if not snapshot.at_speed and 0 <= snapshot.cursor.index <= total and total:
                done = snapshot.cursor.index
                # At the end of an iteration, the first instruction of the next one is next.
                known = {**self._know(snapshot), **snapshot.arrays}
                moment = Moment(done % total, done, snapshot.batch_size, known)
        self.model.set_moment(moment)
        # Only when the mark moves, so that a look elsewhere is not undone by every message.
        if moment.current != self._scrolled_to:
            self._scrolled_to = moment.current
            if moment.current is not None:
                index = self.model.instruction_index(moment.current, Column.TEXT)
                self._reveal(self._shown.mapFromSource(index))

    def _know(self, snapshot: Snapshot) -> dict[int, Array]:
        """The ranges of this very moment, as far as they are known; they are asked for if not."""
        moment = (snapshot.revision, snapshot.branch, snapshot.cursor, snapshot.edited)
        if self._ranges[0] == moment:
            return self._ranges[1]
        if self._enquiry is not None and self._asked != moment:
            self._asked = moment
            self._enquiry.put(extremes, partial(self._take, moment))
        return {}

    def _take(self, moment: object, ranges: dict[int, Array]) -> None:
        self._ranges = moment, ranges
        if self.isVisible():
            self._show_moment()

    def _reveal(self, index: QModelIndex) -> None:
        """Scroll down or up to a row, and not sideways."""
        if index.isValid():
            self.view.scrollTo(index.siblingAtColumn(Column.BREAKPOINT))

    def _select(self) -> None:
        if self.view.currentIndex().data(ProgramRole.NODE) == self._node:
            return
        first = self.model.first_of(self._node) if self._node else None
        self._quiet = True
        if first is None:
            self.view.setCurrentIndex(QModelIndex())
        else:
            source = self.model.instruction_index(first, Column.TEXT)
            self.view.setCurrentIndex(self._shown.mapFromSource(source))
        self._quiet = False

    def _filter(self, text: str) -> None:
        # A selected row that is filtered out hands the selection on: nobody chose the other one.
        self._quiet = True
        self._shown.set_search(text)
        self._quiet = False
        self.view.expandAll()

    def _tell(self, index: QModelIndex) -> None:
        if self._quiet or not index.isValid():
            return
        instruction, node = index.data(ProgramRole.INSTRUCTION), index.data(ProgramRole.NODE)
        self._node = node
        if instruction is not None:
            self.instruction_selected.emit(instruction)
        # Values of the whole program, such as the learning rate, are no layer's.
        if self._analysis is not None and node in self._analysis.network:
            self.node_selected.emit(node)

    def _click(self, index: QModelIndex) -> None:
        if index.column() == Column.BREAKPOINT:
            self._toggle()

    def _toggle(self) -> None:
        instruction = self.selected()
        if instruction is not None:
            self.breakpoint_toggled.emit(instruction)

    def _run_to(self) -> None:
        instruction = self.selected()
        if instruction is not None:
            self.run_to_requested.emit(instruction)

    def _explain(self) -> None:
        instruction = self.selected()
        lowered = None if self._analysis is None else self._analysis.lowered
        if instruction is not None and lowered is not None:
            value = lowered.program.values[lowered.program.instructions[instruction].outputs[0]]
            self.number_chosen.emit(value.id, (0,) * len(value.shape))

    def menu(self) -> QMenu:
        """The context menu of the selected row."""
        menu = QMenu(self.view)
        chosen = self.selected()
        marked = chosen in self.model.breakpoints
        toggle = menu.addAction(
            self.tr("Remove Breakpoint") if marked else self.tr("Set Breakpoint"), self._toggle
        )
        toggle.setShortcut(QKeySequence(Qt.Key.Key_B))
        run = menu.addAction(self.tr("Run to Here"), self._run_to)
        run.setShortcut(QKeySequence(Qt.Key.Key_Return))
        explain = menu.addAction(self.tr("Explain Its Result"), self._explain)
        explain.setShortcut(QKeySequence(Qt.Key.Key_E))
        for action in (toggle, run, explain):
            action.setEnabled(chosen is not None)
        menu.addSeparator()
        copy = menu.addAction(self.tr("Copy Listing as Text"), self.copy)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addSeparator()
        menu.addAction(self.tr("Expand All"), self.view.expandAll)
        menu.addAction(self.tr("Collapse to Layers"), lambda: self.view.expandToDepth(0))
        for action in menu.actions():
            action.setShortcutVisibleInContextMenu(True)
        return menu

    def _open_menu(self, at: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _lines(self, parent: QModelIndex, depth: int) -> Iterator[list[str]]:
        for row in range(self._shown.rowCount(parent)):
            index = self._shown.index(row, 0, parent)
            texts = [str(index.siblingAtColumn(c).data()) for c in Column]
            if index.data(ProgramRole.INSTRUCTION) is not None:
                dot = "\N{BLACK CIRCLE}" if index.data(ProgramRole.BREAKPOINT) else " "
                arrow = "\N{RIGHTWARDS ARROW}" if index.data(ProgramRole.CURRENT) else " "
                texts[Column.BREAKPOINT] = dot + arrow
            texts[Column.TEXT] = "  " * depth + texts[Column.TEXT]
            yield texts
            yield from self._lines(index, depth + 1)


class _View(QTreeView):
    """The tree. Letters are commands here, not a search for a row."""

    toggle_pressed = Signal()
    run_pressed = Signal()
    copy_pressed = Signal()
    explain_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setTreePosition(Column.TEXT)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegateForColumn(Column.BREAKPOINT, _Gutter(self))

    def arrange(self) -> None:
        """Give the columns their widths, once there is a model."""
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(_GUTTER)
        header.setSectionResizeMode(Column.BREAKPOINT, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.TEXT, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(Column.BREAKPOINT, _GUTTER)
        self._fit_columns()
        model = self.model()
        assert model is not None
        model.modelReset.connect(self.expandAll)

    def _fit_columns(self) -> None:
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, text_size.scaled(width))
        self._hide_columns()

    def _hide_columns(self) -> None:
        for column, room in _ROOM.items():
            self.setColumnHidden(column, self.width() < text_size.scaled(room))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.model() is not None:
            self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._hide_columns()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._command(event) is not None:
            # These keys mean something of their own here, whatever the window uses them for.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match self._command(event):
            case "toggle":
                self.toggle_pressed.emit()
            case "run":
                self.run_pressed.emit()
            case "copy":
                self.copy_pressed.emit()
            case "explain":
                self.explain_pressed.emit()
            case _:
                super().keyPressEvent(event)

    @staticmethod
    def _command(event: QKeyEvent) -> str | None:
        if event.matches(QKeySequence.StandardKey.Copy):
            return "copy"
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain != Qt.KeyboardModifier.NoModifier:
            return None
        match event.key():
            case Qt.Key.Key_B:
                return "toggle"
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                return "run"
            case Qt.Key.Key_E:
                return "explain"
        return None


class _Gutter(QStyledItemDelegate):
    """Paints the dot of a breakpoint and the arrow of the instruction that runs next.

    A closed layer or phase has a ring for breakpoints in it, and the arrow of its instruction.
    """

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        is_instruction = index.data(ProgramRole.INSTRUCTION) is not None
        view = self.parent()
        opened = (
            isinstance(view, QTreeView)
            and isinstance(index, QModelIndex)
            and view.isExpanded(index)
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = option.rect.center().y() + 0.5
        left = float(option.rect.left())
        if index.data(ProgramRole.BREAKPOINT) and not opened:
            color = theme.current().color("error")
            painter.setPen(QPen(color, 1.5))
            if is_instruction:
                painter.setBrush(color)
            painter.drawEllipse(QRectF(left + 5, middle - 4.5, 9, 9))
        if index.data(ProgramRole.CURRENT) and not opened:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(phase_color(index.data(ProgramRole.PHASE)))
            outline = ((18, -2), (24, -2), (24, -6), (31, 0), (24, 6), (24, 2), (18, 2))
            painter.drawPolygon(QPolygonF([QPointF(left + x, middle + y) for x, y in outline]))
        painter.restore()
