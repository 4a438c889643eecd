"""The paths from one weight to the loss, and what each of them adds to the gradient."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Program
from backprop_studio.insight.filling import digits
from backprop_studio.insight.local import Spot
from backprop_studio.insight.paths import Path, Paths, paths
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import node_name, value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry, resting_at
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.short_edit import ShortEdit

SECONDS = 1.0
"""How long the paths may be followed."""


class PathsPanel(QWidget):
    """Every way from a weight to the loss, through one example of the batch.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    number_chosen = Signal(int, object)
    """Id of the gradient and the entry that is to be explained."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._network: Network | None = None
        self._program: Program | None = None
        self._paths: tuple[Path, ...] = ()
        self._moment: object = None
        self._asked: object = None
        self.story = QLabel(
            self.tr(
                "A weight acts on the loss along paths. Each path's local derivatives multiply; "
                "the products of all paths add up to the gradient. Backward gets the same sum "
                "without walking any path."
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.value = QComboBox()
        self.value.setAccessibleName(self.tr("Parameter"))
        self.value.setToolTip(self.tr("Which parameter the paths begin at"))
        self.value.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.value.setMinimumContentsLength(10)
        self.value.currentIndexChanged.connect(self._choose)
        self.entry = ShortEdit(7)
        self.entry.setAccessibleName(self.tr("Entry"))
        self.entry.setToolTip(
            self.tr(
                "Row and column from 0, such as 2, 5; empty for the largest gradient; "
                "Enter follows it"
            )
        )
        self.entry.returnPressed.connect(self._ask)
        self.row = QSpinBox()
        self.row.setPrefix(self.tr("example "))
        self.row.setAccessibleName(self.tr("Example"))
        self.row.setToolTip(self.tr("Which row of the batch the paths lead through, from 0"))
        self.row.valueChanged.connect(self._ask)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.table = DataTable(
            [self.tr("Path"), self.tr("Product"), self.tr("Share")],
            self.tr("Paths by the size of their product"),
            sortable=True,
        )
        # Paths of one weight begin and end alike, so where there is no room, dots go there.
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setToolTip(self.tr("Select a path to see its factors"))
        self.table.row_chosen.connect(self._tell)
        self.table.row_entered.connect(self._explain)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head = Flow(self.value, self.entry, self.row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addWidget(head)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.detail)
        self._start_over()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        program = analysis.program
        same = program is not None and program == self._program
        self._network, self._program = analysis.network, program
        chosen = self.value.currentIndex() if same else 0
        with QSignalBlocker(self.value):
            self.value.clear()
            if program is not None:
                for value in program.parameters:
                    if value.id in program.gradients:
                        name = value_name(analysis.network, program, value.id)
                        self.value.addItem(name, value.id)
            self.value.setCurrentIndex(chosen)
        if not same:
            self._start_over()
            self._reset_entry()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the paths anew when the moment has changed, unless training runs."""
        self._moment = resting_at(snapshot)
        last = max(snapshot.batch_size - 1, 0)
        if self.row.maximum() != last:
            with QSignalBlocker(self.row):
                self.row.setMaximum(last)
                # In a batch of one there is nothing to choose.
                self.row.setSpecialValueText("" if last else self.tr("the only row"))
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    # Asking.

    def _refresh(self) -> None:
        if self.isVisible() and self._moment is not None and self._moment != self._asked:
            self._ask()

    def _choose(self) -> None:
        self._reset_entry()
        self._ask()

    def _reset_entry(self) -> None:
        """Begin where most of the gradient comes from."""
        self.entry.clear()

    def _ask(self) -> None:
        value = self.value.currentData()
        if self._moment is None or value is None:
            return
        parts = self.entry.text().replace(",", " ").split()
        if not all(part.isdecimal() for part in parts):
            self._say(self.tr("type whole numbers from 0, one for each axis, such as 2, 5"))
            return
        self._asked = self._moment
        entry = tuple(int(part) for part in parts) or None
        row = None if entry is None else self.row.value()
        question = partial(paths, value, entry, row, SECONDS)
        self._enquiry.put(question, partial(self._show, value))

    # Showing.

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._asked = None
        self._clear()
        self.summary.setText(self.tr("The paths appear here when training is possible."))

    def _clear(self) -> None:
        self._paths = ()
        self.table.set_rows([])
        self.detail.clear()

    def _say(self, reason: str) -> None:
        self._clear()
        self.summary.setText(self.tr("The paths cannot be told: {reason}").format(reason=reason))

    def _show(self, value: int, found: Paths) -> None:
        start = Spot(value, found.entry)
        self._paths = found.paths
        self.entry.setText(", ".join(str(i) for i in found.entry))
        with QSignalBlocker(self.row):
            self.row.setValue(found.row)
        size = sum(abs(path.product) for path in found.paths) or 1.0
        self.table.set_rows(
            [
                [
                    Cell(" → ".join(self._short(spot) for spot in path.spots[1:])),
                    Cell(f"{path.product:+.3g}", abs(path.product)),
                    Cell(f"{abs(path.product) / size:.1%}", abs(path.product) / size),
                ]
                for path in found.paths
            ]
        )
        self.summary.setText(self._sentence(start, found))
        if found.paths:
            self.table.choose(0)
        else:
            self.detail.clear()

    def _sentence(self, start: Spot, found: Paths) -> str:
        if not found.count:
            return self.tr(
                "No path from {name} to the loss in this example: its input is 0, or a unit on "
                "the way passes nothing on. The gradient over the batch is {gradient}."
            ).format(name=self._name(start), gradient=digits(found.gradient))
        text = self.tr(
            "<b>{count}</b> over {numbers} numbers. Their products add up to {total}; "
            "backward says {backward} for this example (difference {gap}). Over the whole batch "
            "the gradient is {gradient}."
        ).format(
            count=self.tr("1 path") if found.count == 1 else f"{found.count:,} " + self.tr("paths"),
            numbers=f"{found.numbers:,}",
            total=digits(found.total),
            backward=digits(found.backward),
            gap=f"{abs(found.total - found.backward):.1g}",
            gradient=digits(found.gradient),
        )
        if found.count > len(found.paths):
            text += " " + self.tr("The {shown:,} largest are listed.").format(
                shown=len(found.paths)
            )
        return text

    def _short(self, spot: Spot) -> str:
        """A number by its layer and unit: the example is the same all along."""
        if self._program is None or self._network is None:
            return ""
        name = node_name(self._network, self._program.values[spot.value].node)
        return f"{name}[{', '.join(str(i) for i in spot.entry[1:])}]" if spot.entry[1:] else name

    def _name(self, spot: Spot) -> str:
        if self._program is None or self._network is None:
            return ""
        name = value_name(self._network, self._program, spot.value)
        return f"{name} [{', '.join(str(i) for i in spot.entry)}]"

    def _tell(self, row: int) -> None:
        path = self._paths[row]
        factors = " × ".join(digits(slope) for slope in path.slopes)
        self.detail.setText(f"{factors} = <b>{digits(path.product)}</b>")

    def _explain(self, row: int) -> None:
        """Explain the error signal at the first number after the weight."""
        if self._program is not None:
            first = self._paths[row].spots[1]
            self.number_chosen.emit(self._program.gradients[first.value], first.entry)
