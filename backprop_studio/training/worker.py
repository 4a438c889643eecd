"""The loop that trains, away from the screen. It knows nothing of threads' owners or of Qt."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from backprop_studio import data
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.training.aside import Aside
from backprop_studio.training.breakpoints import AtInstruction, Breakpoint, Stops
from backprop_studio.training.cursor import Cursor
from backprop_studio.training.giving_back import give_back
from backprop_studio.training.inbox import Inbox
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.memory import Memory, Shelf
from backprop_studio.training.messages import (
    Ask,
    Back,
    BringBack,
    Change,
    Command,
    DropBranch,
    FetchWeights,
    Fork,
    Intervene,
    Load,
    Pause,
    PutAside,
    Quit,
    RenameBranch,
    Restart,
    Run,
    Seek,
    SetBreakpoints,
    SetBudget,
    SetSpeed,
    Snapshot,
    State,
    Step,
    Switch,
    Watch,
    begins_anew,
)
from backprop_studio.training.rate import Rate
from backprop_studio.training.recorded import GivenWay
from backprop_studio.training.reports import Curves, copies, moment_of, views_of
from backprop_studio.training.session import Session
from backprop_studio.training.timeline import Timeline

SLICE = 0.008
"""Seconds of training between two looks at the command queue."""

AT_ONE_GO = 5_000_000
"""Iterations after which a run pauses: each leaves a point of the curves, and nobody may be there
to see the memory fill."""

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
        self.timeline = Timeline()
        self.heard: Callable[[Command], object] | None = None
        """Told of every command when it is sent, on the thread that sends it."""
        self._breakpoints: tuple[Breakpoint, ...] = ()
        self._until: int | None = None
        self._rests_at = 0
        self._stops: Stops | None = None
        self._speed: float | None = None
        self._hit: Breakpoint | None = None
        self._refused: Diagnostic | None = None
        self._notify = notify
        self._inbox = Inbox()
        self._memory = Memory()
        self._shelf = Shelf()
        self._curves = Curves(mailbox)
        self._load: Load | None = None
        self._barred: Load | None = None
        """A change of the past that there was no room for as another branch."""
        self._watch: frozenset[int] = frozenset()
        self._failure: Diagnostic | None = None
        self._rate = Rate()

    @property
    def session(self) -> Session | None:
        """The run that goes on."""
        return self.timeline.session

    def send(self, command: Command) -> None:
        """Queue a command; any thread may call this."""
        if self.heard is not None:
            self.heard(command)
        self._inbox.put(command)

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
        telling = command is not None and not isinstance(command, Ask | FetchWeights)
        try:
            if command is not None:
                self._carry_out(command)
            elif self.state is State.RUNNING:
                self._train()
            shown = telling or self._slow or self.state is not before
            # What breaks a slice off in the middle of an iteration is seen to first.
            passing = command is None and self._inbox.empty
            if shown or (passing and self.mailbox.wanted):
                self._publish()
        except Exception as error:  # the one place: whatever it is, the window must live on
            log.exception("the worker failed")
            self._fail(Diagnostic("worker-failed", {"reason": f"{type(error).__name__}: {error}"}))
            self.mailbox.put(Snapshot(self._revision, self.state, failure=self._failure))
        if telling or self._slow or self.state is not before:
            self._notify()
        if isinstance(command, BringBack) or (isinstance(command, Load) and command.forget):
            # Another document, maybe a small one after a large one. Nobody holds that any more.
            give_back()

    @property
    def _slow(self) -> bool:
        """Whether every instruction is shown."""
        return self.state is State.RUNNING and self._speed is not None

    def _next_command(self) -> Command | None:
        if self.state is not State.RUNNING:
            return self._inbox.take(None)
        if self._speed is not None:
            return self._inbox.take(1 / self._speed)
        return self._inbox.take(0.0, sparing=True)

    def _carry_out(self, command: Command) -> None:
        barred = self._barred
        session = None if self.state is State.EMPTY or barred is not None else self.session
        if not isinstance(command, Ask | Watch | FetchWeights):
            self._refused = None
        if isinstance(command, Run | Step | Back | Change):
            self._hit = None
        match command:
            case Load():
                self._replace(command)
            case Run(until):
                if session is not None:
                    self.state, self._failure = State.RUNNING, None
                    session.failure = None
                    self._until = until
                    self._see_stops()
                    self._set_out(session)
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
                    self.timeline.back(boundary)
                    self._see_branch(session)
            case Restart():
                if (session or barred) is not None and self._load is not None:
                    self._memory.clear()
                    # Not back to a branch, if one was switched to with this network.
                    self._start(replace(self._load, branch=None), None)
            case (
                Seek() | Intervene() | Fork() | Switch() | DropBranch() | RenameBranch()
                | SetBudget()
            ):  # fmt: skip
                if session is not None:
                    self._change(session, command)
                elif barred is not None and isinstance(command, DropBranch | SetBudget):
                    # There may be room now for what had none.
                    assert self.session is not None
                    self._change(self.session, command)
                    self._start(barred, self.session)
            case SetBreakpoints(breakpoints):
                self._breakpoints = breakpoints
                self._see_stops()
            case SetSpeed(instructions):
                self._speed = instructions
            case Watch(values):
                self._watch = values
            case FetchWeights(reply):
                # While the network has errors, what was learned before is all there is.
                reply.set_result(self._memory.newest() if session is None else session.weights())
            case Ask():
                self._answer(session, command)
            case PutAside(reply):
                reply.set_result(self._put_aside())
            case BringBack(aside):
                self._bring_back(aside)
            case Quit():
                pass
            case _:
                assert_never(command)

    def _answer(self, session: Session | None, asked: Ask) -> None:
        """Answer a question, or put it back if a command comes before that is done."""
        reply = asked.reply
        if session is None:
            reply.cancel()
            return
        began = time.thread_time()
        session.pressed = self._inbox.pressed
        try:
            reply.set_result(asked.question(session))
        except GivenWay:
            self._inbox.put_back(asked)
        except Exception as error:  # whoever asked learns of it; training is not concerned
            log.exception("a question could not be answered")
            reply.set_exception(error)
        finally:
            session.pressed = bool
            self._inbox.answered(time.thread_time() - began)

    def _put_aside(self) -> Aside:
        """Let go of the run; what is loaded next has nothing to do with it."""
        if self.state is State.RUNNING:
            self.state = State.PAUSED
        kept = Aside(
            self.state, self.timeline, self._memory, self._load, self._barred, self._failure,
            self._snapshot(),
        )  # fmt: skip
        self.timeline, self._memory = Timeline(self.timeline.budget), Memory()
        self.state = State.EMPTY
        self._load = self._barred = self._failure = self._stops = self._until = None
        return kept

    def _bring_back(self, aside: Aside) -> None:
        """Go on with a run, with what the journal may take by now."""
        aside.timeline.budget = self.timeline.budget
        self.timeline, self._memory = aside.timeline, aside.memory
        self.state, self._failure = aside.state, aside.failure
        self._load, self._barred = aside.load, aside.barred
        self._hit = self._refused = self._until = None
        self._see_stops()
        if self.timeline.active is None:
            self._curves.clear()
        else:
            self._curves.send_all(self.timeline.active)

    def _change(self, session: Session, change: Change) -> None:
        """Do something to the timeline. What is refused changes nothing."""
        if self.state is State.RUNNING and not isinstance(change, SetBudget | RenameBranch):
            self.state = State.PAUSED
        try:
            match change:
                case Seek(completed):
                    self._failure = None
                    self.timeline.seek(completed)
                case Intervene(intervention):
                    self.timeline.intervene(intervention)
                case Fork():
                    self.timeline.fork()
                case Switch(branch):
                    self.timeline.switch(branch)
                case DropBranch(branch):
                    self.timeline.drop(branch)
                case RenameBranch(branch, name):
                    self.timeline.rename(branch, name)
                case SetBudget(nbytes):
                    self.timeline.budget = nbytes
                    self._refused = self.timeline.excess()
                case _:
                    assert_never(change)
        except StudioError as error:
            self._refused = Diagnostic(error.code, error.params)
        self._see_branch(session)

    def _see_branch(self, before: Session) -> None:
        """Send the curves anew when another branch goes on."""
        branch = self.timeline.active
        if branch is None or branch.session is before:
            return
        self._curves.send_all(branch)
        self._see_stops()
        self._failure = branch.session.failure

    def _see_stops(self) -> None:
        """Work the breakpoints out for the program of the session."""
        session = self.session
        points = self._breakpoints
        if self._until is not None:
            points = (*points, AtInstruction(self._until))
        self._stops = None if session is None or not points else Stops(session.program, points)

    def _set_out(self, session: Session) -> None:
        self._rests_at = session.completed + AT_ONE_GO
        self._rate.restart(session.completed)

    def _train(self) -> None:
        session = self.session
        assert session is not None
        session.run(
            SLICE,
            lambda: not self._inbox.empty,
            self._stops,
            one=self._speed is not None,
        )
        self._rate.count(session.completed)
        if session.hit is not None:
            self.state = State.PAUSED
            # Where the learner asked to run to needs no explanation.
            arrived = session.hit == AtInstruction(-1 if self._until is None else self._until)
            self._hit = None if arrived else session.hit
            self._until = None
            self._see_stops()
        elif session.completed >= self._rests_at:
            self.state = State.PAUSED
            self._refused = Diagnostic("run-long", {"count": f"{AT_ONE_GO:,}"})
        self._see_failure(session)

    def _see_failure(self, session: Session) -> None:
        if session.failure is not None:
            self._fail(session.failure)

    def _fail(self, failure: Diagnostic) -> None:
        self.state = State.FAILED
        self._failure = failure

    def _replace(self, load: Load) -> None:
        """Go on with another network, keeping every weight that still fits.

        Where nothing but rows of the data have changed, training does not even stop.
        """
        previous, self._load = self._load, load
        goes_on = self.state is State.RUNNING and load.changes_rows_only(previous)
        self._failure = None
        if load.forget:
            self._memory.clear()
            self._shelf.clear()
            self.timeline.clear()
            previous = None
        if self.session is not None:
            self._leave(self.session)
        if previous is None or begins_anew(previous.setup, load.setup):
            if previous is not None:
                self._shelf.put(previous.revision, self._memory)
            self._memory = self._shelf.take(load.back_to)
            self.timeline.clear()
            self._curves.clear()
        self._memory.keep(load.weights)
        if load.lowered is None:
            self.state, self._barred = State.EMPTY, None
        else:
            self._start(load, self.session)
            if goes_on and self.session is not None:
                self.state = State.RUNNING
                self._set_out(self.session)

    def _leave(self, session: Session) -> None:
        """Keep what a session has learned and measured, before another takes its place."""
        cursor = session.cursor
        if 0 < cursor.index < len(session.program.instructions):
            # Half an update is no state to go on from.
            session.go_to(Cursor(cursor.iteration, 0))
        self._memory.keep(session.weights())
        self._curves.send(session)

    def _start(self, load: Load, parent: Session | None) -> None:
        assert load.lowered is not None
        barred, self._barred = self._barred, None
        if load.branch is not None and self._resume(load):
            return
        if barred is not None and self._take_back(load):
            return
        start = 0
        if parent is not None:
            start = parent.completed
            if parent.batches_per_epoch != _batches_per_epoch(load):
                # Iterations are counted anew; the finished epochs stay finished.
                start = parent.epoch * _batches_per_epoch(load)
        try:
            session = Session(
                load.lowered,
                load.setup,
                weights=self._memory.fitting(load.lowered.program),
                # With weights from elsewhere, nothing goes on: the optimizer begins anew, too.
                kept=None if parent is None or load.weights else parent.storage,
                start=start,
                redraw=load.redraw,
            )
        except Exception:
            # There is no session then, and not one of another network.
            self.timeline.clear()
            raise
        if parent is None:
            self.timeline.begin(session, load.revision)
        else:
            try:
                if load.weights:
                    # What was learned stays, as another branch.
                    self.timeline.fork()
                self.timeline.go_on(session, load.revision)
            except StudioError as error:
                # The old future stays, and nothing runs until there is room or it is undone.
                self._barred = load
                self._fail(Diagnostic(error.code, error.params))
                return
        self.state, self._failure = State.PAUSED, None
        self._until = None
        self._see_stops()
        self._curves.begin(-1.0 if parent is None else start / session.batches_per_epoch)

    def _resume(self, load: Load) -> bool:
        """Go on with a branch that the network on the screen belongs to."""
        assert load.lowered is not None and load.branch is not None
        before = self.session
        branch = next((b for b in self.timeline.branches if b.id == load.branch), None)
        if branch is None or branch.session.program != load.lowered.program:
            return False
        branch.revision = load.revision
        self.timeline.switch(branch.id)
        self.state = State.PAUSED
        if before is not None:
            self._see_branch(before)
        return True

    def _take_back(self, load: Load) -> bool:
        """Go on as before a change that there was no room for, if that is what is wanted."""
        branch = self.timeline.active
        assert load.lowered is not None
        if branch is None or (branch.session.program, branch.session.setup) != (
            load.lowered.program,
            load.setup,
        ):
            return False
        branch.revision = load.revision
        self.state, self._failure = State.PAUSED, None
        self._see_stops()
        return True

    @property
    def _revision(self) -> int:
        return -1 if self._load is None else self._load.revision

    @property
    def _seen(self) -> Session | None:
        """The session that the screen is to see; None while nothing can be trained."""
        hidden = self.state is State.EMPTY or self._barred is not None
        return None if hidden else self.session

    def _publish(self) -> None:
        self._curves.send(self._seen)
        self.mailbox.put(self._snapshot())

    def _snapshot(self) -> Snapshot:
        """The run as it is now."""
        session = self._seen
        listed = session is not None or self._barred is not None
        told = Snapshot(
            self._revision,
            self.state,
            rate=self._rate.value if self.state is State.RUNNING else 0.0,
            failure=self._failure,
            journal_bytes=self.timeline.nbytes,
            journal_budget=self.timeline.budget,
            branches=views_of(self.timeline) if listed else (),
            branch=self.timeline.active_id,
            refused=self._refused,
        )
        if session is None:
            return told
        # Where every instruction is shown, so is what the last one read and wrote.
        last = self._slow or self.state is not State.RUNNING
        return replace(
            moment_of(told, session, copies(session, self._watch, last=last)),
            first=self.timeline.first(),
            hit=self._hit,
            slow=self._slow,
        )


def _batches_per_epoch(load: Load) -> int:
    train = load.setup.prepared().split.train
    return data.batches_per_epoch(len(train), load.setup.batch_size)
