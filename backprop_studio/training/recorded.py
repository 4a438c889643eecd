"""A run as it is recorded: of what its iterations consist, and any moment of it made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import KEPT, Array, Machine, Saved, Storage
from backprop_studio.network import Lowered, TrainingSetup
from backprop_studio.training.cursor import Cursor
from backprop_studio.training.feeding import sources
from backprop_studio.training.interventions import Intervention
from backprop_studio.training.journal import Journal

Weights = Mapping[tuple[str, str], Array]
"""Parameters and buffers, by the name that their node keeps them under and by their own."""


class GivenWay(BaseException):
    """A question was broken off, as a command waits; it is to be asked again afterwards.

    It is no `Exception`, as who asks must not take it for a failure.
    """


def quiet() -> np.errstate:
    """Without numpy's warnings: overflow is found by looking at the results, and explained."""
    return np.errstate(all="ignore")


class RecordedRun:
    """A run of one network that stands at one moment, with what is needed to reach it again.

    Randomness depends on the seed, the epoch and the parameter alone, so every moment can be
    reached again by replay from a keyframe. Here are the ways to do so on a machine of one's own,
    which leave the run alone; how the run itself moves is at `Session`.

    Parameters
    ----------
    lowered
        The program and its data set.
    setup
        Batch size, seed, share held out, precision.
    storage
        Of that program and precision, with what the run begins with.
    journal
        Where keyframes go; empty.
    start
        Number of the first iteration; above 0 when this continues another run.
    """

    def __init__(
        self,
        lowered: Lowered,
        setup: TrainingSetup,
        storage: Storage,
        journal: Journal,
        start: int,
    ) -> None:
        self.lowered = lowered
        self.setup = setup
        self.program = lowered.program
        self.storage = storage
        self.start = start
        self.journal = journal
        self.interventions: dict[Cursor, tuple[Intervention, ...]] = {}
        """What was put in by hand, by the moment; a moment at the end of an iteration is that
        at the start of the next one."""
        self.prepared = setup.prepared()
        """The rows, as they are after corruption and scaling, and which are for what."""
        dataset, split = self.prepared.dataset, self.prepared.split
        self.targets = dataset.y
        """Of all rows of the data set."""
        self._sources = sources(lowered, dataset, self.storage.dtype)
        self._train = split.train
        self._bounds = data.batch_bounds(len(split.train), setup.batch_size)
        self._order = (-1, np.empty(0, np.int64))
        self._length = len(self.program.instructions)
        self._iteration = start
        self._index = 0
        self.pressed: Callable[[], bool] = bool
        """Whether a command waits for the question that is being answered; False unless told."""
        self._first: Saved | None = None
        """What was kept when this iteration began, before anything was put in by hand; None while
        nobody has needed it."""

    # Where it stands.

    @property
    def cursor(self) -> Cursor:
        """The moment that the session is at."""
        return Cursor(self._iteration, self._index)

    @property
    def _start(self) -> Cursor:
        """The moment at which this iteration began."""
        return Cursor(self._iteration, 0)

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

    def weights(self) -> dict[tuple[str, str], Array]:
        """Copies of all parameters and buffers."""
        kept = (*self.program.parameters, *self.program.buffers)
        return {(v.node, v.name): self.storage.view(v).copy() for v in kept}

    @property
    def training_rows(self) -> Array:
        """Rows of the data set that it is trained on: int64."""
        return self._train

    # Machines of one's own. They give way whenever they are run.

    def give_way(self) -> None:
        """Break a question off if there is a command that waits for it.

        A question that takes more than some ten milliseconds calls this in between, unless it
        runs one of the machines below again and again, which do so themselves. What it has
        changed outside by then must be as if it had not been asked.

        Raises
        ------
        GivenWay
            Something waits.
        """
        if self.pressed():
            raise GivenWay

    def _giving_way(self, machine: Machine) -> Machine:
        machine.before_run = self.give_way
        return machine

    def used(self, rows: Array, storage: Storage | None = None) -> Machine:
        """A machine that has run the network as it is used, on any rows of the data set.

        It reads the parameters of the session as they are now, and changes none; or those of
        another storage of the same program.
        """
        storage = self.storage if storage is None else storage
        machine = self._giving_way(Machine(self.lowered.evaluation, storage, batch=len(rows)))
        for name, source in self._sources.items():
            machine.feed(name, source, rows)
        with quiet():
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
            if self._start <= moment <= self.cursor:
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
        machine = self._giving_way(Machine(self.program, storage, batch=len(rows)))
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
        if self._first is None:
            done = self.program.instructions[: self._index]
            edited = any(self._start <= moment <= self.cursor for moment in self.interventions)
            if edited or any(instr.op.updates for instr in done):
                machine = self.replay(self._iteration, storage, {})
                self._first = storage.save()
                return self._giving_way(machine)
            self._first = self.storage.save()
        storage.restore(self._first)
        return self._giving_way(self._prepare({}, storage, self._iteration))

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
            self.give_way()
            self.execute(machine, at, 0, self._length)
            at += 1

    def recent(self) -> Machine:
        """A machine of its own at the start of the newest iteration that has a keyframe.

        Nothing has to be replayed for it, so it is there at once where `twin` may take a while; it
        is at most a journal's interval older, where the record has not been gone back in.
        """
        iteration, _ = self.journal.before(self._iteration)
        storage = Storage(self.program, self.storage.dtype.type)
        return self._giving_way(self.replay(iteration, storage, {}))

    def execute(self, machine: Machine, iteration: int, start: int, stop: int) -> None:
        """Let a machine of `replay` run, with all that was put in by hand in between."""
        with quiet():
            self._perform(machine, iteration, start, stop)

    # The engine room.

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
