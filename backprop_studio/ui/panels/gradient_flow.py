"""The error signal on its way from the loss to the input, layer by layer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from backprop_studio.insight.depth import EXPLODED, VANISHED, Profile, Trend, profile
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.pacing import Pace
from backprop_studio.ui.widgets.copy_button import CopyButton
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.log_bars import Bar, LogBars

DECADES = (-12, 4)
"""Ends of the axis, as powers of ten."""

_FRAME = 6
_TALLEST = 230


class GradientFlowPanel(QWidget):
    """How much of the error signal reaches each layer at this moment.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node whose row was double-clicked, or entered."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._pace = Pace(self, self._look)
        self._network: Network | None = None
        self._snapshot: Snapshot | None = None
        self._profile: Profile | None = None
        self._asked: object = None
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.bars = LogBars(DECADES)
        self.bars.setAccessibleName(self.tr("Size of the error signal, layer by layer"))
        self.bars.setToolTip(
            self.tr("Root mean square of the error signal; the loss is on top, the input below")
        )
        self.held = QScrollArea()
        self.held.setWidget(self.bars)
        self.held.setWidgetResizable(True)
        self.held.setFrameShape(QScrollArea.Shape.NoFrame)
        self.table = DataTable(
            [
                self.tr("Layer"),
                self.tr("Signal"),
                self.tr("× loss side"),
                self.tr("Gradient"),
                self.tr("Output"),
            ],
            self.tr("Error signal at each layer"),
        )
        self.table.setToolTip(
            self.tr(
                "Root mean squares; the gradient is that of the weights. "
                "Double-click or Enter: go to the layer"
            )
        )
        self.table.row_chosen.connect(self.bars.choose)
        self.table.row_entered.connect(self._go)
        self.bars.row_chosen.connect(self.table.choose)
        self.bars.row_entered.connect(self._go)
        self.copy = CopyButton(self.table.as_text)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.verdict)
        layout.addWidget(self.held)
        layout.addWidget(self.table, 1)
        layout.addLayout(below)
        self.setFocusProxy(self.bars)
        self._show(None)

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""
        self._network = analysis.network
        self._enquiry.reset()
        self._asked = None
        self._show(None)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Measure this moment, soon."""
        self._snapshot = snapshot
        if snapshot.cursor is None:
            self._show(None)
        else:
            self._plan()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._plan()

    def _moment(self) -> object:
        s = self._snapshot
        return None if s is None else (s.revision, s.branch, s.cursor, s.edited)

    def _plan(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.cursor is None or self._moment() == self._asked:
            return
        self._pace.want(running=snapshot.state is State.RUNNING)

    def _look(self) -> None:
        if not self._enquiry.busy and self._snapshot is not None:
            self._asked = self._moment()
            self._enquiry.put(profile, self._take)

    def _take(self, told: Profile) -> None:
        self._show(told)
        self._plan()

    def _say(self, reason: str) -> None:
        self.verdict.setText(self.tr("Cannot be measured: {reason}").format(reason=reason))

    # Showing.

    def _show(self, told: Profile | None) -> None:
        self._profile = told
        shown = told is not None and any(s.signal is not None for s in told.stops)
        text, role = self._judge(told)
        self.verdict.setText(text)
        theme.set_role(self.verdict, role)
        for widget in (self.held, self.table, self.copy):
            widget.setVisible(shown)
        if told is None or not shown:
            return
        first = next(s.signal for s in told.stops if s.signal is not None)
        zone = (first * VANISHED, first * EXPLODED) if first else None
        self.bars.set_bars(
            [Bar(self._name(s.node), s.signal) for s in told.stops],
            zone,
            (self.tr("vanishing"), self.tr("exploding")),
        )
        # The style sheet draws a frame around what has the keyboard: room for it on both sides.
        self.held.setFixedHeight(min(self.bars.minimumSizeHint().height() + _FRAME, _TALLEST))
        rows = []
        for stop in told.stops:
            numbers = (stop.signal, stop.share, stop.gradient, stop.activation)
            cells = [Cell("–" if x is None else f"{x:.1e}", -1.0 if x is None else x)
                     for x in numbers]  # fmt: skip
            rows.append([Cell(self._name(stop.node)), *cells])
        self.table.set_rows(rows, self.table.chosen())

    def _judge(self, told: Profile | None) -> tuple[str, str]:
        """What is to be seen, in a sentence or two, and its role in the style sheet."""
        snapshot = self._snapshot
        if self._network is None or not self._network.nodes:
            return self.tr("There is no network yet. Build one, and train it."), "muted"
        if snapshot is None or snapshot.cursor is None:
            return self.tr("This network cannot be trained yet. See Messages."), "muted"
        if told is None:
            return self.tr("Measuring…"), "muted"
        if not told.stops:
            return self.tr("There is no layer between the data and the loss."), "muted"
        if all(s.signal is None for s in told.stops):
            if told.whole:
                return self.tr("No error signal comes back: none of these layers learns by it."), (
                    "muted"
                )
            return self.tr("No error signal yet. Step on into the backward pass."), "muted"
        numbers = {"ratio": f"{told.ratio or 0.0:.2g}", "factor": f"{told.per_layer or 0.0:.2g}"}
        match told.trend:
            case Trend.BROKEN:
                return self.tr("Not every error signal is a finite number."), "error"
            case Trend.VANISHING:
                text = self.tr(
                    "The gradient vanishes: × {ratio} is left of what the loss sends, about "
                    "× {factor} a layer."
                )
                return text.format(**numbers), "warning"
            case Trend.EXPLODING:
                text = self.tr(
                    "The gradient explodes: it grows × {ratio} on its way back, about × {factor} "
                    "a layer."
                )
                return text.format(**numbers), "warning"
            case Trend.STEADY if told.ratio is None:
                return self.tr("One layer has its error signal. Step on for more."), "muted"
        text = self.tr("It flows well: the largest change from the loss is × {ratio}.")
        return text.format(**numbers), "ok"

    def _name(self, node: str) -> str:
        assert self._network is not None
        return node_name(self._network, node)

    def _go(self, row: int) -> None:
        if self._profile is not None:
            self.node_chosen.emit(self._profile.stops[row].node)
