"""A training run under a debugger: run, step, step back, and never lose a good weight."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from math import isfinite

import numpy as np

from backprop_studio.autograd import Machine, Phase, Storage, take_over
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Lowered, TrainingSetup
from backprop_studio.training.breakpoints import Breakpoint, Stops
from backprop_studio.training.cursor import Boundary, Cursor, next_end, previous_end
from backprop_studio.training.interventions import Intervention, check
from backprop_studio.training.journal import DEFAULT_BUDGET, DEFAULT_INTERVAL, Journal
from backprop_studio.training.metrics import TEST_COLUMNS, Evaluation, Evaluator, Series
from backprop_studio.training.recorded import RecordedRun, Weights, quiet
from backprop_studio.training.tally import Tally, rate_of

SLOW_ITERATION = 0.002
"""Seconds; longer iterations are run instruction by instruction, so that Pause is at once."""

LINGER = 0.1
"""Seconds that `run` goes on over its time to come to the end of an iteration."""


class Session(RecordedRun):
    """One network in training.

    Running and stepping execute the same instructions on the same buffers, so any mix of them
    gives the same bits.

    Parameters
    ----------
    lowered
        The program and its data set.
    setup
        Batch size, seed, share held out, precision.
    weights
        Parameters to start from where their shape fits; the others are drawn from the seed.
    kept
        A storage whose parameters and optimizer state are taken over where they fit.
    start
        Number of the first iteration; above 0 when this continues another session.
    budget
        Bytes for the journal.
    interval
        Iterations from one of the journal's keyframes to the next.
    redraw
        Names of weights that are drawn from the seed whatever is known of them.
    """

    def __init__(
        self,
        lowered: Lowered,
        setup: TrainingSetup,
        *,
        weights: Weights | None = None,
        kept: Storage | None = None,
        start: int = 0,
        budget: int = DEFAULT_BUDGET,
        interval: int = DEFAULT_INTERVAL,
        redraw: Collection[str] = (),
    ) -> None:
        storage = Storage(lowered.program, np.dtype(setup.precision).type)
        storage.initialize(setup.seed)
        _take_over(storage, weights or {}, kept)
        storage.initialize(setup.seed, redraw)
        super().__init__(lowered, setup, storage, Journal(budget, interval), start)
        self.failure: Diagnostic | None = None
        self.hit: Breakpoint | None = None
        """The breakpoint that ended the last run."""
        self.before: Session | None = None
        """The session that this one left to become another branch, while that is kept."""
        self.losses = Series(2)
        """Points (epochs, loss of the batch), one for each iteration since `start`."""
        self.tests = Series(TEST_COLUMNS)
        """Points at the ends of epochs; see `TEST_COLUMNS`."""

        validation = self.prepared.split.validation
        self._evaluator = Evaluator(
            lowered, self.storage, self._sources, self.targets, validation, setup.batch_size
        )
        self._tested_rows = len(validation)
        self._tally = Tally(
            lowered, self.targets, len(self._train), setup.batch_size, self.storage.dtype
        )
        self._rate = rate_of(self.program)
        self._machines: dict[int, Machine] = {}
        self._backward = self.program.start_of(Phase.BACKWARD)
        self._update = self.program.start_of(Phase.UPDATE)
        # Slow until measured.
        self._iteration_time, self._spent = float("inf"), 0.0
        self._element = 0
        self._live = Cursor(start, 0)
        self._begin(start)
        with quiet():
            self._test(start)

    # Where it stands.

    @property
    def element(self) -> int:
        """How many entries of the next instruction's result have been stepped through."""
        return self._element

    @property
    def elements(self) -> int:
        """How many entries the next instruction's result has; 1 where they come all at once.

        What is loaded and what is updated in place is taken as a whole.
        """
        index = self._index % self._length
        instr = self.program.instructions[index]
        if instr.phase is Phase.DATA or instr.op.updates:
            return 1
        return int(self._machine.array(instr.outputs[0]).size)

    @property
    def live(self) -> Cursor:
        """The furthest moment that was reached: the end of the record."""
        return max(self._live, self._place())

    @property
    def at_end(self) -> bool:
        """Whether nothing is recorded after this moment."""
        return self._place() == self.live

    @property
    def machine(self) -> Machine:
        """The machine of the current batch."""
        return self._machine

    @property
    def last_test(self) -> Evaluation:
        """The last test on held-out rows before this moment."""
        points = self.tests.points
        place = int(np.searchsorted(points[:, 0], self.epochs, side="right")) - 1
        _, loss, accuracy = (float(x) for x in points[max(place, 0), :3])
        return Evaluation(loss, None if np.isnan(accuracy) else accuracy, self._tested_rows)

    @property
    def last_loss(self) -> float | None:
        """Loss of the last batch whose loss was computed; None before the first."""
        if self._index >= self._backward:
            return self._machine.loss()
        done = self._iteration - self.start
        return float(self.losses.points[done - 1, 1]) if done > 0 else None

    def evaluate(self) -> Evaluation:
        """Test on the held-out rows with the parameters as they are now."""
        with quiet():
            return self._evaluator.evaluate()

    def rest(self) -> None:
        """Give back what is not needed while another branch goes on; `wake` brings it again.

        The machine of the batch goes, too, unless its results would take long to compute again.
        """
        if self._resting:
            return
        self._evaluator.rest()
        self._tally.rest()
        kept = self._machine if self.slow else None
        self._machines = {n: m for n, m in self._machines.items() if m is kept}
        if kept is None:
            del self._machine
            self._order = (-1, np.empty(0, np.int64))

    def wake(self) -> None:
        """Be as before the rest, to the bit."""
        if not self._resting:
            return
        cursor = self.cursor
        if self._first is None:
            self._restore(cursor)
            return
        self.storage.restore(self._first)
        self._machine = self._prepare(self._machines, self.storage, self._iteration)
        with quiet():
            self._perform(self._machine, self._iteration, 0, cursor.index)

    @property
    def _resting(self) -> bool:
        return not hasattr(self, "_machine")

    @property
    def nbytes_at_rest(self) -> int:
        """Bytes that it takes beside its keyframes while another branch goes on, roughly."""
        held = self.losses.nbytes + self.tests.nbytes
        held += 0 if self._first is None else self._first.nbytes
        if self.slow:
            return held + self.program.memory(self._machine.batch, self.storage.dtype.itemsize)
        return held + self.storage.nbytes

    @property
    def slow(self) -> bool:
        """Whether its iterations take so long that replaying many of them would be felt."""
        return SLOW_ITERATION < self._iteration_time < float("inf")

    # What is done to it by hand.

    def fork(self) -> Session:
        """Another session at this moment, with nothing recorded after it."""
        finished = self._index == self._length
        start = self._iteration + finished
        other = Session(
            self.lowered,
            self.setup,
            kept=self.storage if finished else self._again().storage,
            start=start,
            budget=self.journal.budget,
            interval=self.journal.interval,
        )
        other.interventions = {
            moment: done
            for moment, done in self.interventions.items()
            if Cursor(start, 0) <= moment <= self.cursor
        }
        other._restore(self._place())
        return other

    def intervene(self, intervention: Intervention) -> None:
        """Put a number in by hand. At the end of the record, so that no future is rewritten.

        Raises
        ------
        StudioError
            The number does not fit there, or the value is not computed yet.
        ValueError
            There is a record after this moment: `fork` first.
        """
        if not self.at_end:
            raise ValueError("a recorded future follows")
        with quiet():
            self._enter()
            # What was put in here before, and is not shown at the end of the last iteration.
            self._perform(self._machine, self._iteration, self._index, self._index)
        check(intervention, self.program, self._machine, self._index)
        moment = self._place()
        self.interventions[moment] = (*self.interventions.get(moment, ()), intervention)
        intervention.apply(self._machine)

    # Forwards.

    def step(self, boundary: Boundary) -> None:
        """Execute up to the next end of a step of this size.

        When a result is not finite, the session stops before the instruction that gave it, and
        `failure` says which one that is.
        """
        with quiet():
            self._enter()
            if boundary is not Boundary.EPOCH:
                self._keep_first()
            if boundary is Boundary.ELEMENT and self._element + 1 < self.elements:
                self._element += 1
                return
            self._element = 0
            if boundary is Boundary.EPOCH:
                while self._run_to(self._length) and self.completed % self.batches_per_epoch:
                    self._enter()
            else:
                self._run_to(next_end(self.program, self._index, boundary))

    def run_epoch(self, on_iteration: Callable[[], None] | None = None) -> None:
        """Execute up to the end of the epoch, calling `on_iteration` after each update."""
        with quiet():
            while True:
                self._enter()
                if not self._run_to(self._length):
                    return
                if on_iteration is not None:
                    on_iteration()
                if self.completed % self.batches_per_epoch == 0:
                    return

    def run(
        self,
        seconds: float,
        interrupted: Callable[[], bool],
        stops: Stops | None = None,
        *,
        one: bool = False,
    ) -> None:
        """Execute for about this long, or until `interrupted` says so or a result is not finite.

        Where an iteration is short, it is the unit; where it is long, an instruction is, but it is
        ended if that takes no more than `LINGER`, so that whoever looks sees all of it. A
        breakpoint of `stops` that is reached ends it too, and is left in `hit`. With `one`, a
        single instruction is executed.
        """
        self.hit = None
        self._element = 0
        now = time.perf_counter()
        deadline = now + seconds
        with quiet():
            while self.failure is None:
                self._enter()
                slow = self._iteration_time >= SLOW_ITERATION
                began = now
                stop = self._index + 1 if slow or one else self._length
                if stops is not None:
                    stop = stops.next_mark(self._index, stop)
                sound = self._run_to(stop)
                now = time.perf_counter()
                self._spent += now - began
                if self._index == self._length:
                    # Measured anew each time, so that one hiccup does not slow the run down.
                    self._iteration_time = self._spent
                if sound and stops is not None:
                    self.hit = stops.reached(self._machine, self._iteration, self._index)
                if one or self.hit is not None or interrupted():
                    return
                if now >= deadline and (self._index == self._length or now >= deadline + LINGER):
                    return

    # Backwards.

    def back(self, boundary: Boundary) -> None:
        """Go back to the previous end of a step of this size; nothing happens at the start.

        Results after that moment are forgotten, and parameters are as they were then, to the
        bit.
        """
        self.failure = None
        if self._element:
            within = boundary is Boundary.ELEMENT and self._element > 1
            self._element = self._element - 1 if within else 0
            # The start of the instruction may be the start of the larger step as well.
            start = previous_end(self.program, self._index + 1, boundary) == self._index
            if boundary is Boundary.EPOCH:
                start = self._index == 0 and self.completed % self.batches_per_epoch == 0
            if within or start:
                return
        elif boundary is Boundary.ELEMENT:
            before = self._place()
            self.back(Boundary.OP)
            # At the start, and where a number put in by hand is taken back, it has not moved.
            if self._place() != before and self._index < self._length:
                self._element = self.elements - 1
            return
        if self.at_end and self.interventions.pop(self._place(), ()):
            # The last thing that was done is what was put in here by hand: it is taken back.
            self._restore(self.cursor)
            return
        if boundary is Boundary.EPOCH:
            over = self.completed % self.batches_per_epoch
            inside = over or 0 < self._index < self._length
            wanted = self.completed - (over if inside else self.batches_per_epoch)
            self.go_to(self._moment(wanted))
            return
        index = previous_end(self.program, self._index, boundary)
        if index == 0:
            self.go_to(self._moment(self._iteration))
        else:
            self.go_to(Cursor(self._iteration, index))

    def go_to(self, cursor: Cursor) -> None:
        """Make an earlier moment the present one, by keyframe and exact replay.

        Raises
        ------
        IndexError
            The moment lies before the start of this session.
        """
        self.failure = None
        self._element = 0
        between = self.program.instructions[cursor.index : self._index]
        same_pass = cursor.iteration == self._iteration and cursor.index <= self._index
        self._live = self.live
        changed = any(cursor < moment <= self._place() for moment in self.interventions)
        if same_pass and not changed and not any(instr.op.updates for instr in between):
            # Nothing is changed in place between the two moments: results are merely hidden.
            self._index = cursor.index
            return
        self._restore(cursor)

    def seek(self, completed: int) -> None:
        """Go to the moment after so many finished iterations, within the record."""
        wanted = min(max(completed, self.start), self.live.iteration)
        self.go_to(self._moment(wanted))

    # The engine room.

    def _restore(self, cursor: Cursor) -> None:
        """Reach a moment from the keyframe before it."""
        iteration, saved = self.journal.before(cursor.iteration)
        self.storage.restore(saved)
        with quiet():
            while iteration < cursor.iteration:
                self._begin(iteration)
                self._perform(self._machine, iteration, 0, self._length)
                iteration += 1
            self._begin(iteration)
            self._keep_first()
            self._perform(self._machine, iteration, 0, cursor.index)
        self._index = cursor.index

    def _moment(self, completed: int) -> Cursor:
        """The moment right after so many finished iterations."""
        if completed <= self.start:
            return Cursor(self.start, 0)
        return Cursor(completed - 1, self._length)

    def _enter(self) -> None:
        """Begin the next iteration if the current one is finished."""
        if self._index == self._length:
            self._begin(self._iteration + 1)

    def _begin(self, iteration: int) -> None:
        """Stand before the first instruction of an iteration, its rows ready to be loaded."""
        if iteration >= self.start + len(self.losses) and self.journal.wants(iteration):
            self.journal.add(iteration, self.storage.save())
        self._machine = self._prepare(self._machines, self.storage, iteration)
        self._iteration, self._index, self._spent = iteration, 0, 0.0
        self._first = None

    def _keep_first(self) -> None:
        """Keep what the iteration begins with, if it has only begun.

        Whoever looks at single moments asks about each of them, from the start of its iteration;
        replay from a keyframe would take longer than the step.
        """
        if self._index == 0 and self._first is None and self._start not in self.interventions:
            self._first = self.storage.save()

    def _run_to(self, stop: int) -> bool:
        """Execute instructions up to `stop`; False when a result was not finite."""
        self.failure = None
        machine, index = self._machine, self._index
        if index == 0 and stop == self._length:
            # One call for all of it: should a result not be finite, the whole iteration is undone.
            self._perform(machine, self._iteration, 0, stop)
            if not (
                isfinite(machine.loss()) and machine.gradients_finite() and self.storage.is_finite()
            ):
                self._find_failure()
                return False
            self._index = stop
            self._finish_iteration()
            return True
        checks: tuple[tuple[int, Callable[[], bool]], ...] = (
            (self._backward, lambda: isfinite(machine.loss())),
            (self._update, machine.gradients_finite),
            (self._length, self.storage.is_finite),
        )
        for mark, sound in checks:
            if index < mark <= stop:
                self._perform(machine, self._iteration, index, mark)
                index = mark
                if not sound():
                    self._find_failure()
                    return False
        if index < stop:
            self._perform(machine, self._iteration, index, stop)
        self._index = stop
        if stop == self._length:
            self._finish_iteration()
        return True

    def _finish_iteration(self) -> None:
        done = self._iteration + 1
        if done - self.start > len(self.losses):
            self.losses.append(done / self.batches_per_epoch, self._machine.loss())
            if self._iteration >= self._tally.due:
                self._tally.add(self._machine, self._iteration, self.rows)
        if done % self.batches_per_epoch == 0:
            self._test(done)

    def _test(self, completed: int) -> None:
        epochs = completed / self.batches_per_epoch
        if not len(self.tests) or epochs > self.tests.points[-1, 0]:
            test = self._evaluator.evaluate()
            right = np.nan if test.accuracy is None else test.accuracy
            rate = np.nan
            if completed > self.start and self._rate is not None:
                rate = float(self._machine.array(self._rate))
            self.tests.append(epochs, test.loss, right, self._tally.close(), rate)

    def _find_failure(self) -> None:
        """Repeat the iteration one instruction at a time and stop before the first bad one."""
        iteration, live = self._iteration, self._live
        self._restore(Cursor(iteration, 0))
        for index, instr in enumerate(self.program.instructions):
            self._perform(self._machine, iteration, index, index + 1)
            bad = [i for i in instr.outputs if not np.isfinite(self._machine.array(i)).all()]
            if not bad:
                continue
            array = self._machine.array(bad[0])
            what = "NaN (not a number)" if np.isnan(array).any() else "infinity"
            # The whole way again, so that not even a bad update is left behind.
            self._restore(Cursor(iteration, index))
            # What came of the bad instruction is no record to go back to.
            self._live = live
            self.failure = Diagnostic(
                "non-finite",
                {
                    "iteration": iteration + 1,
                    "op": instr.op.name.replace("_", " "),
                    "name": instr.node,
                    "what": what,
                },
                node=instr.node or None,
            )
            return
        raise AssertionError("a result was not finite, and no instruction gave it")


def _take_over(storage: Storage, weights: Weights, kept: Storage | None) -> None:
    program = storage.program
    for v in (*program.parameters, *program.buffers):
        known = weights.get((v.node, v.name))
        if known is not None:
            take_over(storage.view(v), known)
    if kept is not None:
        storage.adopt(kept)
