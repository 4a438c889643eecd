"""A training run under a debugger: run, step, step back, and never lose a good weight."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import isfinite

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import Array, Machine, Phase, Storage, take_over
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Lowered, TrainingSetup
from backprop_studio.training.cursor import Boundary, Cursor, next_end, previous_end
from backprop_studio.training.feeding import sources
from backprop_studio.training.journal import DEFAULT_BUDGET, DEFAULT_INTERVAL, Journal
from backprop_studio.training.metrics import Evaluation, Evaluator, Series

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
    parent
        A session whose optimizer state and parameters are taken over where they fit.
    start
        Number of the first iteration; above 0 when this continues another session.
    budget
        Bytes for the journal.
    interval
        Iterations from one of the journal's keyframes to the next.
    """

    def __init__(
        self,
        lowered: Lowered,
        setup: TrainingSetup,
        *,
        weights: Weights | None = None,
        parent: Session | None = None,
        start: int = 0,
        budget: int = DEFAULT_BUDGET,
        interval: int = DEFAULT_INTERVAL,
    ) -> None:
        self.lowered = lowered
        self.setup = setup
        self.program = lowered.program
        self.storage = Storage(self.program, np.dtype(setup.precision).type)
        self.storage.initialize(setup.seed)
        self._take_over(weights or {}, parent)
        self.start = start
        self.journal = Journal(budget, interval)
        self.failure: Diagnostic | None = None
        self.losses = Series(2)
        """Points (epochs, loss of the batch), one for each iteration since `start`."""
        self.tests = Series(3)
        """Points (epochs, held-out loss, held-out accuracy or NaN), at the ends of epochs."""

        dataset = data.load(lowered.dataset.id)
        split = data.split(dataset, validation_fraction=setup.validation, seed=setup.seed)
        self._sources = sources(lowered, dataset, self.storage.dtype)
        self._train = split.train
        self._bounds = data.batch_bounds(len(split.train), setup.batch_size)
        self._evaluator = Evaluator(
            lowered, self.storage, self._sources, dataset.y, split.validation, setup.batch_size
        )
        self._machines: dict[int, Machine] = {}
        self._order = (-1, np.empty(0, np.int64))
        self._length = len(self.program.instructions)
        self._backward = self.program.start_of(Phase.BACKWARD)
        self._update = self.program.start_of(Phase.UPDATE)
        # Slow until measured.
        self._iteration_time, self._spent = float("inf"), 0.0
        self._iteration = start
        self._index = 0
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
        _, loss, accuracy = (float(x) for x in points[max(place, 0)])
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

    def twin(self) -> Machine:
        """A machine to try things out on, before the first instruction of this iteration.

        It has the rows of the batch and copies of all that is kept, as they were when the
        iteration began. Whatever is done to it, the session does not change.
        """
        storage = Storage(self.program, self.storage.dtype.type)
        done = self.program.instructions[: self._index]
        iteration, saved = self._iteration, None
        if any(instr.op.updates for instr in done):
            iteration, saved = self.journal.before(iteration)
        storage.restore(self.storage.save() if saved is None else saved)
        machines: dict[int, Machine] = {}
        with _quiet():
            while True:
                machine = self._prepare(machines, storage, iteration)
                if iteration == self._iteration:
                    return machine
                machine.run()
                iteration += 1

    # Forwards.

    def step(self, boundary: Boundary) -> None:
        """Execute up to the next end of a step of this size.

        When a result is not finite, the session stops before the instruction that gave it, and
        `failure` says which one that is.
        """
        with _quiet():
            self._enter()
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

    def run(self, seconds: float, interrupted: Callable[[], bool]) -> None:
        """Execute for about this long, or until `interrupted` says so or a result is not finite.

        Where an iteration is short, it is the unit; where it is long, an instruction is.
        """
        now = time.perf_counter()
        deadline = now + seconds
        with _quiet():
            while self.failure is None:
                self._enter()
                slow = self._iteration_time >= SLOW_ITERATION
                began = now
                self._run_to(self._index + 1 if slow else self._length)
                now = time.perf_counter()
                self._spent += now - began
                if self._index == self._length:
                    # Measured anew each time, so that one hiccup does not slow the run down.
                    self._iteration_time = self._spent
                if now >= deadline or interrupted():
                    return

    # Backwards.

    def back(self, boundary: Boundary) -> None:
        """Go back to the previous end of a step of this size; nothing happens at the start.

        Results after that moment are forgotten, and parameters are as they were then, to the
        bit.
        """
        self.failure = None
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
        between = self.program.instructions[cursor.index : self._index]
        same_pass = cursor.iteration == self._iteration and cursor.index <= self._index
        if same_pass and not any(instr.op.updates for instr in between):
            # Nothing is changed in place between the two moments: results are merely hidden.
            self._index = cursor.index
            return
        iteration, saved = self.journal.before(cursor.iteration)
        self.storage.restore(saved)
        with _quiet():
            while iteration < cursor.iteration:
                self._begin(iteration)
                self._machine.run()
                iteration += 1
            self._begin(iteration)
            self._machine.run(0, cursor.index)
        self._index = cursor.index

    # The engine room.

    def _take_over(self, weights: Weights, parent: Session | None) -> None:
        for v in (*self.program.parameters, *self.program.buffers):
            known = weights.get((v.node, v.name))
            if known is not None:
                take_over(self.storage.view(v), known)
        if parent is not None:
            self.storage.adopt(parent.storage)

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
        machine.at(
            seed=self.setup.seed,
            iteration=iteration,
            batches_per_epoch=self.batches_per_epoch,
        )
        for name, source in self._sources.items():
            machine.feed(name, source, rows)
        return machine

    def _rows(self, iteration: int) -> Array:
        """Which rows of the data set are in an iteration's batch."""
        epoch, number = divmod(iteration, self.batches_per_epoch)
        if self._order[0] != epoch:
            order = data.epoch_order(len(self._train), seed=self.setup.seed, epoch=epoch)
            self._order = epoch, self._train[order]
        low, high = self._bounds[number]
        return self._order[1][low:high]

    def _run_to(self, stop: int) -> bool:
        """Execute instructions up to `stop`; False when a result was not finite."""
        self.failure = None
        machine, index = self._machine, self._index
        if index == 0 and stop == self._length:
            # One call for all of it: should a result not be finite, the whole iteration is undone.
            machine.run()
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
                machine.run(index, mark)
                index = mark
                if not sound():
                    self._find_failure()
                    return False
        if index < stop:
            machine.run(index, stop)
        self._index = stop
        if stop == self._length:
            self._finish_iteration()
        return True

    def _finish_iteration(self) -> None:
        done = self._iteration + 1
        if done - self.start > len(self.losses):
            self.losses.append(done / self.batches_per_epoch, self._machine.loss())
        if done % self.batches_per_epoch == 0:
            self._test(done)

    def _test(self, completed: int) -> None:
        epochs = completed / self.batches_per_epoch
        if not len(self.tests) or epochs > self.tests.points[-1, 0]:
            test = self._evaluator.evaluate()
            self.tests.append(epochs, test.loss, np.nan if test.accuracy is None else test.accuracy)

    def _find_failure(self) -> None:
        """Repeat the iteration one instruction at a time and stop before the first bad one."""
        iteration = self._iteration
        self._index = self._length
        self.go_to(Cursor(iteration, 0))
        for index, instr in enumerate(self.program.instructions):
            self._machine.run(index, index + 1)
            bad = [i for i in instr.outputs if not np.isfinite(self._machine.array(i)).all()]
            if not bad:
                continue
            array = self._machine.array(bad[0])
            what = "NaN (not a number)" if np.isnan(array).any() else "infinity"
            # The whole way again, so that not even a bad update is left behind.
            self._index = self._length
            self.go_to(Cursor(iteration, index))
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
