"""Explain this number: its rule, the rule with numbers, and all that it comes from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import KEPT, Program
from backprop_studio.insight.explain import Explanation, How, beginning, explain
from backprop_studio.insight.filling import as_latex, digits
from backprop_studio.insight.local import Factor, Spot, Term
from backprop_studio.insight.parts import parts
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import instruction_name, node_name, value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry, resting_at
from backprop_studio.ui.widgets.formula import FormulaView
from backprop_studio.ui.widgets.menus import open_below
from backprop_studio.ui.widgets.short_edit import ShortEdit

_SPOT = Qt.ItemDataRole.UserRole
_ASKED = Qt.ItemDataRole.UserRole + 1


class ExplanationPanel(QWidget):
    """The derivation of one number, down to data and parameters.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node that the number belongs to."""
    change_requested = Signal(int, object)
    """Id of a value and the entry that another number is to be put into."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._branches = Enquiry(ask, self._say)
        self._network: Network | None = None
        self._program: Program | None = None
        self._spot: Spot | None = None
        self._past: list[Spot] = []
        self._told: Explanation | None = None
        self._moment: object = None
        self._asked: object = None
        self._waiting: list[QTreeWidgetItem] = []

        self.value = QComboBox()
        self.value.setAccessibleName(self.tr("Value"))
        self.value.setToolTip(self.tr("What to explain a number of"))
        self.value.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.value.setMinimumContentsLength(14)
        self.value.activated.connect(self._choose_value)
        self.entry = ShortEdit(7)
        self.entry.setAccessibleName(self.tr("Entry"))
        self.entry.setToolTip(self.tr("Row and column from 0, such as 2, 5; Enter explains it"))
        self.entry.returnPressed.connect(self._choose_entry)
        self.back = QToolButton()
        self.back.setText("←")
        self.back.setToolTip(self.tr("Back to the number before (Backspace)"))
        self.back.setAccessibleName(self.tr("Back to the number before"))
        self.back.clicked.connect(self.go_back)
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.rule = FormulaView()
        self.numbers = FormulaView()
        self.tree = _Tree()
        self.tree.setAccessibleName(self.tr("What the number is made of"))
        self.tree.setToolTip(
            self.tr("Open a row to see what it is made of; double-click or Enter: explain it")
        )
        self.tree.setHeaderLabels([self.tr("Made of"), self.tr("Number")])
        self.tree.itemExpanded.connect(self._open)
        self.tree.itemActivated.connect(self._descend)
        self.tree.back_pressed.connect(self.go_back)
        self.copy = QToolButton()
        self.copy.setText(self.tr("Copy ▾"))
        self.copy.setToolTip(self.tr("Copy the rule with its numbers"))
        menu = QMenu(self.copy)
        menu.addAction(self.tr("As &text"), partial(self._copy, "plain"))
        menu.addAction(self.tr("As &LaTeX"), partial(self._copy, "latex"))
        menu.addAction(self.tr("As &numpy"), partial(self._copy, "numpy"))
        open_below(self.copy, menu)
        self.change = QPushButton(self.tr("Change…"))
        self.change.setToolTip(self.tr("What if it were another? Put a number in by hand"))
        self.change.clicked.connect(self._change)
        self.show_node = QPushButton(self.tr("Show layer"))
        self.show_node.setToolTip(self.tr("Select the layer on the canvas"))
        self.show_node.clicked.connect(self._go)

        top = QHBoxLayout()
        top.addWidget(self.back)
        top.addWidget(self.value, 1)
        top.addWidget(self.entry)
        bottom = QHBoxLayout()
        bottom.addWidget(self.copy)
        bottom.addStretch(1)
        bottom.addWidget(self.show_node)
        bottom.addWidget(self.change)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(top)
        for widget in (self.headline, self.story, self.rule, self.numbers):
            layout.addWidget(widget)
        layout.addWidget(self.tree, 1)
        layout.addLayout(bottom)
        self._clear()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; the number is kept while its program is the same."""
        program = analysis.program
        self._network = analysis.network
        same = program is not None and program == self._program
        self._program = program
        for choice in (self.value, self.entry):
            choice.setEnabled(program is not None)
        with QSignalBlocker(self.value):
            self.value.clear()
            if program is not None:
                for value in program.values:
                    self.value.addItem(value_name(analysis.network, program, value.id), value.id)
            if same and self._spot is not None:
                self._show_choice(self._spot)
        if not same:
            self._enquiry.reset()
            self._branches.reset()
            self._spot, self._past = None, []
            self._clear()
        elif self._told is not None:
            self._show(self._told)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Explain anew when the moment has changed, unless training runs."""
        self._moment = resting_at(snapshot)
        self._refresh()

    def explain(self, value: int, entry: tuple[int, ...]) -> None:
        """Explain a number."""
        self._go_to(Spot(value, entry))

    def _go_to(self, spot: Spot) -> None:
        if self._spot is not None and spot != self._spot:
            self._past.append(self._spot)
        self._ask(spot)

    def go_back(self) -> None:
        """Explain the number that was explained before."""
        if self._past:
            self._ask(self._past.pop())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    # Asking.

    def _refresh(self) -> None:
        stale = self._moment is not None and self._moment != self._asked
        if not self.isVisible() or not stale:
            return
        if self._spot is not None:
            self._ask(self._spot)
        elif not self._enquiry.busy:
            # An empty panel teaches nothing: it begins with what was computed last.
            self._enquiry.put(beginning, self._begin)

    def _show_choice(self, spot: Spot) -> None:
        # What is in between in an operation is no value of its own.
        self.value.setPlaceholderText(self.tr("in between"))
        self.value.setCurrentIndex(self.value.findData(spot.value) if spot.within is None else -1)

    def _begin(self, spot: Spot | None) -> None:
        if spot is not None and self._spot is None:
            self._ask(spot)

    def _ask(self, spot: Spot) -> None:
        self._spot = spot
        self._asked = self._moment
        self.back.setEnabled(bool(self._past))
        with QSignalBlocker(self.value):
            self._show_choice(spot)
        self.entry.setText(", ".join(str(i) for i in spot.entry))
        self._enquiry.put(partial(explain, spot), self._show)

    def _choose_value(self) -> None:
        if self._program is not None:
            value = self._program.values[self.value.currentData()]
            self.explain(value.id, (0,) * len(value.shape))

    def _choose_entry(self) -> None:
        numbers = self.entry.text().replace(",", " ").split()
        if not all(number.isdecimal() for number in numbers):
            self._say(self.tr("type whole numbers from 0, one for each axis, such as 2, 5"))
        elif self._spot is not None:
            self._go_to(replace(self._spot, entry=tuple(int(number) for number in numbers)))
        elif self.value.currentData() is not None:
            self.explain(self.value.currentData(), tuple(int(number) for number in numbers))

    # Showing.

    def _clear(self) -> None:
        self._told = None
        self._waiting = []
        self.tree.clear()
        self.headline.setText(self.tr("<b>Explain any number</b>"))
        self.story.setText(
            self.tr(
                "Choose a value and an entry above, or double-click a number elsewhere: a cell of "
                "the gradients, a row of the credit table."
            )
        )
        self.entry.clear()
        self.value.setPlaceholderText(self.tr("choose a value"))
        for formula in (self.rule, self.numbers):
            formula.hide()
        for widget in (self.copy, self.change, self.show_node, self.back):
            widget.setEnabled(False)

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("This cannot be explained: {reason}").format(reason=reason))

    def _show(self, told: Explanation) -> None:
        if self._program is None:
            return
        self._told = told
        self.headline.setText(f"<b>{self._name(told.spot)}</b> = {digits(told.number)}")
        self.story.setText(self._story(told))
        formula = told.formula
        self.rule.setVisible(formula is not None)
        if formula is not None:
            self.rule.set_formula(formula.latex, formula.plain)
        self.numbers.setVisible(bool(told.latex))
        result = told.number if told.after is None else told.after
        if told.latex:
            self.numbers.set_formula(
                rf"= {told.latex} \quad = {as_latex(result)}", f"= {told.plain} = {digits(result)}"
            )
        self._waiting = []
        self._branches.reset()
        self.tree.clear()
        for item in self._rows(told):
            self.tree.addTopLevelItem(item)
        self.copy.setEnabled(bool(told.plain))
        self.change.setEnabled(told.spot.within is None)
        self.show_node.setEnabled(bool(self._node()))

    def _story(self, told: Explanation) -> str:
        """One or two sentences on what kind of a number it is."""
        count = f"{told.count:,}"
        match told.how:
            case How.DATA:
                text = self.tr("It is read from the data: here the derivation ends.")
            case How.KEPT if told.after is None:
                text = self.tr("Nothing in this iteration changes it: here the derivation ends.")
            case How.KEPT:
                text = self.tr(
                    "The number as this iteration began; the update makes it {after}."
                ).format(after=digits(told.after or 0.0))
            case How.CHAIN if not told.terms:
                text = self.tr(
                    "A gradient of 0: every local derivative from here on is 0, so no error "
                    "signal comes through."
                )
            case How.CHAIN if told.count == 1:
                text = self.tr(
                    "A gradient: upstream × local = downstream. It reaches one number directly."
                )
            case How.CHAIN:
                text = self.tr(
                    "A gradient: upstream × local = downstream, summed over the {count} numbers "
                    "that it reaches directly."
                ).format(count=count)
            case How.SUM:
                text = self.tr("A sum of {count} products.").format(count=count)
            case How.RULE:
                text = "" if told.formula is None else told.formula.says
            case How.INFLUENCE if told.terms:
                text = self.tr(
                    "Made of {count} numbers at once. Beside each: how much the result changes "
                    "for a change of it, its local derivative."
                ).format(count=count)
            case _:
                text = "" if told.formula is None else told.formula.says
        if told.example is not None:
            belongs = self.tr("Row {row} of the batch is example {example} of the data.")
            if told.only:
                belongs = self.tr("The data have this one example only.")
            text += " " + belongs.format(row=told.spot.entry[0], example=f"{told.example:,}")
        if told.instruction is not None and self._program is not None and self._network is not None:
            instr = self._program.instructions[told.instruction]
            name = instruction_name(self._network, instr)
            text += " " + self.tr("Instruction {number}: {name}.").format(
                number=told.instruction + 1, name=name
            )
        return text.strip()

    def _rows(self, told: Explanation) -> list[QTreeWidgetItem]:
        rows = [self._term(told, term) for term in told.terms]
        left = told.count - len(told.terms)
        if left:
            text = self.tr("the other {left:,} together").format(left=left)
            amount = "" if told.how is How.INFLUENCE else digits(told.rest)
            rows.append(QTreeWidgetItem([text, amount]))
        return rows

    def _term(self, told: Explanation, term: Term) -> QTreeWidgetItem:
        if len(term.factors) == 1:
            return self._factor(term.factors[0])
        if told.how is How.INFLUENCE:
            item = self._factor(term.factors[0])
            item.setText(1, f"{digits(term.factors[0].number)}   ∂ {digits(term.amount)}")
            return item
        product = " × ".join(digits(factor.number) for factor in term.factors)
        item = QTreeWidgetItem([product, digits(term.amount)])
        for factor in term.factors:
            item.addChild(self._factor(factor))
        return item

    def _factor(self, factor: Factor) -> QTreeWidgetItem:
        words = {"upstream": self.tr("upstream"), "local": self.tr("local derivative")}
        name = words.get(factor.symbol, factor.symbol)
        if factor.spot is not None:
            name = f"{name}: {self._name(factor.spot)}"
        item = QTreeWidgetItem([name, digits(factor.number)])
        item.setToolTip(0, name)
        item.setData(0, _SPOT, factor.spot)
        if factor.spot is not None:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        return item

    def _name(self, spot: Spot) -> str:
        if self._network is None or self._program is None:
            return ""
        name = self._value_name(spot)
        return f"{name} [{', '.join(str(i) for i in spot.entry)}]" if spot.entry else name

    def _value_name(self, spot: Spot) -> str:
        assert self._network is not None and self._program is not None
        if spot.within is None:
            return value_name(self._network, self._program, spot.value)
        whole, small = self._program.instructions[spot.within], parts(self._program, spot.within)
        assert small is not None
        part = small.program.instructions[small.program.producer[spot.value]]
        name = f"{node_name(self._network, whole.node)}: {part.op.name.replace('_', ' ')}"
        step = part.node.removeprefix(whole.node).strip()
        return f"{name}, {step}" if step else name

    # The tree.

    def _open(self, item: QTreeWidgetItem) -> None:
        """Ask for what a row is made of when it is opened for the first time."""
        if item.data(0, _SPOT) is None or item.data(0, _ASKED):
            return
        item.setData(0, _ASKED, True)
        self._waiting.append(item)
        if len(self._waiting) == 1:
            self._ask_next()

    def _ask_next(self) -> None:
        self._branches.put(partial(explain, self._waiting[0].data(0, _SPOT)), self._grow)

    def _grow(self, told: Explanation) -> None:
        item = self._waiting.pop(0)
        rows = self._rows(told)
        if told.how in (How.DATA, How.KEPT):
            ends = {How.DATA: self.tr("from the data"), How.KEPT: self.tr("a kept number")}
            rows = [QTreeWidgetItem([ends[told.how], ""])]
        elif not rows:
            rows = [QTreeWidgetItem([self._story(told), ""])]
            rows[0].setToolTip(0, rows[0].text(0))
        item.addChildren(rows)
        if self._waiting:
            self._ask_next()

    def _descend(self, item: QTreeWidgetItem) -> None:
        spot = item.data(0, _SPOT)
        if spot is not None:
            self._go_to(spot)
        else:
            item.setExpanded(not item.isExpanded())

    # Buttons.

    def _copy(self, notation: str) -> None:
        told = self._told
        if told is None:
            return
        result = told.number if told.after is None else told.after
        text: str = getattr(told, notation)
        if notation == "plain":
            text = f"{self._name(told.spot)} = {text} = {digits(result)}"
        elif notation == "latex":
            text = f"{text} = {as_latex(result)}"
        elif text:
            text = f"{text}  # {result!r}"
        else:
            text = f"{result!r}"
        QApplication.clipboard().setText(text)

    def _change(self) -> None:
        if self._spot is not None:
            self.change_requested.emit(self._spot.value, self._spot.entry)

    def _node(self) -> str:
        """The node on the canvas that the number belongs to; empty for the optimizer's."""
        if self._network is None or self._program is None or self._spot is None:
            return ""
        if self._spot.within is not None:
            return self._program.instructions[self._spot.within].node
        value = self._program.values[self._spot.value]
        if value.role in KEPT:
            owner = value.of[0] if value.of else value.node
            sharing = self._network.sharing(owner)
            return sharing[0].id if sharing else ""
        return value.node if value.node in self._network else ""

    def _go(self) -> None:
        if self._node():
            self.node_chosen.emit(self._node())


class _Tree(QTreeWidget):
    """The derivation, with Backspace for the number before and Copy for a row."""

    back_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(2)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Backspace:
            self.back_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            QApplication.clipboard().setText(f"{item.text(0)}\t{item.text(1)}")
        else:
            super().keyPressEvent(event)
