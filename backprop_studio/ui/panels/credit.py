"""Credit assignment: every parameter by its responsibility, and what a nudge of one does."""

from __future__ import annotations

import math
import time
from collections import deque
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.credit import Credit, Ledger, Nudge, credit, nudge
from backprop_studio.insight.filling import digits
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.data_table import Cell, DataTable, compact
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.line_plot import Line, LinePlot

PAUSE = 1.0
"""Seconds between two looks while training runs."""

_MEMORY = 60
_Key = tuple[int, tuple[int, ...] | None]
"""A parameter, or one of its numbers."""
_SLIDER = 100
_DECADES = 4.0


class CreditPanel(QWidget):
    """Who is responsible for the loss, and by how much.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node whose row was double-clicked, or entered."""
    number_chosen = Signal(int, object)
    """Id of a gradient and the entry that is to be explained."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._nudges = Enquiry(ask, self._say)
        self._analysis: Analysis | None = None
        self._ledger: Ledger | None = None
        self._rows: tuple[Credit, ...] = ()
        self._trends: dict[_Key, deque[float]] = {}
        self._chosen: tuple[int, tuple[int, ...]] | None = None
        self._picked: tuple[int, tuple[int, ...] | None] | None = None
        self._moment: tuple[int, int, int, bool] | None = None
        """Branch, iteration, place in it where a number was put in by hand, whether it runs."""
        self._asked: tuple[int, int, int, bool] | None = None
        self._looked = 0.0
        self._running = False
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        theme.set_role(self.summary, "muted")
        self.what = QComboBox()
        self.what.addItems([self.tr("Whole parameters"), self.tr("Single numbers")])
        self.what.setToolTip(self.tr("Rank whole parameters, or the 200 most responsible numbers"))
        self.what.setAccessibleName(self.tr("What is ranked"))
        self.what.currentIndexChanged.connect(self._fill)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter by name"))
        self.filter.setAccessibleName(self.tr("Filter by name"))
        self.filter.setToolTip(self.tr("Only parameters with these letters in their name"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._ask)
        self.table = DataTable(
            [
                self.tr("Parameter"),
                self.tr("Share"),
                self.tr("Trend"),
                self.tr("g"),
                self.tr("δ"),
                self.tr("|g·δ|"),
            ],
            self.tr("Parameters by responsibility"),
            sortable=True,
        )
        self.table.set_tips(
            self.tr("Layer and name, of single numbers also the entry"),
            self.tr("Share of the whole: its |g·δ| by that of all"),
            self.tr("Size of the gradient at the last moments that were looked at"),
            self.tr("Gradient: of a whole parameter, the norm"),
            self.tr("The update that it will get: of a whole parameter, the norm"),
            self.tr("Gradient times update: how much it changes the loss"),
        )
        self.table.set_width(2, 48)
        self.table.set_spare(2, 3, 4)
        self.table.set_invitation(self.tr("No parameter has these letters in its name."))
        self.table.setToolTip(
            self.tr("Select a row to nudge it; double-click or Enter: go to the layer")
        )
        self.table.row_chosen.connect(self._choose)
        self.table.row_entered.connect(self._go)
        self.subject = QLabel()
        self.subject.setWordWrap(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-_SLIDER, _SLIDER)
        self.slider.setValue(_SLIDER // 2)
        # A click beside the knob, or Page Up, is a factor of ten.
        self.slider.setPageStep(round(_SLIDER / _DECADES))
        self.slider.setAccessibleName(self.tr("Nudge"))
        self.slider.setToolTip(
            self.tr("Move the number down or up, from 0.0001 in the middle to 1 at the ends")
        )
        self.slider.valueChanged.connect(self._nudge)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = LinePlot(self.tr("nudge |δ|"), self.tr("gap"), log_x=True, log_y=True)
        head = Flow(self.what, self.filter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.summary)
        layout.addWidget(head)
        layout.addWidget(self.table, 2)
        layout.addSpacing(4)
        layout.addWidget(self.subject)
        layout.addWidget(self.slider)
        layout.addLayout(self._scale())
        layout.addWidget(self.verdict)
        layout.addWidget(self.plot, 3)
        self._start_over()

    def _scale(self) -> QGridLayout:
        """What stands below the slider: it is logarithmic, from the middle to both ends."""
        scale = QGridLayout()
        scale.setContentsMargins(0, 0, 0, 0)
        scale.setSpacing(0)
        middle = Qt.AlignmentFlag.AlignHCenter
        for text, column, span, side in (
            ("−1", 0, 1, Qt.AlignmentFlag.AlignLeft),
            ("−0.01", 1, 2, middle),
            ("0", 3, 2, middle),
            ("0.01", 5, 2, middle),
            ("1", 7, 1, Qt.AlignmentFlag.AlignRight),
        ):
            label = QLabel(text)
            theme.set_role(label, "muted")
            scale.addWidget(label, 0, column, 1, span, side)
        for column in range(8):
            scale.setColumnStretch(column, 1)
        return scale

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        before, self._analysis = self._analysis, analysis
        program = analysis.program
        known = None if before is None else before.program
        if program is None or program != known:
            self._start_over()
        else:
            self._fill()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Rank anew when the moment has changed; now and then while training runs."""
        cursor = snapshot.cursor
        if cursor is None:
            self._moment = None
            return
        running = self._running = snapshot.state is State.RUNNING
        edited = cursor.index if snapshot.edited else 0
        self._moment = (snapshot.branch, cursor.iteration, edited, running)
        if running and time.monotonic() - self._looked < PAUSE:
            return
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    # Asking.

    def _refresh(self) -> None:
        fresh = self._moment is not None and self._moment != self._asked
        if self.isVisible() and fresh and not self._enquiry.busy:
            self._ask()

    def _ask(self) -> None:
        if self._moment is None:
            return
        if self._asked is not None and self._moment[:2] < self._asked[:2]:
            self._trends = {}  # the run has gone back: what comes was not after what was seen
        self._asked, self._looked = self._moment, time.monotonic()
        self._enquiry.put(partial(credit, self._only()), self._show)

    def _only(self) -> frozenset[int] | None:
        """The parameters whose name passes the filter; None for all."""
        wanted, analysis = self.filter.text().strip().lower(), self._analysis
        if not wanted or analysis is None or analysis.lowered is None:
            return None
        values = analysis.lowered.program.parameters
        return frozenset(v.id for v in values if wanted in self._name(v.id).lower())

    def _nudge(self) -> None:
        if self._chosen is not None and self._moment is not None:
            parameter, entry = self._chosen
            self._nudges.put(partial(nudge, parameter, entry, self._delta()), self._show_nudge)

    def _delta(self) -> float:
        """The slider: logarithmic from the middle to both ends."""
        place = self.slider.value()
        if place == 0:
            return 0.0
        size = 10.0 ** (_DECADES * (abs(place) / _SLIDER - 1.0))
        return math.copysign(size, place)

    # Showing.

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._nudges.reset()
        self._ledger, self._chosen, self._picked, self._asked = None, None, None, None
        self._trends = {}
        self._rows = ()
        self.table.set_rows([])
        self.summary.setText(
            self.tr(
                "Credit assignment: how much of the loss each parameter is responsible for. "
                "It appears here when training is possible."
            )
        )
        self._no_nudge()

    def _no_nudge(self) -> None:
        self.subject.setText(
            self.tr("Select a row to nudge one number and see what the loss does.")
        )
        self.verdict.clear()
        self.plot.set_lines(())
        self.slider.setEnabled(False)

    def _say(self, reason: str) -> None:
        self.summary.setText(self.tr("This could not be found: {reason}").format(reason=reason))

    def _show(self, ledger: Ledger) -> None:
        self._ledger = ledger
        trends: dict[_Key, deque[float]] = {}
        for row in (*ledger.parameters, *ledger.entries):
            # Of a single number that is not among the most responsible, nothing is remembered.
            key = row.parameter, row.entry
            trends[key] = self._trends.get(key, deque(maxlen=_MEMORY))
            trends[key].append(abs(row.gradient))
        self._trends = trends
        if ledger.parameters:
            self.summary.setText(
                self.tr(
                    "Each parameter's part in the loss of {loss}: gradient × update. Together "
                    "they change it by about {change}."
                ).format(loss=digits(ledger.loss), change=digits(ledger.predicted))
            )
        else:
            self.summary.setText(self.tr("This network computes no gradients."))
        self._fill()
        if not self._running:
            # The curve of gaps is of one moment, and drawing it takes longer than a frame.
            self._nudge()

    def _fill(self) -> None:
        ledger = self._ledger
        if ledger is None:
            return
        single = self.what.currentIndex() == 1
        only = self._only()
        self._rows = tuple(
            row
            for row in (ledger.entries if single else ledger.parameters)
            if only is None or row.parameter in only
        )
        names = [(row.parameter, row.entry) for row in self._rows]
        chosen = names.index(self._picked) if self._picked in names else None
        self.table.set_rows([self._cells(row) for row in self._rows], chosen)
        if self._rows and chosen is None:
            self.table.choose(0)

    def _cells(self, row: Credit) -> list[Cell]:
        trend = tuple(self._trends.get((row.parameter, row.entry), ()))
        return [
            Cell(self._name(row.parameter, row.entry)),
            Cell(f"{row.share:.1%}", row.share),
            Cell("" if len(trend) > 1 else "–", row.gradient, curve=trend),
            Cell(compact(row.gradient), abs(row.gradient)),
            Cell(compact(row.update), abs(row.update)),
            Cell(compact(row.effect), row.effect),
        ]

    def _name(self, parameter: int, entry: tuple[int, ...] | None = None) -> str:
        analysis = self._analysis
        if analysis is None or analysis.lowered is None:
            return ""
        name = value_name(analysis.network, analysis.lowered.program, parameter)
        return name if entry is None else f"{name} [{', '.join(str(i) for i in entry)}]"

    def _choose(self, row: int) -> None:
        """Nudge the number of a row; of a whole parameter, the most responsible one."""
        ledger, chosen = self._ledger, self._rows[row]
        if ledger is None:
            return
        entry = chosen.entry
        if entry is None:
            mine = (c.entry for c in ledger.entries if c.parameter == chosen.parameter)
            shape = self._shape(chosen.parameter)
            entry = next((e for e in mine if e is not None), (0,) * len(shape))
        self._picked = chosen.parameter, chosen.entry
        self._chosen = chosen.parameter, entry
        self.slider.setEnabled(True)
        self._nudge()

    def _shape(self, parameter: int) -> tuple[object, ...]:
        assert self._analysis is not None
        return self._analysis.require().program.values[parameter].shape

    def _show_nudge(self, told: Nudge) -> None:
        name = self._name(told.parameter, told.entry)
        self.subject.setText(
            self.tr("Nudge <b>{name}</b> by δ = {delta}").format(
                name=name, delta=f"{told.delta:+.2g}"
            )
        )
        if math.isnan(told.slope):
            lesson = self.tr("The gap is too small to measure.")
        elif told.slope > 1.8:
            lesson = self.tr(
                "The gap shrinks like δ<sup>{slope}</sup>: ten times less δ, a hundred times "
                "less gap. The gradient is exact for small nudges."
            ).format(slope=f"{told.slope:.2f}")
        else:
            lesson = self.tr(
                "The gap shrinks like δ<sup>{slope}</sup>, and not like δ²: the nudge crosses a "
                "kink, such as that of ReLU at 0."
            ).format(slope=f"{told.slope:.2f}")
        self.verdict.setText(
            self.tr("predicted ΔL = g·δ = {predicted}<br>real ΔL = {real}, gap {gap}<br>{lesson}")
            .format(
                predicted=f"{told.predicted:+.6g}",
                real=f"{told.real:+.6g}",
                gap=f"{told.gap:.2g}",
                lesson=lesson,
            )
        )  # fmt: skip
        # Through a gap that is small, and yet far above rounding.
        middle = len(told.deltas) // 2
        guide = tuple(told.gaps[middle] * (d / told.deltas[middle]) ** 2 for d in told.deltas)
        self.plot.set_lines(
            (
                Line(self.tr("δ², expected"), told.deltas, guide, -1, dashed=True),
                Line(self.tr("gap"), told.deltas, told.gaps, 0, dots=True),
            )
        )

    def _go(self, row: int) -> None:
        analysis, chosen = self._analysis, self._rows[row]
        if analysis is None or analysis.lowered is None:
            return
        program = analysis.lowered.program
        owner = program.values[chosen.parameter].node
        self.node_chosen.emit(analysis.network.sharing(owner)[0].id)
        if chosen.entry is not None:
            self.number_chosen.emit(program.gradients[chosen.parameter], chosen.entry)
