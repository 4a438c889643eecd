"""Executes programs: the same kernels on the same buffers whether it runs or is stepped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_studio.autograd.fusion import fuse, owners, side_by_side
from backprop_studio.autograd.layout import plan
from backprop_studio.autograd.memory import check_memory
from backprop_studio.autograd.op import Call, Op, RunContext
from backprop_studio.autograd.program import KEPT, Program, Value
from backprop_studio.autograd.room import Room
from backprop_studio.autograd.storage import Storage, all_finite
from backprop_studio.autograd.symbol import BATCH, Array, resolve


class Machine:
    """A program bound to buffers for one batch size.

    Everything is allocated here; running allocates nothing. Every value stays readable until
    the next iteration overwrites it.

    Parameters
    ----------
    program
        What to execute.
    storage
        Parameters and optimizer state, shared with other machines of the same program.
    batch
        Number of rows that takes the place of the symbol `N`.

    Raises
    ------
    StudioError
        Its values would take more than the storage's limit; nothing has been allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_studio.autograd import BATCH, Builder, Machine, Storage
    >>> from backprop_studio.autograd.ops.activation import ReLU
    >>> b = Builder()
    >>> x = b.input("x", (BATCH, 2))
    >>> y = b.apply(ReLU(), x)
    >>> program = b.build()
    >>> machine = Machine(program, Storage(program, np.float64), batch=3)
    >>> machine.feed("x", np.array([[-1.0, 1.0], [2.0, -2.0], [3.0, 4.0]]))
    >>> machine.run()
    >>> machine.array(y)
    array([[0., 1.],
           [2., 0.],
           [3., 4.]])

    Stepping is running, one instruction at a time:

    >>> for index, instr in enumerate(program.instructions):
    ...     machine.run(index, index + 1)
    ...     print(instr.phase.name, instr.op.name)
    DATA load
    FORWARD relu
    """

    def __init__(self, program: Program, storage: Storage, *, batch: int) -> None:
        self.program = program
        self.storage = storage
        self.batch = batch
        check_memory(program.memory(batch, storage.dtype.itemsize), storage.limit)
        self._context = RunContext()
        self._arrays: dict[int, Array] = {}
        self._gradients: list[Array] = []
        self._allocate()
        self._calls = [
            self._bind(
                instr.op,
                [self._arrays[i] for i in instr.inputs],
                [self._arrays[i] for i in instr.outputs],
            )
            for instr in program.instructions
        ]
        self._fused = fuse(program, self._arrays, self._calls, self._bind)
        self._plans: dict[tuple[int, int], list[Call]] = {}
        self.before_run: Callable[[], object] | None = None
        """Called first in each `run`, if it is set before any. By raising something it keeps a
        machine that runs again and again from going on."""

    def feed(self, name: str, source: Array, rows: Array | None = None) -> None:
        """Say which rows of `source` the input `name` takes when it is loaded next.

        A source is looked through when it is first fed, and not again while it stays the same
        array: it is not copied, and what is written into it later is not checked.

        Parameters
        ----------
        name
            Name of an input of the program.
        source
            Array of shape (rows of the data set, …), of the input's kind.
        rows
            Int64 indices of shape (batch,); without them, `source` is the batch.

        Raises
        ------
        ValueError
            The number of rows, their shape or their kind does not fit.
        DataError
            A whole number is out of the range of an op that it reaches.
        """
        if rows is None:
            rows = np.arange(len(source))
        known = self._context.feeds.get(name)
        if known is None or known[0] is not source or len(rows) != self.batch:
            self._check_feed(name, source, rows)
        self._context.feeds[name] = (source, rows)

    def at(self, *, seed: int, iteration: int, batches_per_epoch: int = 1) -> None:
        """Say which moment of a run the next instructions belong to."""
        context = self._context
        context.seed = seed
        context.iteration = iteration
        context.batches_per_epoch = batches_per_epoch

    def array(self, value: Value | int) -> Array:
        """The array of a value, read-only, without a copy."""
        view = self._arrays[value if isinstance(value, int) else value.id].view()
        view.flags.writeable = False
        return view

    def writable(self, value: Value) -> Array:
        """The array of a value itself, to put numbers into it between instructions.

        The next instruction that computes the value overwrites them.
        """
        return self._arrays[value.id]

    def run(self, start: int = 0, stop: int | None = None) -> None:
        """Execute the instructions from `start` up to but not including `stop`.

        Floating-point warnings are the caller's to silence (`numpy.errstate`): doing it here
        would cost as much as a small network's step.
        """
        stop = len(self._calls) if stop is None else stop
        calls = self._plans.get((start, stop))
        if calls is None:
            calls = self._flatten(start, stop)
            if self.before_run is not None:
                calls = [(self.before_run, ()), *calls]
            self._plans[start, stop] = calls
        for function, arguments in calls:
            function(*arguments)

    def step(self, rows: Array | None = None, **sources: Array) -> float:
        """Feed these rows of `sources`, run everything, and return the loss.

        Each step is the next iteration of the run that `at` began, or of one with seed 0.

        The loop of a script that trains. Where every microsecond counts, `feed` and `run` do the
        same without looking at the rows.

        Parameters
        ----------
        rows
            Int64 indices of shape (batch,); without them, the sources are the batch.
        **sources
            For each input of the program, an array as for `feed`.

        Raises
        ------
        ValueError
            A source or a row does not fit, an input has none, or the program has no loss.
        DataError
            A whole number is out of the range of an op that it reaches.
        """
        if self.program.loss is None:
            raise ValueError("this program has no loss")
        missing = [n for n in self.program.inputs if n not in sources | self._context.feeds]
        if missing:
            raise ValueError(f"nothing is fed to the inputs: {', '.join(missing)}")
        for name, source in sources.items():
            if name not in self.program.inputs:
                known = ", ".join(self.program.inputs)
                raise ValueError(f"there is no input '{name}'; the inputs are: {known}")
            if rows is not None and len(rows) and not 0 <= min(rows) <= max(rows) < len(source):
                raise ValueError(f"input '{name}' has rows 0 to {len(source) - 1}; got others")
            self.feed(name, source, rows)
        self.run()
        # The next step is another moment: other random numbers, the next rate of a schedule.
        self._context.iteration += 1
        return self.loss()

    def gradients_finite(self) -> bool:
        """Whether no parameter's gradient is infinite or NaN."""
        for flat in self._gradients:  # noqa: SIM110 (see Storage.is_finite)
            if not all_finite(flat):
                return False
        return True

    def loss(self) -> float:
        """The loss, of a program that has one, as it was computed last."""
        assert self.program.loss is not None
        return float(self._arrays[self.program.loss])

    def _allocate(self) -> None:
        program, dtype = self.program, self.storage.dtype
        sizes: dict[str, int] = {BATCH: self.batch}
        touched = {i for instr in program.instructions for i in (*instr.inputs, *instr.outputs)}
        rooms = plan(program, self.batch)
        for value in program.values:
            if value.role in KEPT:
                self._arrays[value.id] = self.storage.view(value)
            elif value.id in touched:
                kind = np.dtype(np.int64) if value.type.kind == "int" else dtype
                self._arrays[value.id] = self._make(
                    resolve(value.shape, sizes), kind, rooms.get(value.id)
                )
        # Gradients of parameters lie in one vector, in the parameters' order; a gradient that
        # also serves another value keeps an array of its own.
        gradients = {p.id: program.gradients.get(p.id, -1) for p in program.parameters}
        own = {g for p, g in gradients.items() if owners(program).get(g) == p} & touched
        arena = self._lay_out([program.values[g] for g in gradients.values() if g in own])
        for group in side_by_side(program):
            self._lay_out([v for v in group if v.id in touched])
        rest = (set(gradients.values()) & touched) - own
        self._gradients = [arena, *(self._arrays[g].reshape(-1) for g in rest)]

    def _lay_out(self, values: Sequence[Value]) -> Array:
        """Give values, whose shapes have no batch, their places in a new vector, end to end."""
        shapes = [resolve(v.shape, {}) for v in values]
        sizes = [int(np.prod(s)) for s in shapes]
        arena = np.zeros(sum(sizes), self.storage.dtype)
        start = 0
        for value, shape, size in zip(values, shapes, sizes, strict=True):
            self._arrays[value.id] = arena[start : start + size].reshape(shape)
            start += size
        return arena

    def _make(self, shape: tuple[int, ...], dtype: np.dtype[Any], room: Room | None) -> Array:
        if room is None:
            return np.zeros(shape, dtype)
        buffer, array = room.make(shape, dtype)
        self._context.keep_room(array, room, buffer)
        return array

    def _check_feed(self, name: str, source: Array, rows: Array) -> None:
        slot = self._arrays[self.program.inputs[name]]
        if len(rows) != self.batch or source.shape[1:] != slot.shape[1:]:
            raise ValueError(
                f"input '{name}' takes {slot.shape}; got {(len(rows), *source.shape[1:])}"
            )
        if source.dtype != slot.dtype:
            raise ValueError(f"input '{name}' holds {slot.dtype}; the data are {source.dtype}")
        if slot.dtype == np.int64:
            # No op computes with whole numbers; what comes out as such has only been passed on.
            reached = {self.program.inputs[name]}
            for instr in self.program.instructions:
                if reached.intersection(instr.inputs):
                    instr.op.check_data(source)
                    kinds = ((i, self.program.values[i].type.kind) for i in instr.outputs)
                    reached.update(i for i, kind in kinds if kind == "int")

    def _bind(self, op: Op, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return op.bind_in(self._context, inputs, outputs)

    def _flatten(self, start: int, stop: int) -> list[Call]:
        calls: list[Call] = []
        index = start
        while index < stop:
            fused = self._fused.get(index)
            if fused is not None and fused.stop <= stop:
                calls += fused.calls
                index = fused.stop
            else:
                calls += self._calls[index]
                index += 1
        return calls
