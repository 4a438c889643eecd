"""Does steps of a lesson for the learner, in the window: the same actions as without one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

from backprop_studio.autograd import Phase
from backprop_studio.errors import StudioError
from backprop_studio.lessons import Action, Check, Expression, Moment, Prediction, Runner, observe
from backprop_studio.lessons.actions import (
    AnswerTo,
    CheckGradients,
    Close,
    Open,
    Predict,
    SetBreakpoint,
)
from backprop_studio.lessons.driver import command_of
from backprop_studio.lessons.lesson import said_number
from backprop_studio.network import Network
from backprop_studio.training import Boundary, Command, Session, Step
from backprop_studio.training.breakpoints import AtPhase
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine

AT_ONCE = 20
"""Commands that are given before it is looked whether the rest is still wanted; epochs, which are
long, one by one."""


class Learner(Protocol):
    """On whose behalf it is done."""

    @property
    def runner(self) -> Runner | None:
        """The lesson that is open."""

    def see(self, moment: Moment | None) -> None:
        """Take note of where the run stands."""

    def look(self) -> None:
        """Ask where the run stands."""

    def predict(self, asked: Prediction, said: str | float, sure: int) -> None:
        """Say a prediction."""

    def answer(self, question: Check, said: float) -> None:
        """Answer a question."""


class Demonstration(QObject):
    """Carries out actions one after the other; each waits until the worker has done the last.

    Parameters
    ----------
    document, engine
        What is acted on.
    learner
        On whose behalf.

    Signals
    -------
    panel_wanted(key)
        Something is to be opened: what a check `opened` may name.
    panel_unwanted(key)
        A panel is to be closed.
    check_wanted
        The gradient check is to be run.
    breakpoint_wanted(breakpoint)
        A breakpoint is to be set.
    refused(reason)
        An action is not possible; the rest is left out.
    ended
        All is done, or the rest is left out.
    """

    panel_wanted = Signal(str)
    panel_unwanted = Signal(str)
    check_wanted = Signal()
    breakpoint_wanted = Signal(object)
    refused = Signal(str)
    ended = Signal()

    def __init__(
        self, document: Document, engine: Engine, learner: Learner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._engine = engine
        self._learner = learner
        self._left: list[Action] = []
        self._round = 0
        self._running = False

    @property
    def is_running(self) -> bool:
        """Whether something is left to be done, or is being done."""
        return self._running

    def start(self, actions: Sequence[Action]) -> None:
        """Carry these out, and no others that were left."""
        self.stop()
        self._left = list(actions)
        self._running = True
        self._next(self._round)

    def stop(self) -> None:
        """Leave out what is left."""
        self._left.clear()
        self._round += 1
        self._running = False

    def _next(self, number: int) -> None:
        """Carry out the next action; the one after it when the worker has answered."""
        if number != self._round:
            return
        while self._left:
            runner = self._learner.runner
            if runner is None:
                self.stop()
                return
            action = self._left.pop(0)
            try:
                changed = action.edit(self._document.network)
            except StudioError as error:
                self._refuse(str(error))
                return
            if changed != self._document.network:
                # A network in the middle of a rebuild may not run: nobody is waited for.
                self._document.apply(self.tr("Shown by the lesson"), changed)
                continue
            if isinstance(action, Open):
                self.panel_wanted.emit(action.open)
                continue
            if isinstance(action, Close):
                self.panel_unwanted.emit(action.close)
                continue
            if self._document.analysis.preparing:
                # Many rows take a moment: it goes on when they are there.
                self._left.insert(0, action)
                self._document.analysis_changed.connect(
                    lambda _: self._next(number), Qt.ConnectionType.SingleShotConnection
                )
                return
            if not self._document.analysis.trainable:
                self._refuse(self.tr("training is not possible"))
                return
            question = partial(_prepare, action, self._document.network, runner.wanted())
            dropped = partial(self._break_off, number)
            self._engine.ask(question, partial(self._carry_out, action, number), dropped)
            return
        self._running = False
        self.ended.emit()
        self._learner.look()

    def _carry_out(
        self, action: Action, number: int, found: tuple[tuple[Command, ...] | str, Moment]
    ) -> None:
        """Do an action for which the worker was asked."""
        commands, moment = found
        runner = self._learner.runner
        if number != self._round or runner is None:
            return
        if isinstance(commands, str):
            self._refuse(commands)
            return
        self._learner.see(moment)
        match action:
            case Predict(predict=name, say=say, confidence=sure):
                asked = next((p for p in runner.step.predictions if p.id == name), None)
                if asked is not None:
                    said = said_number(say, runner.number) if asked.kind == "number" else say
                    if said is not None:
                        self._learner.predict(asked, said, sure)
            case AnswerTo(answer=name, say=say):
                checks = runner.step.checks
                question = next((c for c in checks if getattr(c, "id", None) == name), None)
                answer = said_number(say, runner.number)
                if question is not None and answer is not None:
                    self._learner.answer(question, answer)
            case CheckGradients():
                self.panel_wanted.emit("gradient_check")
                self.check_wanted.emit()
            case SetBreakpoint(breakpoint=phase):
                self.breakpoint_wanted.emit(AtPhase(Phase[phase.upper()]))
            case _:
                self._give(commands, number)
                return
        self._give((), number)

    def _give(self, commands: Sequence[Command], number: int) -> None:
        """Give commands to the worker, some after the other, then go on with the next action."""
        if number != self._round:
            return
        long = any(isinstance(c, Step) and c.boundary is Boundary.EPOCH for c in commands)
        many = 1 if long else AT_ONCE
        now, rest = commands[:many], commands[many:]
        for command in now:
            self._engine.send(command)
        done = partial(self._give, rest, number) if rest else partial(self._next, number)
        # Behind these commands in the worker's queue, so that what comes next finds them done.
        self._engine.ask(lambda session: None, lambda _: done(), partial(self._break_off, number))

    def _break_off(self, number: int) -> None:
        """Somebody changed the network before the worker could answer."""
        if number == self._round:
            self._refuse(self.tr("the network was changed meanwhile"))

    def _refuse(self, reason: str) -> None:
        self.stop()
        self.refused.emit(reason)
        self.ended.emit()


def _prepare(
    action: Action, network: Network, wanted: Sequence[Expression], session: Session
) -> tuple[tuple[Command, ...] | str, Moment]:
    """On the worker's thread: what to tell the worker, or why not, and where the run stands."""
    moment = observe(network, wanted, session)
    try:
        return command_of(action, network, session, ()), moment
    except StudioError as error:
        return str(error), moment
