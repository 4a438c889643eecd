"""A training run under a debugger: run, step, step back, and never lose a good weight."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from math import isfinite

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import KEPT, Array, Machine, Phase, Storage, take_over
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Lowered, TrainingSetup
from backprop_studio.training.breakpoints import Breakpoint, Stops
from backprop_studio.training.cursor import Boundary, Cursor, next_end, previous_end
from backprop_studio.training.feeding import sources
from backprop_studio.training.interventions import Intervention, check
from backprop_studio.training.journal import DEFAULT_BUDGET, DEFAULT_INTERVAL, Journal
from backprop_studio.training.metrics import TEST_COLUMNS, Evaluation, Evaluator, Series
from backprop_studio.training.tally import Tally, rate_of

Weights = Mapping[tuple[str, str], Array]
"""Parameters and buffers, by the name that their node keeps them under and by their own."""

SLOW_ITERATION = 0.002
"""Seconds; longer iterations are run instruction by instruction, so that Pause is at once."""


def _quiet() -> np.errstate:
    # Overflow is no surprise here: it is found by looking at the results, and explained.
    return np.errstate(all="ignore")


class Session:
    """One network in training.

    Running and stepping execute the same instructions on the same buffers, so any mix of them
    gives the same bits. Randomness depends on the seed, the epoch and the parameter alone, so
    every moment can be reached again by replay.

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
        self.lowered = lowered
        self.setup = setup
        self.program = lowered.program
        self.storage = Storage(self.program, np.dtype(setup.precision).type)
        self.storage.initialize(setup.seed)
        self._take_over(weights or {}, kept)
        self.storage.initialize(setup.seed, redraw)
        self.start = start
        self.journal = Journal(budget, interval)
        self.failure: Diagnostic | None = None
        self.hit: Breakpoint | None = None
        """The breakpoint that ended the last run."""
        self.before: Session | None = None
        """The session that this one left to become another branch, while that is kept."""
        self.interventions: dict[Cursor, tuple[Intervention, ...]] = {}
        """What was put in by hand, by the moment; a moment at the end of an iteration is that
        at the start of the next one."""
        self.losses = Series(2)
        """Points (epochs, loss of the batch), one for each iteration since `start`."""
        self.tests = Series(TEST_COLUMNS)
        """Points at the ends of epochs; see `TEST_COLUMNS`."""

        self.prepared = setup.prepared()
        """The rows, as they are after corruption and scaling, and which are for what."""
        dataset, split = self.prepared.dataset, self.prepared.split
        self._sources = sources(lowered, dataset, self.storage.dtype)
        self.targets = dataset.y
        """Of all rows of the data set."""
        self._train = split.train
        self._bounds = data.batch_bounds(len(split.train), setup.batch_size)
        self._evaluator = Evaluator(
            lowered, self.storage, self._sources, dataset.y, split.validation, setup.batch_size
        )
        self._tally = Tally(
            lowered, dataset.y, len(split.train), setup.batch_size, self.storage.dtype
        )
        self._rate = rate_of(self.program)
        self._machines: dict[int, Machine] = {}
        self._order = (-1, np.empty(0, np.int64))
        self._length = len(self.program.instructions)
        self._backward = self.program.start_of(Phase.BACKWARD)
        self._update = self.program.start_of(Phase.UPDATE)
        # Slow until measured.
        self._iteration_time, self._spent = float("inf"), 0.0
        self._iteration = start
        self._index = 0
        self._element = 0
        self._live = Cursor(start, 0)
        self._tested_rows = len(split.validation)
        self._begin(start)
        with _quiet():
            self._test(start)

    # Where it stands.

    @property
    def cursor(self) -> Cursor:
        """The moment that the session is at."""
        return Cursor(self._iteration, self._index)

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
    def batches_per_epoch(self) -> int:
        """Iterations in one pass over the training rows."""
        return len(self._bounds)

    @property
    def completed(self) -> int:
        """Finished iterations, those before `start` included."""
        return self._iteration + (self._index == self._length)

    @property
    def rows(self) -> Array:
        """Rows of the data set in the current batch: int64 of shape (batch,)."""
        return self._rows(self._iteration)

    @property
    def epoch(self) -> int:
        """Finished passes over the training rows."""
        return self.completed // self.batches_per_epoch

    @property
    def epochs(self) -> float:
        """Passes over the training rows so far, with the fraction."""
        return self.completed / self.batches_per_epoch

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

    def weights(self) -> dict[tuple[str, str], Array]:
        """Copies of all parameters and buffers."""
        kept = (*self.program.parameters, *self.program.buffers)
        return {(v.node, v.name): self.storage.view(v).copy() for v in kept}

    def evaluate(self) -> Evaluation:
        """Test on the held-out rows with the parameters as they are now."""
        with _quiet():
            return self._evaluator.evaluate()

    @property
    def training_rows(self) -> Array:
        """Rows of the data set that it is trained on: int64."""
        return self._train

    def used(self, rows: Array, storage: Storage | None = None) -> Machine:
        """A machine that has run the network as it is used, on any rows of the data set.

        It reads the parameters of the session as they are now, and changes none; or those of
        another storage of the same program.
        """
        storage = self.storage if storage is None else storage
        machine = Machine(self.lowered.evaluation, storage, batch=len(rows))
        for name, source in self._sources.items():
            machine.feed(name, source, rows)
        with _quiet():
            machine.run()
        return machine

    def twin(self) -> Machine:
        """A machine to try things out on, before the first instruction of this iteration.

        It has the rows of the batch and copies of all that is kept, as they were when the
        iteration began; a weight that was since set by hand is as it was set. Whatever is done
        to the twin, the session does not change.
        """
        machine = self._again()
        for moment, put_in in self.interventions.items():
            if Cursor(self._iteration, 0) <= moment <= self.cursor:
                for intervention in put_in:
                    if self.program.values[intervention.value].role in KEPT:
                        intervention.apply(machine)
        return machine

    def precise(self) -> Machine:
        """A `twin` in float64, whatever the session computes in."""
        twin = self.twin()
        storage = Storage(self.program, np.float64)
        for value in self.program.values:
            if value.role in KEPT:
                storage.view(value)[...] = twin.storage.view(value)
        rows = self._rows(self._iteration)
        machine = Machine(self.program, storage, batch=len(rows))
        self._place_in_time(machine, self._iteration)
        for name, source in self._sources.items():
            batch = source[rows]
            whole = batch.dtype.kind != "f"
            machine.feed(name, batch if whole else batch.astype(np.float64))
        return machine

    def rerun(self, stop: int) -> Machine:
        """A machine of its own that has executed this iteration up to `stop`, not included.

        Unlike a `twin`, it has all that was put in by hand, results among it.
        """
        machine = self._again()
        self.execute(machine, self._iteration, 0, stop)
        return machine

    def _again(self) -> Machine:
        """A machine of its own, at the start of this iteration."""
        storage = Storage(self.program, self.storage.dtype.type)
        done = self.program.instructions[: self._index]
        start = Cursor(self._iteration, 0)
        edited = any(start <= moment <= self.cursor for moment in self.interventions)
        iteration = self._iteration
        if edited or any(instr.op.updates for instr in done):
            return self.replay(iteration, storage, {})
        storage.restore(self.storage.save())
        return self._prepare({}, storage, iteration)

    def replay(
        self,
        iteration: int,
        storage: Storage,
        machines: dict[int, Machine],
        standing: int | None = None,
    ) -> Machine:
        """A machine before the first instruction of a recorded iteration, with the run's bits.

        Parameters
        ----------
        iteration
            From `start` to the one that the session has reached last.
        storage
            Of this session's program and precision; it is overwritten.
        machines
            Machines of that storage by their number of rows. Those that are missing are added,
            so that who asks several times need not have them made again.
        standing
            The recorded iteration at whose start the storage is, if it is at one: where that is
            nearer than the last keyframe, it goes on from there.

        Raises
        ------
        IndexError
            The iteration lies before the start of this session.
        """
        at, saved = self.journal.before(iteration)
        if standing is not None and at <= standing <= iteration:
            at = standing
        else:
            storage.restore(saved)
        while True:
            machine = self._prepare(machines, storage, at)
            if at == iteration:
                return machine
            self.execute(machine, at, 0, self._length)
            at += 1

    def recent(self) -> Machine:
        """A machine of its own at the start of the newest iteration that has a keyframe.

        Nothing has to be replayed for it, so it is there at once where `twin` may take a while; it
        is at most a journal's interval older, where the record has not been gone back in.
        """
        iteration, _ = self.journal.before(self._iteration)
        return self.replay(iteration, Storage(self.program, self.storage.dtype.type), {})

    @property
    def slow(self) -> bool:
        """Whether its iterations take so long that replaying many of them would be felt."""
        return SLOW_ITERATION < self._iteration_time < float("inf")

    def execute(self, machine: Machine, iteration: int, start: int, stop: int) -> None:
        """Let a machine of `replay` run, with all that was put in by hand in between."""
        with _quiet():
            self._perform(machine, iteration, start, stop)

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
        with _quiet():
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
        with _quiet():
            self._enter()
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
        with _quiet():
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

        Where an iteration is short, it is the unit; where it is long, an instruction is. A
        breakpoint of `stops` that is reached ends it too, and is left in `hit`. With `one`, a
        single instruction is executed.
        """
        self.hit = None
        self._element = 0
        now = time.perf_counter()
        deadline = now + seconds
        with _quiet():
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
                if one or self.hit is not None or now >= deadline or interrupted():
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

    def _take_over(self, weights: Weights, kept: Storage | None) -> None:
        for v in (*self.program.parameters, *self.program.buffers):
            known = weights.get((v.node, v.name))
            if known is not None:
                take_over(self.storage.view(v), known)
        if kept is not None:
            self.storage.adopt(kept)

    def _restore(self, cursor: Cursor) -> None:
        """Reach a moment from the keyframe before it."""
        iteration, saved = self.journal.before(cursor.iteration)
        self.storage.restore(saved)
        with _quiet():
            while iteration < cursor.iteration:
                self._begin(iteration)
                self._perform(self._machine, iteration, 0, self._length)
                iteration += 1
            self._begin(iteration)
            self._perform(self._machine, iteration, 0, cursor.index)
        self._index = cursor.index

    def _perform(self, machine: Machine, iteration: int, start: int, stop: int) -> None:
        """Execute instructions, and put in between them what was put in by hand."""
        if self.interventions:
            # Putting the same number in twice changes nothing, so both ends count.
            for index in range(start, stop + 1):
                put_in = self.interventions.get(Cursor(iteration, index), ())
                if put_in and index < self._length:
                    machine.run(start, index)
                    start = index
                    for intervention in put_in:
                        intervention.apply(machine)
        if start < stop:
            machine.run(start, stop)

    def _place(self) -> Cursor:
        """The cursor, the end of an iteration being the start of the next one."""
        if self._index == self._length:
            return Cursor(self._iteration + 1, 0)
        return self.cursor

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

    def _prepare(self, machines: dict[int, Machine], storage: Storage, iteration: int) -> Machine:
        """The machine for an iteration's batch, its rows fed."""
        rows = self._rows(iteration)
        if len(rows) not in machines:
            machines[len(rows)] = Machine(self.program, storage, batch=len(rows))
        machine = machines[len(rows)]
        self._place_in_time(machine, iteration)
        for name, source in self._sources.items():
            machine.feed(name, source, rows)
        return machine

    def _place_in_time(self, machine: Machine, iteration: int) -> None:
        """Say which iteration it is, on which random numbers depend."""
        machine.at(
            seed=self.setup.seed,
            iteration=iteration,
            batches_per_epoch=self.batches_per_epoch,
        )

    def _rows(self, iteration: int) -> Array:
        """Which rows of the data set are in an iteration's batch."""
        epoch, number = divmod(iteration, self.batches_per_epoch)
        if self._order[0] != epoch:
            order = data.epoch_order(
                len(self._train),
                seed=self.setup.seed,
                epoch=epoch,
                shuffle=self.setup.data.shuffle,
            )
            self._order = epoch, self._train[order]
        low, high = self._bounds[number]
        return self._order[1][low:high]

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
