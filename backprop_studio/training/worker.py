"""The loop that trains, away from the screen. It knows nothing of threads' owners or of Qt."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, assert_never

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import KEPT, Array
from backprop_studio.errors import Diagnostic
from backprop_studio.training.cursor import Cursor
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.messages import (
    Ask,
    Back,
    Command,
    CurveUpdate,
    FetchWeights,
    Load,
    Pause,
    Quit,
    Restart,
    Run,
    Snapshot,
    State,
    Step,
    Watch,
)
from backprop_studio.training.session import Session, Weights

SLICE = 0.008
"""Seconds of training between two looks at the command queue."""

log = logging.getLogger(__name__)


class Worker:
    """Takes commands, trains, and leaves snapshots in a mailbox.

    Parameters
    ----------
    mailbox
        Where the screen finds what happened.
    notify
        Called, from the worker's thread, when a command is done or the state changes: what the
        mailbox then holds must be shown. While running it is not called.
    """

    def __init__(self, mailbox: Mailbox, notify: Callable[[], None]) -> None:
        self.mailbox = mailbox
        self.state = State.EMPTY
        self.session: Session | None = None
        self._notify = notify
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._memory: dict[tuple[object, ...], Array] = {}
        self._load: Load | None = None
        self._watch: frozenset[int] = frozenset()
        self._failure: Diagnostic | None = None
        self._sent = (0, 0)
        self._keep_until: float | None = None
        self._rate = _Rate()

    def send(self, command: Command) -> None:
        """Queue a command; any thread may call this."""
        self._commands.put(command)

    def loop(self) -> None:
        """Work until told to quit."""
        while True:
            command = self._next_command()
            if isinstance(command, Quit):
                return
            self.turn(command)

    def turn(self, command: Command | None) -> None:
        """Carry out one command or, without one, train for a slice."""
        before = self.state
        # A question changes nothing that would have to be shown.
        telling = command is not None and not isinstance(command, Ask)
        try:
            if command is not None:
                self._carry_out(command)
            elif self.state is State.RUNNING:
                self._train()
            if telling or self.state is not before or (command is None and self.mailbox.wanted):
                self._publish()
        except Exception as error:  # the one place: whatever it is, the window must live on
            log.exception("the worker failed")
            self._fail(Diagnostic("worker-failed", {"reason": f"{type(error).__name__}: {error}"}))
            self.mailbox.put(Snapshot(self._revision, self.state, failure=self._failure))
        if telling or self.state is not before:
            self._notify()

    def _next_command(self) -> Command | None:
        if self.state is not State.RUNNING:
            return self._commands.get()
        try:
            return self._commands.get_nowait()
        except Empty:
            return None

    def _carry_out(self, command: Command) -> None:
        session = None if self.state is State.EMPTY else self.session
        match command:
            case Load():
                self._replace(command)
            case Run():
                if session is not None:
                    self.state, self._failure = State.RUNNING, None
                    session.failure = None
                    self._rate.restart(session.completed)
            case Pause():
                if self.state is State.RUNNING:
                    self.state = State.PAUSED
            case Step(boundary):
                if session is not None:
                    self.state, self._failure = State.PAUSED, None
                    session.step(boundary)
                    self._see_failure(session)
            case Back(boundary):
                if session is not None:
                    self.state, self._failure = State.PAUSED, None
                    session.back(boundary)
            case Restart():
                if session is not None and self._load is not None:
                    self._memory.clear()
                    self._start(self._load, None)
            case Watch(values):
                self._watch = values
            case FetchWeights(reply):
                # While the network has errors, what was learned before is all there is.
                reply.set_result(self._remembered() if session is None else session.weights())
            case Ask(question, reply):
                _answer(session, question, reply)
            case Quit():
                pass
            case _:
                assert_never(command)

    def _remember(self, weights: Weights) -> None:
        """Keep weights by shape too: a layer that gets its old size back gets them back."""
        for (node, name), array in weights.items():
            self._memory.pop((node, name, array.shape), None)
            self._memory[node, name, array.shape] = array

    def _remembered(self) -> dict[tuple[str, str], Array]:
        # The newest of each name: it was put in last.
        return {(str(node), str(name)): a for (node, name, _), a in self._memory.items()}

    def _train(self) -> None:
        session = self.session
        assert session is not None
        session.run(SLICE, lambda: not self._commands.empty())
        self._rate.count(session.completed)
        self._see_failure(session)

    def _see_failure(self, session: Session) -> None:
        if session.failure is not None:
            self._fail(session.failure)

    def _fail(self, failure: Diagnostic) -> None:
        self.state = State.FAILED
        self._failure = failure

    def _replace(self, load: Load) -> None:
        """Go on with another network, keeping every weight that still fits."""
        previous, self._load = self._load, load
        self._failure = None
        if load.forget:
            self._memory.clear()
            self.session = previous = None
        if self.session is not None:
            self._leave(self.session)
        again = (
            previous is None
            or previous.setup.seed != load.setup.seed
            or previous.setup.dataset != load.setup.dataset
            or previous.setup.validation != load.setup.validation
        )
        if again:
            # Other data or other first weights: what was learned does not belong to them.
            self._memory.clear()
            self.session = None
            self._keep_until = -1.0
        self._remember(load.weights)
        if load.lowered is None:
            self.state = State.EMPTY
        else:
            self._start(load, self.session)

    def _leave(self, session: Session) -> None:
        """Keep what a session has learned and measured, before another takes its place."""
        cursor = session.cursor
        if 0 < cursor.index < len(session.program.instructions):
            # Half an update is no state to go on from.
            session.go_to(Cursor(cursor.iteration, 0))
        self._remember(session.weights())
        points = self._new_points(session)
        if points is not None:
            self.mailbox.add(points)

    def _start(self, load: Load, parent: Session | None) -> None:
        assert load.lowered is not None
        # Should the next lines fail, there is no session, and not one of another network.
        self.session = None
        start = 0
        if parent is not None:
            start = parent.completed
            if parent.batches_per_epoch != _batches_per_epoch(load):
                # Iterations are counted anew; the finished epochs stay finished.
                start = parent.epoch * _batches_per_epoch(load)
        weights = {
            (v.node, v.name): self._memory[v.node, v.name, v.shape]
            for v in (*load.lowered.program.parameters, *load.lowered.program.buffers)
            if (v.node, v.name, v.shape) in self._memory
        }
        session = Session(load.lowered, load.setup, weights=weights, parent=parent, start=start)
        self.session, self.state, self._failure = session, State.PAUSED, None
        self._sent = (0, 0)
        self._keep_until = start / session.batches_per_epoch if parent is not None else -1.0

    @property
    def _revision(self) -> int:
        return -1 if self._load is None else self._load.revision

    def _publish(self) -> None:
        session = self.session
        if session is None or self.state is State.EMPTY:
            if self._keep_until is not None:
                self.mailbox.add(CurveUpdate(self._keep_until, np.empty((0, 2)), np.empty((0, 3))))
                self._keep_until = None
            self.mailbox.put(Snapshot(self._revision, self.state, failure=self._failure))
            return
        points = self._new_points(session)
        if points is not None:
            self.mailbox.add(points)
        self.mailbox.put(
            Snapshot(
                self._revision,
                self.state,
                session.cursor,
                session.epochs,
                session.machine.batch,
                session.last_loss,
                session.last_test,
                self._rate.value if self.state is State.RUNNING else 0.0,
                self._arrays(session),
                session.journal.nbytes,
                self._failure,
            )
        )

    def _new_points(self, session: Session) -> CurveUpdate | None:
        losses, tests = (
            series.points[sent:].copy()
            for series, sent in zip((session.losses, session.tests), self._sent, strict=True)
        )
        if not len(losses) and not len(tests) and self._keep_until is None:
            return None
        update = CurveUpdate(self._keep_until, losses, tests)
        self._sent = len(session.losses), len(session.tests)
        self._keep_until = None
        return update

    def _arrays(self, session: Session) -> dict[int, Array]:
        """Copies of the watched values that exist at the cursor."""
        program, index = session.program, session.cursor.index
        out: dict[int, Array] = {}
        wanted = set(self._watch)
        if self.state is not State.RUNNING and index > 0:
            # At rest, what the last instruction read and wrote is on the screen too.
            last = program.instructions[index - 1]
            wanted.update(last.inputs, last.outputs)
        for i in wanted:
            if not 0 <= i < len(program.values):
                continue
            kept = program.values[i].role in KEPT
            if kept or program.producer.get(i, index) < index:
                array = np.array(session.machine.array(i))
                array.flags.writeable = False
                out[i] = array
        return out


def _answer(
    session: Session | None, question: Callable[[Session], Any], reply: Future[Any]
) -> None:
    if session is None or not reply.set_running_or_notify_cancel():
        reply.cancel()
        return
    try:
        reply.set_result(question(session))
    except Exception as error:  # whoever asked learns of it; training is not concerned
        log.exception("a question could not be answered")
        reply.set_exception(error)


def _batches_per_epoch(load: Load) -> int:
    dataset = data.load(load.setup.dataset)
    split = data.split(dataset, validation_fraction=load.setup.validation, seed=load.setup.seed)
    return data.batches_per_epoch(len(split.train), load.setup.batch_size)


class _Rate:
    """Iterations a second over the last half second or so."""

    def __init__(self) -> None:
        self.restart(0)

    def restart(self, completed: int) -> None:
        self.value = 0.0
        self._since = time.perf_counter()
        self._completed = completed

    def count(self, completed: int) -> None:
        now = time.perf_counter()
        passed = now - self._since
        if passed >= 0.5:
            self.value = (completed - self._completed) / passed
            self._since, self._completed = now, completed
        elif self.value == 0.0 and passed > 0:
            self.value = (completed - self._completed) / passed
