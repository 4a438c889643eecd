"""Why backpropagation is efficient, raced on the user's own network."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Program
from backprop_studio.insight.efficiency import Growth, Method, Run, growth, race, reused
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot, State
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.line_plot import Line, LinePlot

SECONDS = 0.3
"""How long each of the slow methods may sample."""

_FEW_DIGITS = 5.0


class EfficiencyPanel(QWidget):
    """One backward pass against three other ways to the same gradient.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    overlay_changed = Signal(object)
    """Dict from the id of a node to what is written at it on the canvas; empty for none."""
    raced = Signal()
    """The race is over, and its table is filled."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._program: Program | None = None
        self._batch, self._revision = 0, -1
        self._growth: tuple[Growth, Growth] | None = None
        self.button = QPushButton(self.tr("Race"))
        self.button.setToolTip(self.tr("Compute this batch's gradient by every method"))
        self.button.clicked.connect(self.race)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        theme.set_role(self.summary, "muted")
        self.table = DataTable(
            [
                self.tr("Method"),
                self.tr("Time"),
                self.tr("Cost"),
                self.tr("Digits"),
                self.tr("Passes"),
            ],
            self.tr("Methods and what they cost"),
        )
        self.table.setToolTip(self.tr("Select a method to read how it was measured"))
        self.table.set_invitation(
            self.tr(
                "Race: backward, central differences, forward mode and every path alone. "
                "Time, multiply-adds, and to how many digits they agree."
            )
        )
        self.table.set_tips(
            self.tr("Four ways to the same gradient"),
            self.tr("Measured; where it would be long, on a sample"),
            self.tr("Multiply-adds, counted"),
            self.tr("To how many digits it agrees with backward"),
            self.tr("How often the network is gone through"),
        )
        # All four methods, and no more: the panel has much to show.
        self.table.setFixedHeight(self.table.height_of(4) + 8)
        self.table.row_chosen.connect(self._tell)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        theme.set_role(self.detail, "muted")
        self.against = QComboBox()
        self.against.addItems([self.tr("more parameters"), self.tr("more layers")])
        self.against.setAccessibleName(self.tr("What grows"))
        self.against.setToolTip(
            self.tr("Plain networks: one hidden layer that widens, or layers of 16 units")
        )
        self.against.currentIndexChanged.connect(self._draw)
        self.plot = LinePlot(self.tr("size"), self.tr("multiply-adds"), log_x=True, log_y=True)
        self.mark = QCheckBox(self.tr("Mark on the canvas what backward reuses"))
        self.mark.setToolTip(
            self.tr("Activations that are kept from the forward pass, because backward reads them")
        )
        self.mark.toggled.connect(self._overlay)
        self.kept = QLabel()
        self.kept.setWordWrap(True)
        theme.set_role(self.kept, "muted")
        top = QHBoxLayout()
        top.addWidget(self.button)
        top.addWidget(self.summary, 1)
        growing = QHBoxLayout()
        growing.addWidget(QLabel(self.tr("Cost with")))
        growing.addWidget(self.against)
        growing.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(top)
        layout.addWidget(self.table)
        layout.addWidget(self.detail)
        layout.addLayout(growing)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.mark)
        layout.addWidget(self.kept)
        self._runs: tuple[Run, ...] = ()
        self._start_over()

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was measured is forgotten if its program has changed."""
        program = analysis.program
        if program is None or program != self._program:
            self._program = program
            self._start_over()
            self._overlay()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Offer the race while training is possible."""
        self.button.setEnabled(snapshot.state is State.PAUSED)
        # The last batch of an epoch may be smaller, and is no other case.
        same = snapshot.revision == self._revision and snapshot.batch_size <= self._batch
        if not same:
            self._revision, self._batch = snapshot.revision, snapshot.batch_size
            self._growth = None
            self._draw()
            self._overlay()

    def race(self) -> None:
        """Run every method on the current batch."""
        if not self._enquiry.busy:
            self.summary.setText(self.tr("Racing…"))
            self._enquiry.put(partial(race, SECONDS), self._show)

    # Showing.

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._runs = ()
        self.table.set_rows([])
        self.detail.clear()
        self.summary.setText(
            self.tr("The same gradient by four methods, on your network and this batch.")
        )

    def _say(self, reason: str) -> None:
        self.summary.setText(self.tr("The race was off: {reason}").format(reason=reason))

    def _show(self, runs: tuple[Run, ...]) -> None:
        self._runs = runs
        if not runs:
            self.summary.setText(self.tr("This network computes no gradients."))
            return
        first, slow = runs[0], runs[1]
        self.table.set_rows([self._cells(run) for run in runs], 0)
        self._tell(0)
        self.summary.setText(
            self.tr("Backward: {times} times fewer multiply-adds than central differences.").format(
                times=f"{slow.operations / max(first.operations, 1):,.0f}"
            )
        )
        self._draw()
        self.raced.emit()

    def _cells(self, run: Run) -> list[Cell]:
        time = self.tr("not run") if run.seconds is None else _duration(run.seconds)
        agrees = "–" if run.digits is None else f"{run.digits:.0f}"
        return [
            Cell(self._names()[run.method]),
            Cell(time, run.seconds or 0.0),
            Cell(_short(run.operations), run.operations),
            Cell(agrees, run.digits or 0.0),
            Cell(_short(run.passes), run.passes),
        ]

    def _tell(self, row: int) -> None:
        run = self._runs[row]
        many = f"{run.derivatives:,}"
        match run.method:
            case Method.BACKWARD:
                text = self.tr(
                    "One forward and one backward pass give all {many} derivatives: each upstream "
                    "gradient is computed once and used by everything before it."
                ).format(many=many)
            case Method.DIFFERENCES:
                text = self.tr("Two forward passes for each derivative.")
            case Method.FORWARD_MODE:
                text = self.tr("One tangent carried through the network for each derivative.")
            case Method.PATHS:
                text = self.tr(
                    "Every path from every weight to the loss by itself, nothing reused: counted "
                    "on {sampled} weights, not run."
                ).format(sampled=run.sampled)
        if run.digits is not None:
            if run.sampled < run.derivatives:
                text += " " + self.tr(
                    "{sampled} of {many} were computed; the time is that of all."
                ).format(sampled=f"{run.sampled:,}", many=many)
            if run.digits < _FEW_DIGITS:
                text += " " + self.tr(
                    "The few digits come of a kink: a number sits where ReLU or max has no "
                    "derivative."
                )
        self.detail.setText(text)

    def _draw(self) -> None:
        if not self._batch:
            return
        if self._growth is None:
            self._growth = growth(self._batch)
        chosen = self._growth[self.against.currentIndex()]
        names = self._names()
        # Central differences and forward mode take the same number here: one line for both.
        lines = [
            Line(names[Method.BACKWARD], chosen.sizes, chosen.operations[Method.BACKWARD], 0, True),
            Line(
                self.tr("differences, forward mode"),
                chosen.sizes,
                chosen.operations[Method.DIFFERENCES],
                1,
                True,
            ),
            Line(names[Method.PATHS], chosen.sizes, chosen.operations[Method.PATHS], 2, True),
        ]
        self.plot.set_lines(lines)

    def _overlay(self) -> None:
        """Tell what is kept, and mark it on the canvas if that is wanted."""
        program = self._program
        if program is None or not self._batch:
            self.kept.clear()
            self.overlay_changed.emit({})
            return
        found = reused(program, self._batch)
        self.kept.setText(
            self.tr(
                "Backward reads {count} results of the forward pass, {size} in all. Computing each "
                "again from the data would take {cost} multiply-adds."
            ).format(
                count=len(found),
                size=_bytes(sum(r.size for r in found)),
                cost=_short(sum(r.spared * r.readers for r in found)),
            )
        )
        at: dict[str, int] = {}
        for result in found:
            node = program.values[result.value].node
            at[node] = at.get(node, 0) + result.size
        marks = {
            node: self.tr("reused: {size}").format(size=_bytes(size)) for node, size in at.items()
        }
        self.overlay_changed.emit(marks if self.mark.isChecked() else {})

    def _names(self) -> dict[Method, str]:
        return {
            Method.BACKWARD: self.tr("backward"),
            Method.DIFFERENCES: self.tr("central differences"),
            Method.FORWARD_MODE: self.tr("forward mode"),
            Method.PATHS: self.tr("every path alone"),
        }


def _short(number: float) -> str:
    """A large number in three digits: `1.66 M`."""
    for unit, size in (("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)):
        if number < 999.5 * size:
            return f"{number / size:.3g} {unit}".strip()
    return f"{number:.2g}"


def _bytes(size: int) -> str:
    return f"{size / 1024:.3g} kB" if size < 1 << 20 else f"{size / (1 << 20):.3g} MB"


def _duration(seconds: float) -> str:
    for unit, size in (("µs", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
