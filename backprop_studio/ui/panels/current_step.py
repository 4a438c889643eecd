"""What the last instruction did: its formula, its operands and their shapes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from backprop_studio.autograd import Array, Program, format_shape, resolve
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import instruction_name, value_name
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.data_table import compact
from backprop_studio.ui.widgets.elided_label import ElidedLabel
from backprop_studio.ui.widgets.formula import FormulaView
from backprop_studio.ui.widgets.phase_strip import PhaseStrip

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class CurrentStepPanel(QWidget):
    """The instruction at the cursor: stage, rule, operands with their shapes and numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network = Network()
        self._program: Program | None = None
        self._problem = ""
        self._running = False
        self.strip = PhaseStrip()
        self.title = QLabel()
        theme.set_role(self.title, "heading")
        self.says = QLabel()
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.says.setWordWrap(True)
        theme.set_role(self.says, "muted")
        self.formula = FormulaView()
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(6)
        self._rows.setVerticalSpacing(1)
        self._rows.setColumnStretch(1, 1)
        self.following = QLabel()
        self.following.setWordWrap(True)
        theme.set_role(self.following, "muted")

        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 4, 10, 6)
        column.setSpacing(4)
        for widget in (self.title, self.formula, self.says):
            column.addWidget(widget)
        column.addLayout(self._rows)
        column.addStretch(1)
        column.addWidget(self.following)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        strip_host = QWidget()
        strip_layout = QVBoxLayout(strip_host)
        strip_layout.setContentsMargins(10, 6, 10, 4)
        strip_layout.addWidget(self.strip)
        layout.addWidget(strip_host)
        layout.addWidget(scroll, 1)
        self._show_nothing()

    def set_network(self, analysis: Analysis) -> None:
        """Show the steps of another network."""
        self._network = analysis.network
        self._problem = analysis.errors[0].text if analysis.errors else ""
        self._program = analysis.program
        if self._program is None:
            self._show_nothing()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the instruction before the cursor, and name the one after it."""
        program, cursor = self._program, snapshot.cursor
        if program is None or cursor is None:
            self._show_nothing()
            return
        if snapshot.at_speed:
            if not self._running:
                self._show_running()
            return
        after = cursor.index % len(program.instructions)
        self.following.setText(
            self.tr("Next: {name}").format(
                name=instruction_name(self._network, program.instructions[after])
            )
        )
        if snapshot.element:
            self.following.setText(
                self.tr("Number {element} of {elements} of: {name}").format(
                    element=f"{snapshot.element:,}",
                    elements=f"{snapshot.elements:,}",
                    name=instruction_name(self._network, program.instructions[after]),
                )
            )
        if cursor.index == 0:
            self._clear()
            self.strip.set_phase(None)
            if cursor.iteration:
                self.title.setText(self.tr("Ready to go on"))
                self.says.setText(
                    self.tr("Training goes on from here with the weights that were learned.")
                )
            else:
                self.title.setText(self.tr("Before the first step"))
                self.says.setText(self.tr("Nothing is computed yet. Step forward to load a batch."))
            return
        instr = program.instructions[cursor.index - 1]
        rule = instr.op.formula()
        self._clear()
        self.strip.set_phase(instr.phase)
        self.title.setText(instruction_name(self._network, instr))
        self.says.setText(rule.says)
        self.formula.set_formula(rule.latex, rule.plain)
        self.formula.show()
        operands = dict(zip(rule.inputs, instr.inputs, strict=False))
        operands.update(zip(rule.outputs, instr.outputs, strict=False))
        for row, (symbol, value_id) in enumerate(operands.items()):
            shape = resolve(program.values[value_id].shape, {"N": snapshot.batch_size})
            cells = (
                _plain_symbol(symbol),
                value_name(self._network, program, value_id),
                format_shape(shape),
                _describe(snapshot.arrays.get(value_id), 2),
            )
            for place, text in enumerate(cells):
                label = self._cell(text, place)
                if place == 3:
                    label.setToolTip(_describe(snapshot.arrays.get(value_id), 6))
                self._rows.addWidget(label, row, place)

    def _cell(self, text: str, place: int) -> QLabel:
        label = ElidedLabel(text) if place == 1 else QLabel(text)
        if place == 3:
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        theme.set_role(label, "heading" if place == 0 else "muted" if place == 2 else "")
        return label

    def _show_running(self) -> None:
        self._clear()
        self._running = True
        self.strip.set_phase(None)
        self.title.setText(self.tr("Running"))
        self.says.setText(
            self.tr("Every step runs through all its stages. Pause, and step by hand to look.")
        )
        self.following.clear()

    def _show_nothing(self) -> None:
        self._clear()
        self.strip.set_phase(None)
        self.title.setText(self.tr("Nothing to step through yet"))
        self.says.setText(
            self._problem
            or self.tr("Complete the network: an Input, layers, a loss at the end, and a data set.")
        )
        self.following.clear()

    def _clear(self) -> None:
        self._running = False
        self.formula.hide()
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                # Hidden at once: deletion waits for the event loop.
                widget.hide()
                widget.deleteLater()


def _plain_symbol(symbol: str) -> str:
    name, _, index = symbol.partition("_")
    return name.replace("'", "′") + index.strip("{}").translate(_SUBSCRIPTS)


def _describe(array: Array | None, digits: int) -> str:
    """The numbers of an array in a few characters: the number itself, or its range."""
    if array is None or array.size == 0:
        return ""
    if array.size == 1:
        return f"{array.item():.6g}"
    return f"{compact(float(array.min()), digits)} … {compact(float(array.max()), digits)}"
