"""What flows along the wires of a network at one moment: activations, or error signals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backprop_studio.autograd import BATCH, Array, Machine, Phase, Program, Storage
from backprop_studio.autograd.ops.arithmetic import Accumulate
from backprop_studio.network import Network, Wire
from backprop_studio.training import Session
from backprop_studio.training.feeding import fed


@dataclass(frozen=True)
class Flow:
    """One example on its way through the network, forward or back.

    Attributes
    ----------
    backward
        Whether these are error signals.
    wires
        Size of what each wire carries; back, of the wire's own contribution. Missing for what
        is not computed yet.
    nodes
        Size of each node's output; back, of the sum over all that the output flows into.
    pictures
        Each node's output for the example, or its error signal: of two axes at most.
    example
        Row of the data set.
    alone
        Whether it was sent through in a pass of its own, with the weights of this moment: it is
        not in the batch, or nothing of that is computed yet.
    only
        Whether the data have no other example.
    """

    backward: bool
    wires: Mapping[Wire, float] = field(default_factory=dict)
    nodes: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, Array] = field(default_factory=dict)
    example: int = 0
    alone: bool = False
    only: bool = False


def flow(network: Network, row: int, session: Session) -> Flow:
    """What flows at the moment of a session, for one row of its batch.

    The size of an array is the root of the mean of its squares.

    Parameters
    ----------
    network
        Whose wires are wanted. What the program has nothing of is left out.
    row
        Row of the batch, from 0; the last one if there are fewer.
    session
        The run; it is left as it is.
    """
    machine = session.machine
    row = min(row, machine.batch - 1)
    return _read(network, session, machine, session.cursor.index, row)


def trace(network: Network, example: int, session: Session) -> Flow:
    """What flows at the moment of a session for any example of the data, in the batch or not.

    One that is not in the batch goes through the training step in a pass of its own, in the place
    of the batch's first row and with the weights of this moment: so that layers that look at the
    whole batch have one, and its error signal is as large as if it were in the batch. All of the
    forward pass is there then, or all of the backward pass once the session has begun with that.

    Parameters
    ----------
    network
        Whose wires are wanted.
    example
        Row of the data set; the last one if there are fewer.
    session
        The run; it is left as it is.
    """
    program, dataset = session.program, session.prepared.dataset
    example = min(example, dataset.size - 1)
    rows = np.array(session.rows)
    inside = np.flatnonzero(rows == example)
    if len(inside) and session.cursor.index:
        return flow(network, int(inside[0]), session)
    row = int(inside[0]) if len(inside) else 0
    rows[row] = example
    storage = Storage(program, session.storage.dtype.type)
    storage.restore(session.storage.save())
    machine = Machine(program, storage, batch=len(rows))
    machine.at(
        seed=session.setup.seed,
        iteration=session.cursor.iteration,
        batches_per_epoch=session.batches_per_epoch,
    )
    given = fed(session.lowered, dataset.x[rows], dataset.y[rows], session.storage.dtype)
    for name in program.inputs:
        machine.feed(name, given[name])
    start = program.start_of(Phase.BACKWARD)
    done = program.start_of(Phase.UPDATE) if session.cursor.index > start else start
    with np.errstate(all="ignore"):
        machine.run(0, done)
    return _read(network, session, machine, done, row, alone=example)


def _read(
    network: Network,
    session: Session,
    machine: Machine,
    done: int,
    row: int,
    *,
    alone: int | None = None,
) -> Flow:
    """What a machine that has executed `done` instructions holds of a row of its batch."""
    program = session.program
    backward = done > program.start_of(Phase.BACKWARD)

    def of_row(value: int) -> Array | None:
        if program.producer.get(value, done) >= done:
            return None
        array = machine.array(value)
        whole = program.values[value].shape[:1] != (BATCH,)
        return np.array(array if whole else array[row], np.float64)

    wires: dict[Wire, float] = {}
    nodes: dict[str, float] = {}
    pictures: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for node, value in outputs(program, network).items():
            shown = of_row(program.gradients.get(value, -1) if backward else value)
            if shown is not None:
                nodes[node] = _size(shown)
                pictures[node] = _flat(shown)
            leaving = [w for w in network.wires if w.source == node]
            if not backward:
                wires.update((w, nodes[node]) for w in leaving if node in nodes)
                continue
            for wire, part in contributions(program, value, leaving).items():
                carried = of_row(part)
                if carried is not None:
                    wires[wire] = _size(carried)
    example = int(session.rows[row]) if alone is None else alone
    only = session.prepared.dataset.is_one_example
    return Flow(backward, wires, nodes, pictures, example, alone is not None, only)


def outputs(program: Program, network: Network) -> dict[str, int]:
    """For each node that a wire leaves, the value that other nodes read of it."""
    forward = program.instructions[: program.start_of(Phase.BACKWARD)]
    readers: dict[int, set[str]] = {}
    for instr in forward:
        for given in instr.inputs:
            readers.setdefault(given, set()).add(instr.node)
    wanted = {w.source for w in network.wires}
    found: dict[str, int] = {}
    for instr in forward:
        for made in instr.outputs:
            if instr.node in wanted and readers.get(made, set()) - {instr.node}:
                found[instr.node] = made
    return found


def contributions(program: Program, value: int, leaving: list[Wire]) -> dict[Wire, int]:
    """For each wire that a value leaves by, the part of its gradient that comes back by it.

    Where a value is used several times, its gradient is a sum; the parts come from the nodes
    that used it. An addition hands the error signal that it got on as it is, so its part may
    have been computed further on: it belongs to the wire that is left.
    """
    total = program.gradients.get(value)
    if total is None:
        return {}
    if len(leaving) == 1:
        return {leaving[0]: total}
    back = program.instructions[program.start_of(Phase.BACKWARD) : program.start_of(Phase.UPDATE)]
    maker = {made: instr for instr in back for made in instr.outputs}
    parts: list[int] = []
    waiting = [total]
    while waiting:
        part = waiting.pop(0)
        instr = maker.get(part)
        if instr is not None and isinstance(instr.op, Accumulate) and len(parts) < len(leaving):
            waiting = [*instr.inputs, *waiting]
        else:
            parts.append(part)
    found: dict[Wire, int] = {}
    left = sorted(leaving, key=lambda w: (w.target, w.port))
    for part in list(parts):
        node = maker[part].node if part in maker else ""
        own = next((w for w in left if w.target == node), None)
        if own is not None:
            found[own] = part
            left.remove(own)
            parts.remove(part)
    found.update(zip(left, parts, strict=False))
    return found


def _size(array: Array) -> float:
    return math.sqrt(float(np.mean(np.square(array)))) if array.size else 0.0


def _flat(array: Array) -> Array:
    """At most two axes: of pictures with channels, the channels one below the other."""
    if array.ndim <= 1:
        side = math.isqrt(array.size)
        square = side > 2 and side * side == array.size
        return array.reshape(side, side) if square else array.reshape(1, -1)
    return array.reshape(-1, array.shape[-1])
