"""The instruments: panels that ask the worker questions about the moment it stands at."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from backprop_studio.autograd import Program, resolve
from backprop_studio.insight.history import History
from backprop_studio.network import Analysis
from backprop_studio.training import Cursor, Snapshot
from backprop_studio.ui.asking import Ask
from backprop_studio.ui.panels.bug_hunt import BugHuntPanel
from backprop_studio.ui.panels.compare import ComparePanel
from backprop_studio.ui.panels.credit import CreditPanel
from backprop_studio.ui.panels.doctor import DoctorPanel
from backprop_studio.ui.panels.efficiency import EfficiencyPanel
from backprop_studio.ui.panels.example import ExamplePanel
from backprop_studio.ui.panels.explanation import ExplanationPanel
from backprop_studio.ui.panels.gradient_check import GradientCheckPanel
from backprop_studio.ui.panels.gradient_flow import GradientFlowPanel
from backprop_studio.ui.panels.inside import InsidePanel
from backprop_studio.ui.panels.landscape import LandscapePanel
from backprop_studio.ui.panels.over_time import OverTimePanel
from backprop_studio.ui.panels.paths import PathsPanel
from backprop_studio.ui.panels.predictions import PredictionsPanel
from backprop_studio.ui.panels.representations import RepresentationsPanel
from backprop_studio.ui.panels.rules import RulesPanel
from backprop_studio.ui.panels.units import UnitsPanel
from backprop_studio.ui.panels.voices import VoicesPanel


class Instrument(Protocol):
    """What every one of them can do."""

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take note of another moment; cheap, as it is called while training runs."""


class Instruments(QObject):
    """All of them, as one: told of the network and the moment, and heard where they agree.

    Parameters
    ----------
    ask
        Asks the worker.
    parent
        The window.
    """

    node_chosen = Signal(str)
    """Id of a node that is to be selected on the canvas."""
    opened = Signal(str)
    """Key of the instrument that another one leads to."""

    def __init__(self, ask: Ask, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        self._followed: tuple[Cursor, int] | None = None
        self.example = ExamplePanel(ask)
        self.explanation = ExplanationPanel(ask)
        self.credit = CreditPanel(ask)
        self.inside = InsidePanel(ask)
        self.efficiency = EfficiencyPanel(ask)
        self.paths = PathsPanel(ask)
        self.rules = RulesPanel(ask)
        self.compare = ComparePanel(ask)
        self.bug_hunt = BugHuntPanel(ask)
        self.gradient_check = GradientCheckPanel(ask)
        history = History()
        self.over_time = OverTimePanel(ask, history)
        self.gradient_flow = GradientFlowPanel(ask)
        self.doctor = DoctorPanel(ask, history)
        self.predictions = PredictionsPanel(ask)
        self.representations = RepresentationsPanel(ask)
        self.landscape = LandscapePanel(ask)
        self.units = UnitsPanel(ask)
        self.example.row_chosen.connect(self.units.set_row)
        self.voices = VoicesPanel(ask)
        self.panels: dict[str, QWidget] = {
            "example": self.example,
            "explanation": self.explanation,
            "credit": self.credit,
            "inside": self.inside,
            "efficiency": self.efficiency,
            "paths": self.paths,
            "rules": self.rules,
            "compare": self.compare,
            "bug_hunt": self.bug_hunt,
            "gradient_check": self.gradient_check,
            "over_time": self.over_time,
            "landscape": self.landscape,
            "doctor": self.doctor,
            "gradient_flow": self.gradient_flow,
            "predictions": self.predictions,
            "representations": self.representations,
            "units": self.units,
            "voices": self.voices,
        }
        self._analysis: Analysis | None = None
        self._snapshot: Snapshot | None = None
        self._behind: set[str] = set()
        for panel in self.panels.values():
            panel.installEventFilter(self)
            for name, slot in (
                ("node_chosen", self.node_chosen),
                ("number_chosen", self.explain),
                ("example_traced", self.trace),
            ):
                signal = getattr(panel, name, None)
                if signal is not None:
                    signal.connect(slot)

    def set_network(self, analysis: Analysis) -> None:
        """Tell all that are in sight that the network has changed; the others when they are."""
        self._program = None if analysis.lowered is None else analysis.lowered.program
        self._analysis = analysis
        self._behind = set(self.panels)
        self._catch_up()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Tell all that are in sight where training stands."""
        self._snapshot = snapshot
        for panel in self.panels.values():
            if panel.isVisible():
                cast(Instrument, panel).show_snapshot(snapshot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._catch_up(watched)
        return super().eventFilter(watched, event)

    def _catch_up(self, shown: QObject | None = None) -> None:
        """Hidden panels cost nothing: what they have missed is told when they come into sight."""
        for key, panel in self.panels.items():
            if panel is not shown and not panel.isVisible():
                continue
            if key in self._behind and self._analysis is not None:
                self._behind.discard(key)
                cast(Instrument, panel).set_network(self._analysis)
            if panel is shown and self._snapshot is not None:
                cast(Instrument, panel).show_snapshot(self._snapshot)

    def follow(self, snapshot: Snapshot) -> None:
        """Explain the number that was stepped to, where single numbers are stepped through."""
        cursor = snapshot.cursor
        place = None if cursor is None or not snapshot.element else (cursor, snapshot.element)
        if place == self._followed:
            return
        self._followed = place
        if place is None or self._program is None:
            return
        index, element = place[0].index % len(self._program.instructions), place[1]
        value = self._program.values[self._program.instructions[index].outputs[0]]
        shape = resolve(value.shape, {"N": snapshot.batch_size})
        entry = np.unravel_index(element - 1, shape)
        self.explain(value.id, tuple(int(i) for i in entry))

    def trace(self, row: int) -> None:
        """Trace a row of the batch through the network, and show which one it is."""
        self.opened.emit("example")
        self.example.trace(row)

    def explain(self, value: int, entry: tuple[int, ...]) -> None:
        """Open the explanation of a number."""
        self.opened.emit("explanation")
        self.explanation.explain(value, entry)
