"""The loss around the weights, and the way that training took through it."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Program, resolve
from backprop_studio.insight.landscape import SLICE, Kind, Landscape, Slice, Survey, contours
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import value_name
from backprop_studio.ui import counts, theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.pacing import Pace
from backprop_studio.ui.widgets.contour_map import DECADES, ContourMap
from backprop_studio.ui.widgets.copy_button import CopyButton
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.line_plot import Line, LinePlot

LEVELS = tuple(
    step * 10.0**power for power in range(int(DECADES[0]), int(DECADES[1])) for step in (1, 2, 5)
)
"""Losses with a contour line, the same in every picture."""


class LandscapePanel(QWidget):
    """Slices through the space of weights, computed bit by bit.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._pace = Pace(self, self._go_on)
        self._network: Network | None = None
        self._program: Program | None = None
        self._snapshot: Snapshot | None = None
        self._survey: Survey | None = None
        self._landscape: Landscape | None = None
        self._names = ("", "")
        self.kind = QComboBox()
        for text, kind in (
            (self.tr("Random directions"), Kind.RANDOM),
            (self.tr("Along the path (PCA)"), Kind.PATH),
            (self.tr("Two weights"), Kind.PAIR),
        ):
            self.kind.addItem(text, kind)
        self.kind.setAccessibleName(self.tr("Directions"))
        self.kind.setToolTip(self.tr("Along which directions the weights are moved"))
        self.kind.currentIndexChanged.connect(self._offer)
        self.shape = QComboBox()
        self.shape.addItems([self.tr("surface"), self.tr("line")])
        self.shape.setAccessibleName(self.tr("Surface or line"))
        self.shape.setToolTip(self.tr("Along both directions, or along the first one only"))
        self.shape.currentIndexChanged.connect(self._offer)
        self.points = QSpinBox()
        self.points.setRange(5, 101)
        self.points.setValue(25)
        self.points.setAccessibleName(self.tr("Points along each side"))
        self.points.setToolTip(self.tr("Points along each side; each costs a forward pass"))
        self.seed = QSpinBox()
        self.seed.setRange(0, 9999)
        self.seed.setValue(1)
        self.seed.setToolTip(self.tr("Another seed gives other random directions"))
        self.choices = [(QComboBox(), QSpinBox()) for _ in range(2)]
        for place, (parameter, entry) in enumerate(self.choices):
            parameter.setAccessibleName(self.tr("Parameter {n}").format(n=place + 1))
            tip = self.tr("Parameter {n}, of which one number is moved").format(n=place + 1)
            parameter.setToolTip(tip)
            entry.setAccessibleName(self.tr("Entry of parameter {n}").format(n=place + 1))
            entry.setToolTip(self.tr("Which number of it, counted row by row from 0"))
            parameter.currentIndexChanged.connect(lambda _, place=place: self._limit(place))
        self.button = QPushButton(self.tr("Compute"))
        self.button.clicked.connect(self.toggle)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.map = ContourMap()
        self.plot = LinePlot(self.tr("along the direction"), self.tr("loss"))
        self.table = DataTable([self.tr("Place"), self.tr("Loss")], self.tr("Losses"))
        self.pages = QStackedWidget()
        # In front before there is anything to show, so that the rest keeps its place.
        self._nothing = QWidget()
        for page in (self._nothing, self.map, self.plot, self.table):
            self.pages.addWidget(page)
        self.numbers = QPushButton(self.tr("Table"))
        self.numbers.setCheckable(True)
        self.numbers.setToolTip(self.tr("The same as a table of numbers"))
        self.numbers.toggled.connect(self._show)
        self.copy = CopyButton(self.as_text)
        self.reading = QLabel()
        self.reading.setWordWrap(True)
        theme.set_role(self.reading, "muted")
        self.map.hovered.connect(self.reading.setText)
        self._lay_out()
        self._offer()
        self._show()

    def _lay_out(self) -> None:
        top, second, below = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.kind, 1)
        top.addWidget(self.shape)
        second.addWidget(QLabel(self.tr("Points")))
        second.addWidget(self.points)
        second.addStretch(1)
        second.addWidget(self.button)
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.addRow(self.tr("Seed"), self.seed)
        for label, (parameter, entry) in zip(("x", "y"), self.choices, strict=True):
            row = QHBoxLayout()
            row.addWidget(parameter, 1)
            row.addWidget(entry)
            self.form.addRow(label, row)
        below.addWidget(self.reading, 1)
        below.addWidget(self.numbers)
        below.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(top)
        layout.addLayout(self.form)
        layout.addLayout(second)
        layout.addWidget(self.progress)
        layout.addWidget(self.story)
        layout.addWidget(self.pages, 1)
        layout.addLayout(below)
        self.setFocusProxy(self.kind)

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was computed is forgotten if its program has changed."""
        self._network = analysis.network
        program = analysis.program
        if program is None or program != self._program:
            self._program = program
            self._enquiry.reset()
            self._survey = self._landscape = None
            self._name_choices()
        self._show()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take note of where training stands."""
        self._snapshot = snapshot
        self._enable()
        if self._survey is not None and not self._enquiry.busy:
            self._plan()

    def toggle(self) -> None:
        """Begin to compute, or stop where it is."""
        if self._survey is not None:
            self._survey = None
            self._show()
            return
        chosen = [(int(p.currentData() or 0), e.value()) for p, e in self.choices]
        kind = Kind(self.kind.currentData())
        wanted = Slice(
            kind,
            self.points.value() | 1,  # odd, so that the middle is where the weights are
            self.shape.currentIndex() == 1,
            self.seed.value(),
            (chosen[0], chosen[1]),
            1.0 if kind is Kind.RANDOM else 2.0,
        )
        if kind is Kind.PAIR and chosen[0] == chosen[1] and not wanted.flat:
            self.story.setText(self.tr("Choose two different numbers."))
            return
        self._names = self._axis_names(kind)
        self._survey, self._landscape = Survey(wanted), None
        self._plan()
        self._show()

    # Computing.

    def _plan(self) -> None:
        running = self._snapshot is not None and self._snapshot.state is State.RUNNING
        self._pace.want(running=running)

    def _go_on(self) -> None:
        survey = self._survey
        if survey is not None and not self._enquiry.busy:
            self._enquiry.put(partial(survey.go_on, SLICE), partial(self._take, survey))

    def _take(self, survey: Survey, landscape: Landscape) -> None:
        if survey is not self._survey:
            return
        self._landscape = landscape
        if landscape.done >= 1:
            self._survey = None
        else:
            self._plan()
        self._show()

    def _say(self, reason: str) -> None:
        self._survey = None
        self._show()
        self.story.setText(reason)

    # Showing.

    def as_text(self) -> str:
        """All losses: a line for each place of the second direction, a column for the first."""
        found = self._landscape
        if found is None:
            return ""
        lines = ["\t".join(["y \\ x", *(f"{x:.6g}" for x in found.xs)])]
        for y, row in zip(found.ys, found.losses, strict=True):
            lines.append("\t".join([f"{y:.6g}", *(f"{loss:.6g}" for loss in row)]))
        return "\n".join(lines)

    def _enable(self) -> None:
        ready = self._snapshot is not None and self._snapshot.cursor is not None
        self.button.setEnabled(ready and self._program is not None)

    def _show(self) -> None:
        busy, found = self._survey is not None, self._landscape
        self.button.setText(self.tr("Cancel") if busy else self.tr("Compute"))
        self.progress.setVisible(busy)
        self.progress.setValue(0 if found is None else round(1000 * found.done))
        for widget in (self.numbers, self.copy):
            widget.setVisible(found is not None)
        self._enable()
        self.story.setText(self._tell())
        if found is None:
            self.reading.clear()
            self.pages.setCurrentWidget(self._nothing)
            return
        if self.numbers.isChecked():
            self.pages.setCurrentWidget(self.table)
            self._fill(found)
        elif len(found.ys) == 1:
            self.pages.setCurrentWidget(self.plot)
            row = found.losses[0]
            xs, losses = tuple(map(float, found.xs)), tuple(map(float, row))
            middle = len(xs) // 2
            at = 0.0 if found.explained is None else float(found.path[-1, 0])
            here = float(np.interp(at, found.xs, row)) if found.done >= 1 else losses[middle]
            self.plot.set_lines([
                Line(self.tr("loss"), xs, losses, 0),
                Line(self.tr("now"), (at,), (here,), 1, dots=True),
            ])  # fmt: skip
        else:
            self.pages.setCurrentWidget(self.map)
            lines = [(level, contours(found.xs, found.ys, found.losses, level)) for level in LEVELS]
            self.map.set_surface(found.xs, found.ys, found.losses, lines, found.path, self._names)

    def _fill(self, found: Landscape) -> None:
        rows = [
            [Cell(f"({x:.3g}, {y:.3g})"), Cell("–" if np.isnan(loss) else f"{loss:.6g}", loss)]
            for y, row in zip(found.ys, found.losses, strict=True)
            for x, loss in zip(found.xs, row, strict=True)
        ]
        self.table.set_rows(rows, self.table.chosen())

    def _tell(self) -> str:
        if self._network is None or not self._network.nodes:
            return self.tr("There is no network yet. Build one, and train it.")
        if self._program is None:
            return self.tr("This network cannot be trained yet. See Messages.")
        found = self._landscape
        if found is None:
            if self._survey is not None:
                return self.tr("Computing…")
            return self.tr(
                "How the loss changes when the weights are moved from where they are now. "
                "Training may go on meanwhile."
            )
        text = self.tr("Loss of {rows}; plum is the path, the large dot is now.")
        if len(found.ys) == 1:
            text = self.tr("Loss of {rows} along the direction; the dot is now.")
        text = text.format(rows=counts.training_rows(found.rows))
        if found.explained is not None:
            a, b = found.explained
            more = self.tr("The axes hold {a} and {b} of how the path varies.")
            text += " " + more.format(a=f"{a:.0%}", b=f"{b:.0%}")
        if not np.isfinite(found.losses).any():
            return self.tr("The loss is not a finite number anywhere here.")
        return text

    def _offer(self) -> None:
        kind = Kind(self.kind.currentData())
        self.form.setRowVisible(0, kind is Kind.RANDOM)
        self.form.setRowVisible(1, kind is Kind.PAIR)
        # A line has one direction.
        self.form.setRowVisible(2, kind is Kind.PAIR and self.shape.currentIndex() == 0)

    def _name_choices(self) -> None:
        program, network = self._program, self._network
        for place, (parameter, entry) in enumerate(self.choices):
            parameter.blockSignals(True)
            parameter.clear()
            if program is not None and network is not None:
                for value in program.parameters:
                    parameter.addItem(value_name(network, program, value.id), value.id)
            parameter.blockSignals(False)
            self._limit(place)
            # The first pixels of many pictures are always dark, and nothing depends on them.
            entry.setValue(entry.maximum() // 2 + place)

    def _limit(self, place: int) -> None:
        parameter, entry = self.choices[place]
        value = parameter.currentData()
        if self._program is not None and value is not None:
            shape = resolve(self._program.values[value].shape, {})
            entry.setRange(0, int(np.prod(shape)) - 1)

    def _axis_names(self, kind: Kind) -> tuple[str, str]:
        if kind is Kind.RANDOM:
            return self.tr("first random direction"), self.tr("second random direction")
        if kind is Kind.PATH:
            return self.tr("first component"), self.tr("second component")
        first, second = (f"{p.currentText()} [{e.value()}]" for p, e in self.choices)
        return first, second
