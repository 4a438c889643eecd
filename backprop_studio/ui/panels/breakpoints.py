"""Where a run is to stop by itself: a list, and a line to add to it."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Phase
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Breakpoint, Quantity, Stops, When
from backprop_studio.training.breakpoints import (
    AtIteration,
    AtNode,
    AtOp,
    AtPhase,
    op_at,
    place_of,
)
from backprop_studio.training.naming import breakpoint_name, instruction_name
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.own_keys import OwnKeys
from backprop_studio.ui.widgets.short_edit import ShortEdit
from backprop_studio.ui.widgets.tint import TINT, TintDelegate

MOST = 100
"""Breakpoints in the list."""


class BreakpointsPanel(QWidget):
    """All breakpoints, and what is needed to add one of each kind."""

    breakpoints_changed = Signal(object)
    """All breakpoints now, a tuple of `Breakpoint`."""
    lost = Signal(str)
    """An edit took away what a breakpoint stops at; a sentence says which one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network = Network()
        self._analysis: Analysis | None = None
        self._points: list[Breakpoint] = []
        self._hit: Breakpoint | None = None
        self._kinds = {
            "loss below": self.tr("loss below"),
            "loss above": self.tr("loss above"),
            "gradient norm below": self.tr("gradient norm below"),
            "gradient norm above": self.tr("gradient norm above"),
            "dead units": self.tr("dead units above"),
            "iteration": self.tr("iteration"),
            "layer": self.tr("layer"),
            "operation": self.tr("operation"),
            "phase": self.tr("phase"),
        }
        self.kind = QComboBox()
        for key, text in self._kinds.items():
            self.kind.addItem(text, key)
        self.kind.setAccessibleName(self.tr("What to stop at"))
        self.kind.setToolTip(self.tr("What to stop at"))
        self.kind.currentIndexChanged.connect(self._show_form)
        self.node = QComboBox()
        self.node.setAccessibleName(self.tr("Layer"))
        self.node.setToolTip(self.tr("Which layer"))
        self.operation = QComboBox()
        self.operation.setAccessibleName(self.tr("Operation"))
        self.operation.setToolTip(self.tr("Which operation of each iteration"))
        self.phase = QComboBox()
        for phase in Phase:
            self.phase.addItem(phase.name.lower(), phase)
        self.phase.setAccessibleName(self.tr("Phase"))
        self.phase.setToolTip(self.tr("Which stage of each iteration"))
        self.number = ShortEdit(7)
        self.number.setAccessibleName(self.tr("Limit"))
        self.number.setToolTip(
            self.tr("The limit, a share of all units, or the number of finished iterations")
        )
        self.number.returnPressed.connect(self._add)
        self.add_button = QPushButton(self.tr("Add"))
        self.add_button.setToolTip(self.tr("Stop there from now on"))
        self.add_button.clicked.connect(self._add)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        theme.set_role(self.problem, "error")
        self.list = QListWidget()
        self.list.setItemDelegate(TintDelegate(self.list))
        self.list.setAccessibleName(self.tr("Breakpoints"))
        self.list.setToolTip(self.tr("Del removes a breakpoint"))
        OwnKeys(self.list, Qt.Key.Key_Delete)
        self.empty = QLabel(
            self.tr(
                "Run stops by itself at a breakpoint: add one above, press B on a layer, or click "
                "left of an instruction in Program. A number that is not finite always stops it."
            )
        )
        self.empty.setWordWrap(True)
        theme.set_role(self.empty, "muted")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.kind, 2)
        row.addWidget(self.number, 1)
        row.addWidget(self.node, 2)
        row.addWidget(self.operation, 2)
        row.addWidget(self.phase, 1)
        row.addWidget(self.add_button)
        for choice in (self.kind, self.node, self.operation, self.phase):
            # As wide as there is room, not as its longest entry.
            choice.setMinimumContentsLength(6)
            choice.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty)
        self._offered = False
        self._show_form()
        self._show_list()

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """All breakpoints."""
        return tuple(self._points)

    def set_network(self, analysis: Analysis) -> None:
        """Name the layers of another network; breakpoints without a place in it stay, idle."""
        before = self._idle()
        self._network, self._analysis = analysis.network, analysis
        self._offered = False
        if self.isVisible():
            self._offer()
        self._show_list()
        # What is on the instruction of a layer that has moved, has moved with it.
        self.breakpoints_changed.emit(self.breakpoints)
        for point in self._idle():
            if point not in before:
                name = breakpoint_name(self._network, None, point)
                self.lost.emit(
                    self.tr(
                        "The breakpoint '{name}' has nothing to stop at any more. Undo brings it "
                        "back; Del in Breakpoints removes it."
                    ).format(name=name)
                )

    def show_hit(self, point: Breakpoint | None) -> None:
        """Mark the breakpoint that the run stands at, if it stands at one."""
        if point != self._hit:
            self._hit = point
            self._show_list()

    def _offer(self) -> None:
        """List layers and operations in the form, once they are wanted: there may be thousands."""
        if self._offered or self.kind.currentData() not in ("layer", "dead units", "operation"):
            return
        self._offered = True
        chosen = self.node.currentData()
        self.node.clear()
        for node in self._network.nodes:
            self.node.addItem(node.name, node.id)
        self.node.setCurrentIndex(max(self.node.findData(chosen), 0))
        operation = self.operation.currentIndex()
        self.operation.clear()
        if self._analysis is not None and self._analysis.lowered is not None:
            for index, instr in enumerate(self._analysis.lowered.program.instructions):
                name = instruction_name(self._network, instr)
                self.operation.addItem(f"{index + 1}  {name}", index)
            self.operation.setCurrentIndex(max(operation, 0))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._offer()

    def toggle(self, point: Breakpoint) -> None:
        """Add a breakpoint, or remove it if it is there."""
        if point in self._points:
            self._points.remove(point)
        elif len(self._points) >= MOST:
            self.problem.setText(self.tr("There are {n} breakpoints already.").format(n=MOST))
            self.problem.show()
            return
        else:
            self._points.append(point)
        self._show_list()
        self.breakpoints_changed.emit(self.breakpoints)

    def toggle_instruction(self, index: int) -> None:
        """Add a breakpoint on the instruction with this index, or remove it."""
        if self._analysis is not None and self._analysis.lowered is not None:
            self.toggle(op_at(self._analysis.lowered.program, index))

    def instructions(self) -> frozenset[int]:
        """Indices of the instructions that have a breakpoint of their own."""
        if self._analysis is None or self._analysis.lowered is None:
            return frozenset()
        program = self._analysis.lowered.program
        places = (place_of(program, p) for p in self._points if isinstance(p, AtOp))
        return frozenset(place for place in places if place is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.list.currentRow()
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus() and row >= 0:
            self.toggle(self._points[row])
            return
        super().keyPressEvent(event)

    def _add(self) -> None:
        self.problem.hide()
        point = self._typed()
        if point is None:
            return
        if point in self._points:
            self.problem.setText(self.tr("This breakpoint is set already."))
            self.problem.show()
            return
        self.number.clear()
        self.toggle(point)

    def _typed(self) -> Breakpoint | None:
        """The breakpoint of the form; None, with a message, if it is not complete."""
        self._offer()
        kind = self.kind.currentData()
        if kind == "phase":
            return AtPhase(self.phase.currentData())
        if kind == "operation":
            index = self.operation.currentData()
            if index is None or self._analysis is None or self._analysis.lowered is None:
                self._refuse(self.tr("There are no operations yet: complete the network."))
                return None
            return op_at(self._analysis.lowered.program, index)
        if kind == "layer":
            node = self.node.currentData()
            return None if node is None else AtNode(node)
        try:
            number = float(self.number.text().replace(",", "."))
        except ValueError:
            number = math.nan
        if kind == "iteration":
            if not 0 < number < 2**53 or number != int(number):
                self._refuse(self.tr("Type how many iterations: a whole number above 0."))
                return None
            return AtIteration(int(number))
        if not math.isfinite(number):
            self._refuse(self.tr("Type a number as the limit, such as 0.05."))
            return None
        if kind == "dead units":
            if not 0 <= number < 1:
                self._refuse(self.tr("A share is at least 0 and below 1: 0.2 is a fifth."))
                return None
            node = self.node.currentData()
            if node is None:
                return None
            return When(Quantity.DEAD_UNITS, above=True, limit=number, node=node)
        quantity = Quantity.LOSS if kind.startswith("loss") else Quantity.GRADIENT_NORM
        return When(quantity, above=kind.endswith("above"), limit=number)

    def _refuse(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
        self.number.setFocus()

    def _show_form(self) -> None:
        kind = self.kind.currentData()
        self._offer()
        self.node.setVisible(kind in ("layer", "dead units"))
        self.operation.setVisible(kind == "operation")
        self.phase.setVisible(kind == "phase")
        self.number.setVisible(kind not in ("layer", "operation", "phase"))
        self.problem.hide()

    def _idle(self) -> tuple[Breakpoint, ...]:
        """Those that have nothing to stop at in this network."""
        if self._analysis is None:
            return ()
        if self._analysis.lowered is not None:
            return Stops(self._analysis.lowered.program, self._points).idle
        # Of a network that cannot be trained yet, only what is gone is known.
        gone = (p for p in self._points if isinstance(p, AtNode | AtOp | When) and p.node)
        return tuple(p for p in gone if p.node not in self._network)

    def _show_list(self) -> None:
        lowered = None if self._analysis is None else self._analysis.lowered
        idle = self._idle()
        self.list.clear()
        for point in self._points:
            name = breakpoint_name(
                self._network, None if lowered is None else lowered.program, point
            )
            item = QListWidgetItem(name)
            if point in idle:
                item.setText(self.tr("{name}: not in this network").format(name=name))
                item.setData(TINT, "muted")
                item.setToolTip(self.tr("There is nothing to stop at. Delete it, or undo."))
            elif point == self._hit:
                item.setText(self.tr("{name}: the run stopped here").format(name=name))
                font = item.font()
                font.setBold(True)
                item.setFont(font)
            self.list.addItem(item)
        self.list.setVisible(bool(self._points))
        self.empty.setVisible(not self._points)
