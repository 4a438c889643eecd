"""Same gradient, different rule: what becomes of the loss is up to what is done with a gradient."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.filling import digits
from backprop_studio.insight.rules import Rule, Trial, try_rules
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry, resting_at
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.line_plot import Line, LinePlot

_COLORS = {
    Rule.NOTHING: -1,
    Rule.ASCENT: 1,
    Rule.DESCENT: 2,
    Rule.SIGN: 3,
    Rule.MOMENTUM: 0,
    Rule.ADAM: 5,
    Rule.RANDOM: 4,
}
"""Of the lines: no two alike."""


class RulesPanel(QWidget):
    """One batch, one gradient, and seven things to do with it.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._program: object = None
        self._trials: tuple[Trial, ...] = ()
        self._moment: object = None
        self._asked: object = None
        self.story = QLabel(
            self.tr(
                "Backpropagation only says how the loss changes with each weight. What is done "
                "with that is another rule's business. Here each rule starts from your weights, "
                "on this batch, on copies."
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.mode = QComboBox()
        self.mode.addItems([self.tr("gradient of each step"), self.tr("frozen gradient")])
        self.mode.setAccessibleName(self.tr("Which gradient"))
        self.mode.setToolTip(
            self.tr("Compute a new gradient for each step, or use the first one for all of them")
        )
        self.rate = QDoubleSpinBox()
        self.rate.setDecimals(4)
        self.rate.setRange(0.0, 100.0)
        self.rate.setSingleStep(0.01)
        self.rate.setValue(0.05)
        self.rate.setPrefix("η ")
        self.rate.setAccessibleName(self.tr("Learning rate"))
        self.rate.setToolTip(self.tr("Learning rate of all rules"))
        self.steps = QSpinBox()
        self.steps.setRange(1, 100)
        self.steps.setValue(20)
        self.steps.setSuffix(self.tr(" steps"))
        self.steps.setAccessibleName(self.tr("Steps"))
        self.steps.setToolTip(self.tr("How many steps each rule takes"))
        self.mode.currentIndexChanged.connect(self._ask)
        self.rate.valueChanged.connect(self._ask)
        self.steps.valueChanged.connect(self._ask)
        self.plot = LinePlot(self.tr("step"), self.tr("loss"), log_y=True)
        self.table = DataTable(
            [self.tr("Rule"), self.tr("Before"), self.tr("After"), self.tr("Change")],
            self.tr("Rules and what they made of the loss"),
            sortable=True,
        )
        self.lesson = QLabel()
        self.lesson.setWordWrap(True)
        controls = QHBoxLayout()
        controls.addWidget(self.rate, 1)
        controls.addWidget(self.steps, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addWidget(self.mode)
        layout.addLayout(controls)
        # What it comes to stands where it is seen without scrolling.
        layout.addWidget(self.lesson)
        layout.addWidget(self.plot, 3)
        layout.addWidget(self.table, 4)
        self._start_over()

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        program = analysis.program
        if program is None or program != self._program:
            self._program = program
            self._start_over()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Try the rules anew when the moment has changed, unless training runs."""
        self._moment = resting_at(snapshot)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if self.isVisible() and self._moment is not None and self._moment != self._asked:
            self._ask()

    def _ask(self) -> None:
        if self._moment is None or self._program is None:
            return
        self._asked = self._moment
        frozen = self.mode.currentIndex() == 1
        question = partial(try_rules, self.rate.value(), self.steps.value(), frozen)
        self._enquiry.put(question, self._show)

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._trials, self._asked = (), None
        self.table.set_rows([])
        self.plot.set_lines(())
        self.lesson.setText(self.tr("The rules are tried out when training is possible."))

    def _say(self, reason: str) -> None:
        self.lesson.setText(self.tr("The rules could not be tried: {reason}").format(reason=reason))

    def _show(self, trials: tuple[Trial, ...]) -> None:
        self._trials = trials
        names = self._names()
        self.plot.set_lines(
            [
                Line(
                    self.tr("nothing (dashed)")
                    if trial.rule is Rule.NOTHING
                    else names[trial.rule].split(":")[0],
                    tuple(float(i) for i in range(len(trial.losses))),
                    trial.losses,
                    _COLORS[trial.rule],
                    dashed=trial.rule is Rule.NOTHING,
                )
                for trial in trials
            ]
        )
        self.table.set_rows([self._cells(trial) for trial in trials])
        self.lesson.setText(
            self.tr(
                "With nothing done, the loss never moves, however good the gradient: "
                "backpropagation computes gradients; it does not learn."
            )
        )

    def _cells(self, trial: Trial) -> list[Cell]:
        before, after = trial.losses[0], trial.losses[-1]
        change = after - before
        color = "ok" if change < 0 else "error" if change > 0 else "muted"
        return [
            Cell(self._names()[trial.rule]),
            Cell(f"{before:.4g}", before),
            Cell(f"{after:.4g}", after),
            Cell(digits(change) if change == 0 else f"{change:+.3g}", change, color),
        ]

    def _names(self) -> dict[Rule, str]:
        return {
            Rule.NOTHING: self.tr("nothing"),
            Rule.ASCENT: self.tr("ascent: +g"),
            Rule.DESCENT: self.tr("descent: −g"),
            Rule.SIGN: self.tr("sign: −sign(g)"),
            Rule.MOMENTUM: self.tr("momentum"),
            Rule.ADAM: self.tr("Adam"),
            Rule.RANDOM: self.tr("random: as long as g"),
        }
