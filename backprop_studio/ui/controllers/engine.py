"""The worker's thread and what the screen knows of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from backprop_studio.autograd import Array
from backprop_studio.network import Analysis, Network
from backprop_studio.training import (
    Aside,
    Ask,
    Back,
    Boundary,
    Breakpoint,
    BringBack,
    Command,
    DropBranch,
    FetchWeights,
    Fork,
    Intervene,
    Intervention,
    Load,
    Mailbox,
    Pause,
    PutAside,
    Quit,
    RenameBranch,
    Restart,
    Run,
    Seek,
    Session,
    SetBreakpoints,
    SetBudget,
    SetSpeed,
    Snapshot,
    State,
    Step,
    Switch,
    Watch,
    Worker,
)
from backprop_studio.ui.controllers.departures import Departures
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.trained import Place, Trained

PULL_INTERVAL = 50
"""Milliseconds between two looks into the mailbox while training, at least."""

SLOWEST = 200
"""Milliseconds between two looks, at most."""

SCREEN_SHARE = 0.1
"""Of the time while training, what showing it may take of this thread."""

REPLY_TIMEOUT = 10.0
"""Seconds to wait for weights; the worker answers within one instruction."""


@dataclass(frozen=True, eq=False)
class HeldRun:
    """A run that was put aside, and what is known here of the networks that it has trained."""

    aside: Aside
    revision: int
    loaded: Network | None
    waits: bool
    trained: Trained


class _WorkerThread(QThread):
    """Runs the worker's loop, which knows nothing of Qt."""

    def __init__(self, worker: Worker, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = worker

    def run(self) -> None:
        self._worker.loop()


class Engine(QObject):
    """Sends commands to the worker and passes on what it answers.

    Signals
    -------
    updated(snapshot, curves)
        A `Snapshot` of the current network and a tuple of `CurveUpdate`, in the order in which
        they happened.
    state_changed(state)
        The worker's `State`, when it has changed.
    failed(diagnostic)
        Training stopped by itself; why.
    unanswered(reason)
        A question could not be answered, or a change could not be made; why.
    stopped(breakpoint)
        The run has reached a `Breakpoint`.
    """

    updated = Signal(object, object)
    state_changed = Signal(object)
    failed = Signal(object)
    unanswered = Signal(str)
    stopped = Signal(object)
    _notified = Signal()
    _answered = Signal(int, object, object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._mailbox = Mailbox()
        self._worker = Worker(self._mailbox, self._notified.emit)
        self._thread = _WorkerThread(self._worker, self)
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_INTERVAL)
        self._timer.timeout.connect(self._look)
        self._worked = 0.0
        self._notified.connect(self.pull, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._unsent: list[Command] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._send_rest)
        self._loaded: Network | None = None
        self._waits = False
        self._revision = 0
        # Revisions are given once, also where an older one comes back.
        self._given = 0
        self._held: HeldRun | None = None
        self._weights: Mapping[tuple[str, str], Array] = {}
        self._forget = False
        self._branch: int | None = None
        self._redraw: frozenset[str] = frozenset()
        self._trained = Trained()
        self._departures = Departures()
        self._snapshot = Snapshot(0, State.EMPTY)
        self._told = State.EMPTY
        document.analysis_changed.connect(self._load)
        document.leads_back = self._led_back_to

    @property
    def snapshot(self) -> Snapshot:
        """The last that the worker said."""
        return self._snapshot

    @property
    def state(self) -> State:
        """What the worker is doing, as far as is known here."""
        return self._snapshot.state

    def start(self) -> None:
        """Start the worker's thread."""
        # A thread of tiny numpy calls holds the interpreter for whole switch intervals; with
        # the default of 5 ms the window would feel it.
        sys.setswitchinterval(0.0005)
        self._thread.start()
        self._load(self._document.analysis)

    def shut_down(self) -> None:
        """End the worker's thread and wait for it."""
        self._timer.stop()
        self._document.preparing.end()
        if self._thread.isRunning():
            self.send(Quit())
            self._thread.wait()

    def listen(self, heard: Callable[[Command], object] | None) -> None:
        """Tell `heard` of every command that is sent from now on; None tells nobody."""
        self._worker.heard = heard

    def send(self, command: Command, *, can_wait: bool = False) -> None:
        """Send a command to the worker, after what has not been sent yet.

        Parameters
        ----------
        command
            What the worker is to do.
        can_wait
            Whether it goes along with the network of an edit, once the window has shown that.
        """
        if can_wait and self._unsent:
            self._unsent.append(command)
            return
        self._send_rest()
        self._worker.send(command)

    def _send_rest(self) -> None:
        unsent, self._unsent = self._unsent, []
        for command in unsent:
            self._worker.send(command)

    def expect(self, weights: Mapping[tuple[str, str], Array]) -> None:
        """Say that the next network is another document, with these trained weights."""
        self._weights = weights
        self._forget = True
        self._loaded = None
        self._departures.clear()

    def put_aside(self) -> HeldRun:
        """Let go of the run with its branches; the next network is another document.

        Raises
        ------
        TimeoutError
            The worker does not answer.
        """
        reply: Future[Aside] = Future()
        self.send(PutAside(reply))
        aside = reply.result(REPLY_TIMEOUT)
        held = HeldRun(aside, self._revision, self._loaded, self._waits, self._trained)
        self._trained = Trained()
        self._loaded = None
        self._departures.clear()
        return held

    def expect_back(self, held: HeldRun) -> None:
        """Say that the next network is that of a run that was put aside, which goes on then."""
        self._held = held

    def run(self) -> None:
        """Train."""
        self.send(Run())

    def pause(self) -> None:
        """Stop within one instruction."""
        self.send(Pause())

    def toggle(self) -> None:
        """Train, or stop: what the button says, also before an edit is answered."""
        self.send(Pause() if self._told is State.RUNNING else Run())

    def step(self, boundary: Boundary) -> None:
        """Execute one step of this size."""
        self.send(Step(boundary))

    def back(self, boundary: Boundary) -> None:
        """Go back one step of this size."""
        self.send(Back(boundary))

    def restart(self) -> None:
        """Begin again with the first weights of the seed."""
        self.send(Restart())

    def run_to(self, index: int) -> None:
        """Train until the instruction with this index comes next."""
        self.send(Run(until=index))

    def seek(self, completed: int) -> None:
        """Go to the moment after so many finished iterations, within what is recorded."""
        self.send(Seek(completed))

    def intervene(self, intervention: Intervention) -> None:
        """Put a number in by hand; in the past, this starts a branch."""
        self.send(Intervene(intervention))

    def fork(self) -> None:
        """Start another branch at this moment."""
        self.send(Fork())

    def switch(self, branch_id: int) -> None:
        """Go on with another branch, bringing back the network that it trains."""
        branch = next((b for b in self._snapshot.branches if b.id == branch_id), None)
        network = None if branch is None else self._trained.of(branch.revision)
        if branch is None or branch.revision == self._revision or network is None:
            self.send(Switch(branch_id))
            return
        self._branch = branch_id
        self._document.apply(self.tr("Switch to {name}").format(name=branch.name), network)
        self._branch = None

    def try_out(self, label: str, network: Network, redraw: frozenset[str] = frozenset()) -> None:
        """Edit the network on a branch of its own, from the first recorded moment on.

        Undo leads back to the design and to the branch that trains it, redo to this one.

        Parameters
        ----------
        label
            Of the entry in the undo history.
        network
            What is tried.
        redraw
            Names of weights that begin anew, as when it is their first values that are tried.
        """
        self.send(Seek(self._snapshot.first))
        self._trained.part(self._document.network, network, self._place())
        self._redraw = redraw
        self._document.apply(label, network)
        self._redraw = frozenset()

    def bring_in(self, label: str, weights: Mapping[tuple[str, str], Array]) -> None:
        """Begin anew with these weights, on a branch of its own; those not named stay.

        Undo leads back to the branch and the moment before, redo to this one.

        Parameters
        ----------
        label
            Of the entry in the undo history.
        weights
            By node id and name; they fit the network.
        """
        before = self._document.network
        # The same design, but another one to come back to.
        network = replace(before)
        self._trained.part(before, network, self._place())
        self.send(Seek(self._snapshot.first))
        self._weights = dict(weights)
        self._document.apply(label, network, again=True)

    def drop_branch(self, branch_id: int) -> None:
        """Forget a branch."""
        self.send(DropBranch(branch_id))

    def rename_branch(self, branch_id: int, name: str) -> None:
        """Call a branch something else."""
        self.send(RenameBranch(branch_id, name))

    def set_breakpoints(self, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Stop at these from now on."""
        self.send(SetBreakpoints(breakpoints), can_wait=True)

    def set_speed(self, instructions: float | None) -> None:
        """Run so many instructions a second; None for as fast as possible."""
        self.send(SetSpeed(instructions))

    def set_budget(self, nbytes: int) -> None:
        """Keep keyframes of at most so many bytes."""
        self.send(SetBudget(nbytes))

    def watch(self, values: frozenset[int]) -> None:
        """Say whose arrays the visible panels want."""
        self.send(Watch(values), can_wait=True)

    def weights(self) -> dict[tuple[str, str], Array]:
        """Copies of all weights, by node id and name; empty before the first network.

        Raises
        ------
        TimeoutError
            The worker does not answer.
        """
        return self.fetch_weights().result(REPLY_TIMEOUT)

    def fetch_weights(self) -> Future[dict[tuple[str, str], Array]]:
        """What `weights` gives, for whoever does not want to wait for it here."""
        reply: Future[dict[tuple[str, str], Array]] = Future()
        self.send(FetchWeights(reply))
        return reply

    def ask(
        self,
        question: Callable[[Session], Any],
        answer: Callable[[Any], object],
        dropped: Callable[[], object] | None = None,
    ) -> None:
        """Ask the worker something about the session; `answer` gets what it says.

        It is called later, on this thread, and not at all if there is no session or the network
        has changed by then.

        Parameters
        ----------
        question
            Called with the session, which it must leave as it is, on the worker's thread.
        answer
            Called with what `question` returned.
        dropped
            Called in its place where there is nothing to tell.
        """
        revision = self._revision
        reply: Future[Any] = Future()
        reply.add_done_callback(lambda done: self._answered.emit(revision, done, (answer, dropped)))
        self.send(Ask(question, reply))

    def _look(self) -> None:
        """Pull; the more that showing took the last time, the later the next time.

        What this thread works keeps the worker from Python: many panels are shown less often
        rather than that they hold up the training.
        """
        worked = time.thread_time()
        taken, self._worked = worked - self._worked, worked
        interval = min(max(PULL_INTERVAL, round(1000 * taken / SCREEN_SHARE)), SLOWEST)
        if abs(interval - self._timer.interval()) > PULL_INTERVAL // 10:
            # Halfway only, so that one costly picture does not make the rest stutter.
            self._timer.setInterval((interval + self._timer.interval()) // 2)
        self.pull()

    def pull(self) -> None:
        """Take what lies in the mailbox, and show it."""
        snapshot, curves = self._mailbox.take()
        if snapshot is None:
            return
        if snapshot.revision != self._revision:
            # About an older network; its points are still true, or about to be dropped. What
            # is passed on with them is the empty snapshot of the network that is coming.
            if curves:
                self.updated.emit(self._snapshot, curves)
            return
        before, self._snapshot = self._snapshot, snapshot
        self.updated.emit(snapshot, curves)
        if self._snapshot is not snapshot:
            return  # whoever heard of it has changed the network
        if snapshot.state is not self._told:
            self._told = snapshot.state
            if snapshot.state is State.RUNNING:
                self._worked = time.thread_time()
                self._timer.start(PULL_INTERVAL)
            else:
                self._timer.stop()
            self.state_changed.emit(snapshot.state)
        if snapshot.failure is not None and snapshot.failure != before.failure:
            self.failed.emit(snapshot.failure)
        if snapshot.refused is not None and snapshot.refused is not before.refused:
            self.unanswered.emit(snapshot.refused.text)
        if snapshot.hit is not None and (snapshot.hit, snapshot.cursor) != (
            before.hit,
            before.cursor,
        ):
            self.stopped.emit(snapshot.hit)

    def _pass_on(
        self,
        revision: int,
        reply: Future[Any],
        ways: tuple[Callable[[Any], object], Callable[[], object] | None],
    ) -> None:
        answer, dropped = ways
        if reply.cancelled() or revision != self._revision:
            if dropped is not None:
                dropped()
            return
        error = reply.exception()
        if error is None:
            answer(reply.result())
        else:
            self.unanswered.emit(str(error) or type(error).__name__)
            if dropped is not None:
                dropped()

    def _place(self) -> Place:
        """The branch that goes on, and how many iterations it has finished."""
        return self._snapshot.branch, self._snapshot.completed

    def _led_back_to(self) -> tuple[Network, ...]:
        return self._trained.networks()

    def _load(self, analysis: Analysis) -> None:
        """Hand the network to the worker, unless only names and places have changed."""
        back_to = self._departures.arrive(analysis.network, self._revision)
        if self._held is not None:
            self._take_up(self._held)
            return
        known = self._loaded is not None and self._loaded.trains_like(analysis.network)
        if analysis.network is not self._loaded:
            known = known and not self._trained.is_apart(analysis.network)
        if known and self._waits == analysis.preparing:
            return
        self._waits = analysis.preparing
        # Whoever comes back to this design comes back to the branch that trained it.
        self._trained.leave(self._loaded, self._place())
        home = self._trained.home(analysis.network)
        self._loaded = analysis.network
        self._given += 1
        self._revision = self._given
        load: Command = Load(
            self._revision,
            analysis.lowering,
            analysis.network.setup,
            self._weights,
            self._forget,
            self._branch if home is None else home[0],
            self._redraw,
            back_to,
        )
        if self._forget:
            self._trained.clear()
        kept = {branch.revision for branch in self._snapshot.branches}
        if kept:
            # Else nothing is known of the branches: the worker has not answered since the last
            # edit, or says nothing of them while the network has errors.
            self._trained.keep(kept)
        self._trained.note(self._revision, analysis.network)
        self._weights, self._forget = {}, False
        # Nothing of the new network is computed, and nothing of the old one is to be shown.
        self._snapshot = Snapshot(self._revision, State.EMPTY)
        self.updated.emit(self._snapshot, ())
        self._unsent.append(load)
        if home is not None:
            self._unsent.append(Seek(home[1]))
        # The worker would write the programs while the window shows the edit, and both be late.
        self._later.start()

    def _take_up(self, held: HeldRun) -> None:
        """Go on with the run that was put aside, as its network is on the screen again."""
        self._held = None
        self._revision, self._loaded, self._waits = held.revision, held.loaded, held.waits
        self._trained = held.trained
        self._weights, self._forget = {}, False
        # Until the worker has it again, nothing of it is shown.
        self.updated.emit(Snapshot(self._revision, State.EMPTY), ())
        self._snapshot = held.aside.snapshot
        self.send(BringBack(held.aside))
