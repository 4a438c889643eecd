"""The run of the training: steps, numbers put in by hand, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network import edits
from backprop_studio.training import (
    Boundary,
    Breakpoint,
    Cursor,
    Intervention,
    Session,
    State,
    When,
)
from backprop_studio.training.breakpoints import measure
from backprop_studio.training.naming import breakpoint_name, with_names
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine

if TYPE_CHECKING:
    from backprop_studio.ui.main_window import MainWindow

_NEEDS_A_RUN = ("run", "restart", "fork", "set_number")


class RunController(QObject):
    """Hands what a person wants of the run to the engine, and tells what became of it.

    Parameters
    ----------
    window
        With canvas and panels in it.
    document, engine
        What is trained, and what trains it.
    after_edits
        Does something with what is typed, also where a field has not been left yet.
    tell
        Says a sentence to the person.
    """

    def __init__(
        self,
        window: MainWindow,
        document: Document,
        engine: Engine,
        after_edits: Callable[[Callable[[], object]], object],
        tell: Callable[[str], object],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._engine = engine
        self._after_edits = after_edits
        self._tell = tell
        timeline, breakpoints = window.timeline, window.breakpoints
        timeline.sought.connect(engine.seek)
        timeline.fork_requested.connect(window.actions_by_id["fork"].trigger)
        timeline.switch_requested.connect(engine.switch)
        timeline.drop_requested.connect(engine.drop_branch)
        timeline.renamed.connect(engine.rename_branch)
        timeline.budget_changed.connect(engine.set_budget)
        breakpoints.breakpoints_changed.connect(self._set_breakpoints)
        breakpoints.lost.connect(tell)
        window.program.breakpoint_toggled.connect(breakpoints.toggle_instruction)
        window.program.run_to_requested.connect(engine.run_to)
        window.instruments.hear("example", "numbers_typed", self._put_in)
        window.instruments.hear("doctor", "experiment_requested", engine.try_out)
        window.instruments.hear("explanation", "change_requested", self._set_this_number)
        window.transport.stepped.connect(self._step)
        window.transport.stepped_back.connect(self._step_back)
        window.transport.speed_chosen.connect(engine.set_speed)
        window.gradients.watch_changed.connect(engine.watch)
        engine.stopped.connect(self._show_stop)
        engine.updated.connect(lambda snapshot, _: breakpoints.show_hit(snapshot.hit))
        engine.state_changed.connect(self._show_state)
        engine.failed.connect(self._show_failure)
        engine.unanswered.connect(self._show_refusal)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions on the run do, by their ids."""
        steps: dict[str, Callable[[], object]] = {
            f"{word}_{boundary}": partial(move, boundary)
            for word, move in (("step", self._step), ("back", self._step_back))
            for boundary in Boundary
        }
        return {
            "run": partial(self._after_edits, self._engine.toggle),
            **steps,
            "fork": self._engine.fork,
            "set_number": partial(self._after_edits, self._set_number),
            "restart": partial(self._after_edits, self._restart),
            "new_weights": self._draw_new_weights,
        }

    def _step(self, boundary: Boundary) -> None:
        self._after_edits(partial(self._engine.step, boundary))

    def _step_back(self, boundary: Boundary) -> None:
        self._after_edits(partial(self._back, boundary))

    def _back(self, boundary: Boundary) -> None:
        self._engine.back(boundary)
        self._engine.ask(_is_at_start, self._tell_start)

    def _tell_start(self, at_start: bool) -> None:
        if at_start:
            self._tell(self.tr("The run begins here: there is nothing before it to go back to."))

    def _restart(self) -> None:
        self._window.messages.clear_notices()
        self._engine.restart()

    def _draw_new_weights(self) -> None:
        network = self._document.network
        setup = replace(network.setup, seed=(network.setup.seed + 1) % 2**32)
        self._document.apply(self.tr("New weights"), edits.set_setup(network, setup))

    def _put_in(self, changes: tuple[Intervention, ...]) -> None:
        for change in changes:
            self._engine.intervene(change)

    def _set_this_number(self, value: int, entry: tuple[int, ...]) -> None:
        self._after_edits(partial(self._set_number, value, entry))

    def _set_number(self, value: int | None = None, entry: tuple[int, ...] = ()) -> None:
        from backprop_studio.ui.dialogs.set_number import SetNumberDialog

        lowered, snapshot = self._document.analysis.lowered, self._engine.snapshot
        if lowered is None or snapshot.cursor is None:
            return
        if snapshot.state is State.RUNNING:
            self._engine.pause()
            self._tell(self.tr("Paused. Choose Set a number again, at this moment."))
            return
        dialog = SetNumberDialog(
            self._document.network, lowered.program, snapshot, self._engine.ask, self._window
        )
        if value is not None and not dialog.choose(value, entry):
            self._tell(self.tr("This number is not computed yet. Step on to it first."))
            return
        if dialog.exec() == QDialog.DialogCode.Accepted:
            intervention = dialog.intervention()
            if intervention is not None:
                self._engine.intervene(intervention)
        dialog.deleteLater()

    def _set_breakpoints(self, points: tuple[Breakpoint, ...]) -> None:
        self._engine.set_breakpoints(points)
        self._window.program.set_breakpoints(self._window.breakpoints.instructions())

    # What the engine says.

    def _show_state(self, state: State) -> None:
        self._window.transport.set_state(state)
        for key, action in self._window.actions_by_id.items():
            if key.startswith(("step_", "back_")) or key in _NEEDS_A_RUN:
                action.setEnabled(state is not State.EMPTY)

    def _show_stop(self, point: Breakpoint) -> None:
        lowered = self._document.analysis.lowered
        program = None if lowered is None else lowered.program
        name = breakpoint_name(self._document.network, program, point)
        text = self.tr("Stopped at a breakpoint: {name}").format(name=name)
        self._tell(text)
        if isinstance(point, When):
            # The limit alone does not say by how much it was passed.
            reading = self.tr("{text} (it is {number})")
            self._engine.ask(
                partial(_read, point),
                lambda number: self._tell(reading.format(text=text, number=f"{number:.4g}")),
            )

    def _show_failure(self, failure: Diagnostic) -> None:
        text = with_names(self._document.network, failure).text
        self._notify(text, Severity.ERROR)
        self._tell(text)

    def _show_refusal(self, text: str) -> None:
        refused = self._engine.snapshot.refused
        if refused is not None and refused.code == "run-long" and refused.text == text:
            self._notify(text, Severity.WARNING)
        self._tell(text)

    def _notify(self, text: str, severity: Severity) -> None:
        """Leave a notice in sight: who comes back later finds out why the run has stopped."""
        self._window.messages.show_notice(text, severity)
        self._window.layouts.open("messages", keyboard=False)


def _read(condition: When, session: Session) -> float:
    return measure(session.program, session.machine, condition)


def _is_at_start(session: Session) -> bool:
    return session.cursor == Cursor(0, 0) and not session.element
