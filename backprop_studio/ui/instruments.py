"""The instruments: panels that ask the worker questions about the moment it stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol, cast

import numpy as np
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from backprop_studio.autograd import Program, resolve
from backprop_studio.network import Analysis
from backprop_studio.training import Cursor, Snapshot
from backprop_studio.ui.asking import Ask

INSTRUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "example": "ExamplePanel",
        "explanation": "ExplanationPanel",
        "credit": "CreditPanel",
        "inside": "InsidePanel",
        "efficiency": "EfficiencyPanel",
        "paths": "PathsPanel",
        "rules": "RulesPanel",
        "compare": "ComparePanel",
        "bug_hunt": "BugHuntPanel",
        "gradient_check": "GradientCheckPanel",
        "over_time": "OverTimePanel",
        "landscape": "LandscapePanel",
        "doctor": "DoctorPanel",
        "gradient_flow": "GradientFlowPanel",
        "predictions": "PredictionsPanel",
        "representations": "RepresentationsPanel",
        "units": "UnitsPanel",
        "voices": "VoicesPanel",
    }
)
"""The class of every instrument, by its key, which is also the name of its file in `panels`."""

_WITH_HISTORY = ("over_time", "doctor")
"""Those that share what was measured while training ran."""


class Instrument(Protocol):
    """What every one of them can do."""

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take note of another moment; cheap, as it is called while training runs."""


class Instruments(QObject):
    """All of them, as one: told of the network and the moment, and heard where they agree.

    Each is built when it is first needed, and its file is imported then: a start does not wait
    for what is not in sight. ``instruments.credit`` is the instrument of that key. To speak to
    one that need not be built for it, `tell` it; to hear one, `hear` it.

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
    built = Signal(str)
    """Key of an instrument that is there from now on."""

    def __init__(self, ask: Ask, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self._program: Program | None = None
        self._followed: tuple[Cursor, int] | None = None
        self._built: dict[str, QWidget] = {}
        self._heard: list[tuple[str, str, Callable[..., object]]] = []
        self._told: dict[str, dict[str, tuple[object, ...]]] = {}
        self._analysis: Analysis | None = None
        self._snapshot: Snapshot | None = None
        self._behind: set[str] = set()
        self.hear("example", "row_chosen", lambda row: self.tell("units", "set_row", row))
        self.hear("example", "example_chosen", lambda row: self.tell("units", "set_example", row))

    def __getattr__(self, key: str) -> Any:
        # Only for what is no attribute of the usual kind.
        if key in INSTRUMENTS:
            return self.panel(key)
        raise AttributeError(key)

    def panel(self, key: str) -> QWidget:
        """An instrument, built when it is first asked for.

        Raises
        ------
        KeyError
            There is none of this key.
        """
        if key not in self._built:
            self._built[key] = self._build(key)
            self.built.emit(key)
        return self._built[key]

    def tell(self, key: str, method: str, *arguments: object) -> None:
        """Call a method of an instrument, now or when it is built; then, the last call counts."""
        if key in self._built:
            getattr(self._built[key], method)(*arguments)
        else:
            self._told.setdefault(key, {})[method] = arguments

    def hear(self, key: str, signal: str, slot: Callable[..., object]) -> None:
        """Connect a signal of an instrument, now or when it is built."""
        self._heard.append((key, signal, slot))
        if key in self._built:
            getattr(self._built[key], signal).connect(slot)

    @cached_property
    def _history(self) -> object:
        from backprop_studio.insight.history import History

        return History()

    def _build(self, key: str) -> QWidget:
        build = cast(Callable[..., QWidget], kind(key))
        panel = build(self._ask, self._history) if key in _WITH_HISTORY else build(self._ask)
        panel.installEventFilter(self)
        for name, slot in (
            ("node_chosen", self.node_chosen),
            ("number_chosen", self.explain),
            ("example_traced", self.trace),
        ):
            signal = getattr(panel, name, None)
            if signal is not None:
                signal.connect(slot)
        for whose, name, heard in self._heard:
            if whose == key:
                getattr(panel, name).connect(heard)
        for method, arguments in self._told.pop(key, {}).items():
            getattr(panel, method)(*arguments)
        return panel

    def set_network(self, analysis: Analysis) -> None:
        """Tell all that are in sight that the network has changed; the others when they are."""
        self._program = analysis.program
        self._analysis = analysis
        self._behind = set(INSTRUMENTS)
        self._catch_up()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Tell all that are in sight where training stands."""
        self._snapshot = snapshot
        for panel in self._built.values():
            if panel.isVisible():
                cast(Instrument, panel).show_snapshot(snapshot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._catch_up(watched)
        return super().eventFilter(watched, event)

    def _catch_up(self, shown: QObject | None = None) -> None:
        """Hidden panels cost nothing: what they have missed is told when they come into sight."""
        for key, panel in self._built.items():
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

    def trace(self, example: int) -> None:
        """Trace an example of the data through the network, and show which one it is."""
        self.opened.emit("example")
        self.example.trace(example)

    def explain(self, value: int, entry: tuple[int, ...]) -> None:
        """Open the explanation of a number."""
        self.opened.emit("explanation")
        self.explanation.explain(value, entry)


def kind(key: str) -> type[QWidget]:
    """The class of an instrument, by its key; imported, and not built."""
    module = import_module(f"backprop_studio.ui.panels.{key}")
    return cast(type[QWidget], getattr(module, INSTRUMENTS[key]))
