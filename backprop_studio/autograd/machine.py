"""Executes programs: the same kernels on the same buffers whether it runs or is stepped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd.op import Call, RunContext
from backprop_studio.autograd.program import KEPT, Instr, Phase, Program, Role, Value
from backprop_studio.autograd.storage import Storage, all_finite
from backprop_studio.autograd.symbol import BATCH, Array, resolve


@dataclass(frozen=True)
class _Fused:
    """The update phase as one call list over whole arenas instead of one a parameter."""

    start: int
    stop: int
    calls: list[Call]


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
    """

    def __init__(self, program: Program, storage: Storage, *, batch: int) -> None:
        self.program = program
        self.storage = storage
        self.batch = batch
        self._context = RunContext()
        self._arrays: dict[int, Array] = {}
        self._gradients: list[Array] = []
        self._allocate()
        self._calls = [self._bind(instr) for instr in program.instructions]
        self._fused = self._fuse_updates()
        self._plans: dict[tuple[int, int], list[Call]] = {}

    def feed(self, name: str, source: Array, rows: Array) -> None:
        """Say which rows of `source` the input `name` takes when it is loaded next.

        Parameters
        ----------
        name
            Name of an input of the program.
        source
            Array of shape (rows of the data set, …), of the input's kind.
        rows
            Int64 indices of shape (batch,).

        Raises
        ------
        ValueError
            The number of rows, their shape or their kind does not fit.
        """
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

    def run(self, start: int = 0, stop: int | None = None) -> None:
        """Execute the instructions from `start` up to but not including `stop`.

        Floating-point warnings are the caller's to silence (`numpy.errstate`): doing it here
        would cost as much as a small network's step.
        """
        stop = len(self._calls) if stop is None else stop
        calls = self._plans.get((start, stop))
        if calls is None:
            calls = self._plans[start, stop] = self._flatten(start, stop)
        for function, arguments in calls:
            function(*arguments)

    def gradients_finite(self) -> bool:
        """Whether no parameter's gradient is infinite or NaN."""
        return all(all_finite(flat) for flat in self._gradients)

    def _allocate(self) -> None:
        program, dtype = self.program, self.storage.dtype
        sizes: dict[str, int] = {BATCH: self.batch}
        touched = {i for instr in program.instructions for i in (*instr.inputs, *instr.outputs)}
        for value in program.values:
            if value.role in KEPT:
                self._arrays[value.id] = self.storage.view(value)
            elif value.id in touched:
                kind = np.dtype(np.int64) if value.type.kind == "int" else dtype
                self._arrays[value.id] = np.zeros(resolve(value.shape, sizes), kind)
        # Gradients of parameters lie in one vector, in the parameters' order; a gradient that
        # also serves another value keeps an array of its own.
        shared = [g for v, g in program.gradients.items()]
        own = [
            p
            for p in program.parameters
            if (g := program.gradients.get(p.id)) in touched and shared.count(g) == 1
        ]
        arena = np.zeros(sum(self.storage.view(p).size for p in own), dtype)
        start = 0
        for p in own:
            view = self.storage.view(p)
            part = arena[start : start + view.size].reshape(view.shape)
            self._arrays[program.gradients[p.id]] = part
            start += view.size
        rest = {program.gradients.get(p.id) for p in program.parameters if p not in own}
        self._gradients = [arena, *(self._arrays[g].reshape(-1) for g in rest if g in touched)]

    def _check_feed(self, name: str, source: Array, rows: Array) -> None:
        slot = self._arrays[self.program.inputs[name]]
        if len(rows) != self.batch or source.shape[1:] != slot.shape[1:]:
            raise ValueError(
                f"input '{name}' takes {slot.shape}; got {(len(rows), *source.shape[1:])}"
            )
        if source.dtype != slot.dtype:
            raise ValueError(f"input '{name}' holds {slot.dtype}; the data are {source.dtype}")

    def _bind(self, instr: Instr) -> list[Call]:
        inputs = [self._arrays[i] for i in instr.inputs]
        outputs = [self._arrays[i] for i in instr.outputs]
        return instr.op.bind_in(self._context, inputs, outputs)

    def _flatten(self, start: int, stop: int) -> list[Call]:
        calls: list[Call] = []
        index = start
        while index < stop:
            fused = self._fused
            if fused is not None and index == fused.start and fused.stop <= stop:
                calls += fused.calls
                index = fused.stop
            else:
                calls += self._calls[index]
                index += 1
        return calls

    def _fuse_updates(self) -> _Fused | None:
        """Updates of all parameters at once, if every parameter is updated in the same way.

        Updates work entry by entry, so one call over all parameters computes the same bits as
        one call for each of them.
        """
        program = self.program
        start = program.start_of(Phase.UPDATE)
        stop = len(program.instructions)
        rows: dict[tuple[str, ...], list[Instr]] = {}
        calls: list[Call] = []
        for index in range(start, stop):
            instr = program.instructions[index]
            owner = self._owner(instr)
            if not (instr.op.updates and instr.op.elementwise):
                return None
            if owner is None:
                if rows:  # a shared counter must come before the updates that read it
                    return None
                calls += self._calls[index]
            else:
                rows.setdefault(owner, []).append(instr)
        ordered = list(rows.values())
        if len(ordered) < 2 or list(rows) != [p.key for p in program.parameters]:
            return None
        for column in zip(*ordered, strict=False):
            if any(i.op != column[0].op for i in column):
                return None
            operands = [
                self._joined([i.inputs[k] for i in column]) for k in range(len(column[0].inputs))
            ]
            if any(o is None for o in operands):
                return None
            arrays = [o for o in operands if o is not None]
            calls += column[0].op.bind(arrays, [arrays[0]])
        if any(len(r) != len(ordered[0]) for r in ordered):
            return None
        return _Fused(start, stop, calls)

    def _owner(self, instr: Instr) -> tuple[str, ...] | None:
        """Key of the parameter that an update serves; None for what all parameters share."""
        target = self.program.values[instr.outputs[0]]
        return target.key if target.role is Role.PARAMETER else target.of

    def _joined(self, ids: Sequence[int]) -> Array | None:
        """One flat view over the arrays of `ids` if they lie end to end in one arena."""
        arrays = [self._arrays[i] for i in ids]
        if len(set(ids)) == 1:
            return arrays[0] if arrays[0].shape == () else None
        base = arrays[0].base
        if base is None or any(a.base is not base for a in arrays) or base.ndim != 1:
            return None
        address = base.__array_interface__["data"][0]
        expected = arrays[0].__array_interface__["data"][0]
        first = (expected - address) // base.itemsize
        for a in arrays:
            if a.__array_interface__["data"][0] != expected:
                return None
            expected += a.nbytes
        flat: Array = base[first : first + sum(a.size for a in arrays)]
        return flat
