"""How gradients, weights and activations went since training began."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.history import SLICE, Answer, History, Quantity
from backprop_studio.insight.tracks import Curve, Measure, bin_range, curves, shares
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.pacing import Pace
from backprop_studio.ui.widgets.copy_button import CopyButton
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.line_plot import Line, LinePlot
from backprop_studio.ui.widgets.ridges import Bin, RidgePlot
from backprop_studio.ui.widgets.time_map import TimeMap

_DECADES = {Measure.RATIO: (-6.0, 0.0)}
_USUAL = (-6.0, 2.0)
_SHARES = (-3.0, 0.0)
LINES, MAP, DISTRIBUTION, RIDGES, TABLE = range(5)
_OF_ONE = (DISTRIBUTION, RIDGES)
"""Views that show the entries of one array."""

_MANY = 10
"""Lines that can still be told apart."""


class OverTimePanel(QWidget):
    """Norms and distributions since the start, by layer and by parameter.

    Parameters
    ----------
    ask
        Asks the worker.
    history
        What has been seen of the past; others may look into the same one.
    """

    node_chosen = Signal(str)
    """Id of the node whose row was double-clicked, or entered."""

    def __init__(self, ask: Ask, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._pace = Pace(self, self._look)
        self._history = history
        self._network: Network | None = None
        self._answer = Answer((), 0, 0.0)
        self._snapshot: Snapshot | None = None
        self._asked: object = None
        self._curves: tuple[Curve, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self._make_choice())
        layout.addWidget(self._make_story())
        layout.addWidget(self._make_pages(), 1)
        layout.addLayout(self._make_reading())
        self.setFocusProxy(self.measure)
        self.measure.currentIndexChanged.connect(self._choose)
        self.view.currentIndexChanged.connect(self._choose)
        self.of.currentIndexChanged.connect(self._draw)
        self._choose()

    def _make_choice(self) -> Flow:
        """What is followed, of what, and how it is shown."""
        self.measure = QComboBox()
        for measure, text in (
            (Measure.GRADIENT, self.tr("Gradients")),
            (Measure.WEIGHT, self.tr("Weights")),
            (Measure.UPDATE, self.tr("Updates")),
            (Measure.RATIO, self.tr("Update / weight")),
            (Measure.ACTIVATION, self.tr("Activations")),
            (Measure.SIGNAL, self.tr("Error signals")),
        ):
            self.measure.addItem(text, measure)
        self.measure.setAccessibleName(self.tr("What is followed"))
        self.measure.setToolTip(
            self.tr("Norms of gradients, weights and updates; root mean squares of the others")
        )
        self.view = QComboBox()
        self.view.addItems(
            [
                self.tr("Lines"),
                self.tr("Map"),
                self.tr("Distribution"),
                self.tr("Ridges"),
                self.tr("Table"),
            ]
        )
        self.view.setAccessibleName(self.tr("How it is shown"))
        self.view.setToolTip(
            self.tr(
                "Curves; layers over time as colours; how the entries of one are distributed, as "
                "colours or as hills"
            )
        )
        self.of = QComboBox()
        self.of.setAccessibleName(self.tr("Of what"))
        self.of.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.of.setToolTip(self.tr("Each layer as a whole, or every parameter of it"))
        self.of.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return Flow(self.measure, self.view, self.of)

    def _make_story(self) -> QLabel:
        """What is seen, in words."""
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        return self.story

    def _make_pages(self) -> QStackedWidget:
        """The views, one in front."""
        self.plot = LinePlot(self.tr("epoch"), self.tr("norm"), log_y=True)
        self.map = TimeMap(self.tr("epoch"))
        self.map.setAccessibleName(self.tr("Sizes over time"))
        self.map.row_entered.connect(self._go)
        self.ridges = RidgePlot(
            self.tr("size and sign of the numbers, logarithmic"), self.tr("epoch")
        )
        self.ridges.setAccessibleName(self.tr("Distributions over time"))
        self.table = self._make_table()
        self.pages = QStackedWidget()
        for page in (self.plot, self.map, self.ridges, self.table):
            self.pages.addWidget(page)
        return self.pages

    def _make_table(self) -> DataTable:
        table = DataTable(
            [
                self.tr("Of"),
                self.tr("First"),
                self.tr("Now"),
                self.tr("Least"),
                self.tr("Most"),
            ],
            self.tr("What became of each"),
            sortable=True,
        )
        table.setToolTip(self.tr("Double-click or Enter: go to the layer"))
        table.row_entered.connect(self._go)
        return table

    def _make_reading(self) -> QHBoxLayout:
        """What is under the mouse, and the way out as text."""
        self.reading = QLabel()
        self.reading.setWordWrap(True)
        theme.set_role(self.reading, "muted")
        for picture in (self.map, self.ridges):
            picture.hovered.connect(self.reading.setText)
        self.copy = CopyButton(self.as_text)
        below = QHBoxLayout()
        below.addWidget(self.reading, 1)
        below.addWidget(self.copy)
        return below

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network: its names, and soon its past."""
        self._network = analysis.network
        self._enquiry.reset()
        self._asked = None
        if not analysis.trainable:
            self._answer = Answer((), 0, 0.0)
        self._choose()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Look at what is new, soon."""
        self._snapshot = snapshot
        if snapshot.cursor is None:
            self._answer = Answer((), 0, 0.0)
            self._draw()
            return
        self._plan()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._plan()

    # Asking.

    def _plan(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.cursor is None or not self.isVisible():
            return
        moment = (snapshot.revision, snapshot.branch, snapshot.live, snapshot.completed)
        if moment != self._asked or self._answer.missing:
            self._pace.want(running=snapshot.state is State.RUNNING)

    def _look(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or self._enquiry.busy:
            return
        self._asked = (snapshot.revision, snapshot.branch, snapshot.live, snapshot.completed)
        self._enquiry.put(partial(self._history.look, SLICE), self._take)

    def _take(self, answer: Answer) -> None:
        self._answer = answer
        self._draw()
        self._plan()

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("The past cannot be looked at: {reason}").format(reason=reason))

    # Showing.

    def as_text(self) -> str:
        """All moments, one a line, with tabs between the columns."""
        samples = self._answer.samples
        if self.view.currentIndex() in _OF_ONE:
            table = self._distribution()
            head = [self.tr("epoch")] + [
                f"{a:g} … {b:g}" for a, b in map(bin_range, range(len(table)))
            ]
            columns = table.T
        else:
            head = [self.tr("epoch"), *(self._name(c.key) for c in self._curves)]
            columns = np.array([c.values for c in self._curves]).reshape(-1, len(samples)).T
        lines = ["\t".join(head)]
        for sample, row in zip(samples, columns, strict=True):
            lines.append("\t".join([f"{sample.epochs:.6g}", *(f"{x:.6g}" for x in row)]))
        return "\n".join(lines)

    def _choose(self) -> None:
        """Offer what there is of the chosen measure."""
        distribution = self.view.currentIndex() in _OF_ONE
        kept = self.of.currentText()
        self.of.blockSignals(True)
        self.of.clear()
        if distribution:
            for key in self._keys():
                self.of.addItem(self._name(key), key)
        elif self._measure() in (Measure.ACTIVATION, Measure.SIGNAL):
            self.of.addItem(self.tr("every layer"))
        else:
            self.of.addItems([self.tr("every layer"), self.tr("every parameter")])
        self.of.setCurrentIndex(max(self.of.findText(kept), 0))
        self.of.blockSignals(False)
        self._draw()

    def _measure(self) -> Measure:
        return Measure(self.measure.currentData())

    def _quantity(self) -> Quantity | None:
        """What the distribution is of; None where none is kept."""
        measure = self._measure()
        without = (Measure.UPDATE, Measure.RATIO)
        return None if measure in without else Quantity(measure)

    def _keys(self) -> list[tuple[str, ...]]:
        samples, quantity = self._answer.samples, self._quantity()
        return [key for kind, key in samples[-1].counts if kind is quantity] if samples else []

    def _draw(self) -> None:
        samples = self._answer.samples
        view = self.view.currentIndex()
        if (
            view in _OF_ONE
            and [self.of.itemData(i) for i in range(self.of.count())] != self._keys()
        ):
            self._choose()
            return
        self._curves = curves(samples, self._measure(), layers=self.of.currentIndex() == 0)
        self.story.setText(self._tell())
        self.copy.setEnabled(bool(samples))
        shown = bool(samples) and (view not in _OF_ONE or self._quantity() is not None)
        self.pages.setVisible(shown)
        if not shown:
            self.reading.clear()
            return
        page, draw = (
            (self.plot, self._draw_lines),
            (self.map, self._draw_map),
            (self.map, self._draw_distribution),
            (self.ridges, self._draw_ridges),
            (self.table, self._fill),
        )[view]
        self.pages.setCurrentWidget(page)
        draw()

    def _tell(self) -> str:
        answer, snapshot = self._answer, self._snapshot
        if self._network is None or not self._network.nodes:
            return self.tr("There is no network yet. Build one, and train it.")
        if snapshot is None or snapshot.cursor is None:
            return self.tr("This network cannot be trained yet. See Messages.")
        if not answer.samples:
            return self.tr("Nothing is recorded yet. Run a few iterations, or step one batch.")
        if self.view.currentIndex() in _OF_ONE and self._quantity() is None:
            return self.tr("Distributions are kept of gradients, weights and what layers hand on.")
        if not self._curves:
            if self._measure() in (Measure.ACTIVATION, Measure.SIGNAL):
                return self.tr("No layer hands on numbers that this could be said of.")
            return self.tr("Nothing is learned by gradients here: all is frozen, or none is used.")
        count = len(answer.samples)
        many = self.tr("{count} moments of the run.").format(count=count)
        parts = [self.tr("One moment of the run.") if count == 1 else many]
        if answer.missing:
            parts = [
                self.tr("{count} moments, {missing} more are being replayed…").format(
                    count=len(answer.samples), missing=answer.missing
                )
            ]
        if answer.first > 0:
            text = self.tr("The record begins at epoch {epoch}, after an edit.")
            parts.append(text.format(epoch=f"{answer.first:.3g}"))
        if any(math.isnan(v) or math.isinf(v) for c in self._curves for v in c.values):
            parts.append(self.tr("Some numbers are not finite, or belong to another network."))
        if self._measure() is Measure.RATIO:
            parts.append(self.tr("About 1e-3 is usual."))
        return " ".join(parts)

    def _draw_lines(self) -> None:
        xs = tuple(s.epochs for s in self._answer.samples)
        colors = len(theme.current().curves)
        lines = []
        for place, curve in enumerate(self._curves[:_MANY]):
            name, again = self._name(curve.key), place >= colors
            name = self.tr("{name} (dashed)").format(name=name) if again else name
            dots = len(xs) == 1
            lines.append(Line(name, xs, curve.values, place, dots=dots, dashed=again))
        self.plot.set_lines(lines)
        more = len(self._curves) - _MANY
        self.reading.setText(
            self.tr("{count} more are in the map and the table.").format(count=more)
            if more > 0
            else ""
        )

    def _draw_map(self) -> None:
        table = np.array([c.values for c in self._curves]).reshape(-1, len(self._answer.samples))
        self.map.set_map(
            table,
            [self._name(c.key) for c in self._curves],
            self._epochs(),
            decades=_DECADES.get(self._measure(), _USUAL),
            now=self._now(),
        )

    def _draw_distribution(self) -> None:
        table, bins = self._distribution(), self._bins()
        self.map.set_map(
            table,
            [bin_.tick for bin_ in bins],
            self._epochs(),
            decades=_SHARES,
            now=self._now(),
            readings=[bin_.reading for bin_ in bins],
        )

    def _draw_ridges(self) -> None:
        # From left to right as on any axis: the negative ones first.
        hills, bins = self._distribution()[::-1], self._bins()[::-1]
        self.ridges.set_hills(hills, bins, self._epochs(), now=self._now())

    def _bins(self) -> list[Bin]:
        told = self.tr("share from {low} to {high}")
        ranges = map(bin_range, range(len(self._distribution())))
        return [
            Bin(_tick(low, high), told.format(low=f"{low:.2g}", high=f"{high:.2g}"))
            for low, high in ranges
        ]

    def _distribution(self) -> np.ndarray:
        quantity, key = self._quantity(), self.of.currentData()
        if quantity is None or key is None:
            return np.empty((0, len(self._answer.samples)))
        return shares(self._answer.samples, quantity, tuple(key))

    def _fill(self) -> None:
        rows = []
        for curve in self._curves:
            values = [v for v in curve.values if not math.isnan(v)] or [math.nan]
            numbers = (curve.values[0], curve.values[-1], min(values), max(values))
            rows.append([Cell(self._name(curve.key)), *(Cell(f"{v:.3g}", v) for v in numbers)])
        self.table.set_rows(rows, self.table.chosen())

    def _epochs(self) -> list[float]:
        return [s.epochs for s in self._answer.samples]

    def _now(self) -> float | None:
        return None if self._snapshot is None else self._snapshot.epoch

    def _name(self, key: tuple[str, ...]) -> str:
        network = self._network
        if network is None or not (key[0] in network or network.sharing(key[0])):
            return "/".join(key)
        return "/".join((node_name(network, key[0]), *key[1:]))

    def _go(self, row: int) -> None:
        network, view = self._network, self.view.currentIndex()
        key = self.of.currentData() if view in _OF_ONE else self._curves[row].key
        if network is None or key is None:
            return
        sharing = network.sharing(key[0])
        if key[0] in network or sharing:
            self.node_chosen.emit(key[0] if key[0] in network else sharing[0].id)


def _tick(low: float, high: float) -> str:
    """The power of a hundred that lies in a bin, to be written beside it; empty for most."""
    if low < 0 < high:
        return "0"
    sign, small, large = ("", low, high) if low > 0 else ("−", -high, -low)
    power = math.ceil(math.log10(small) / 2) * 2
    return f"{sign}1e{power}" if small <= 10.0**power < large else ""
