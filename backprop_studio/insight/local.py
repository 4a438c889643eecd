"""Local derivatives of a single instruction: what one entry does to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Instr,
    Machine,
    Phase,
    Role,
    Storage,
    Value,
)
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.training import Session

_STEP = 1e-6
"""How far an entry is moved to measure a local derivative, in units of its size, at least 1."""

Entry = tuple[int, ...]


@dataclass(frozen=True)
class Spot:
    """One entry of a value.

    Attributes
    ----------
    value, entry
        Id of the value, and place in it.
    within
        Of a result in between, in an operation that is several in one: index of its instruction.
        The value is then one of the program of its parts.
    """

    value: int
    entry: Entry
    within: int | None = None


@dataclass(frozen=True)
class Factor:
    """A number in a derivation.

    Attributes
    ----------
    number
        Itself.
    symbol
        What the rule calls it.
    spot
        Where it stands, or None for one that was worked out on the way.
    """

    number: float
    symbol: str
    spot: Spot | None = None


@dataclass(frozen=True)
class Term:
    """One part of a number: what it consists of, and what it amounts to."""

    factors: tuple[Factor, ...]
    amount: float


def reached(machine: Machine, spot: Spot) -> Iterator[tuple[int, Entry, float]]:
    """What an entry flows into directly, on its way to the loss.

    Parameters
    ----------
    machine
        In float64, with the forward pass done. It is left as it was.
    spot
        The entry. It is moved both ways through each forward instruction that reads it.

    Yields
    ------
    tuple
        Id of a result, entry of it, and its derivative with respect to `spot`, where that is
        not zero.
    """
    program = machine.program
    moved = machine.writable(program.values[spot.value])
    kept = float(moved[spot.entry])
    step = _STEP * max(1.0, abs(kept))
    for index, instr in enumerate(program.instructions[: program.start_of(Phase.BACKWARD)]):
        useful = [i for i in instr.outputs if i in program.gradients]
        if spot.value not in instr.inputs or not useful:
            continue
        sides = []
        for number in (kept + step, kept - step):
            moved[spot.entry] = number
            machine.run(index, index + 1)
            sides.append([np.array(machine.array(i)) for i in useful])
        moved[spot.entry] = kept
        machine.run(index, index + 1)
        for made, high, low in zip(useful, *sides, strict=True):
            slopes = (high - low) / (2 * step)
            for entry in np.argwhere(slopes):
                place = tuple(int(i) for i in entry)
                yield made, place, float(slopes[place])


def chain_terms(spot: Spot, target: int, machine: Machine, session: Session) -> Iterator[Term]:
    """Upstream times local, for all that an entry of a value flows into.

    Parameters
    ----------
    spot
        Entry of a gradient.
    target
        Id of the value that it is the gradient of.
    machine
        Where the numbers are, with the backward pass done.
    session
        The run; it is left as it is.

    Yields
    ------
    Term
        Its two factors are the upstream gradient and the local derivative.
    """
    program = session.program
    precise = session.precise()
    precise.run(0, program.start_of(Phase.BACKWARD))
    readers = [i for i in program.instructions if i.phase < Phase.BACKWARD and target in i.inputs]
    for instr in readers:
        for given in instr.inputs:
            precise.writable(program.values[given])[...] = machine.array(given)
    by = {made: instr for instr in readers for made in instr.outputs}
    for made, entry, slope in reached(precise, Spot(target, spot.entry)):
        instr = by[made]
        signal = float(machine.array(program.gradients[made])[entry])
        where = _partner(instr, target, spot.entry, entry)
        if where is None and instr.op.elementwise:
            where = Spot(made, entry)
        upstream = Factor(signal, "upstream", Spot(program.gradients[made], entry))
        yield Term((upstream, Factor(slope, "local", where)), signal * slope)


def _partner(instr: Instr, moved: int, entry: Entry, out: Entry) -> Spot | None:
    """The entry that multiplies another one in a matrix product: its local derivative."""
    plain = isinstance(instr.op, Affine) or (
        isinstance(instr.op, MatMul) and not (instr.op.transpose_a or instr.op.transpose_b)
    )
    if not plain or len(entry) != 2 or len(out) != 2 or instr.inputs[0] == instr.inputs[1]:
        return None
    x, w = instr.inputs[:2]
    if moved == x:
        return Spot(w, (entry[1], out[1]))
    return Spot(x, (out[0], entry[0])) if moved == w else None


def local_row(
    spot: Spot, instr: Instr, machine: Machine, session: Session
) -> Sequence[Array | None]:
    """Derivatives of one entry with respect to all entries of the op's inputs.

    The op alone is made a program, and differentiated with 1 for that entry and 0 for all others.
    None for an input without a derivative; empty for an op without one.
    """
    program = machine.program
    b, arrays = Builder(), {}

    def stand_in(name: str, value: Value, array: Array) -> Value:
        if value.type.kind == "int":
            made = b.input(name, value.shape, "int")
        elif BATCH in value.shape:
            made = b.input(name, value.shape)
        else:
            made = b.parameter(name, value.shape)
        arrays[made.id] = array if value.type.kind == "int" else array.astype(np.float64)
        return made

    inputs = [
        stand_in(f"x{place}", program.values[i], machine.array(i))
        for place, i in enumerate(instr.inputs)
    ]
    one = np.zeros(machine.array(spot.value).shape)
    one[spot.entry] = 1.0
    upstream = stand_in("upstream", program.values[spot.value], one)
    outputs = b.apply_all(instr.op, *inputs)
    needs = [v.type.kind == "float" for v in inputs]
    with b.scope(node="", phase=Phase.BACKWARD):
        try:
            slopes = instr.op.vjp(
                b,
                inputs,
                outputs,
                [upstream if i == spot.value else None for i in instr.outputs],
                needs,
            )
        except NotImplementedError:
            return ()
    single = b.build()
    alone = Machine(single, Storage(single, np.float64), batch=machine.batch)
    cursor = session.cursor
    alone.at(
        seed=session.setup.seed,
        iteration=cursor.iteration,
        batches_per_epoch=session.batches_per_epoch,
    )
    for value in single.values:
        if value.id in arrays and value.role is Role.PARAMETER:
            alone.writable(value)[...] = arrays[value.id]
    for name, index in single.inputs.items():
        alone.feed(name, arrays[index])
    alone.run()
    return [None if slope is None else np.array(alone.array(slope)) for slope in slopes]


def row_terms(
    symbol: str, given: int, slope: Array, spot: Spot, instr: Instr, machine: Machine
) -> Iterator[Term]:
    """Entries of one input times their local derivatives.

    Parameters
    ----------
    symbol, given
        The input: what the rule calls it, and its id.
    slope
        Derivatives of the entry `spot` with respect to the input; of its shape.
    spot, instr, machine
        What is explained, the instruction that computes it, and where the numbers are.

    Yields
    ------
    Term
        One for each entry that the result depends on.
    """
    for entry in (tuple(int(i) for i in e) for e in np.argwhere(slope)):
        number, local = float(machine.array(given)[entry]), float(slope[entry])
        yield Term(
            (
                Factor(number, symbol, Spot(given, entry)),
                Factor(local, "local", _partner(instr, given, entry, spot.entry)),
            ),
            number * local,
        )
