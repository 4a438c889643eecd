"""How the values of a program lie in memory.

A value of shape (N, …) lies row after row, as numpy has it, unless every op that touches it takes
another order. Then its batch axis is innermost in memory: entries that are treated alike lie side
by side, whatever the shape, so that calls work on long runs. Its shape is (N, …) all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from backprop_studio.autograd.program import Program, Role, Value
from backprop_studio.autograd.room import Last, Ones, Room
from backprop_studio.autograd.symbol import BATCH, resolve


def plan(program: Program, batch: int) -> Mapping[int, Room]:
    """The room of each value that has one; the others lie as numpy has it.

    Where two ops want different rooms for a value, the first one has its way.
    """
    found: dict[int, Room] = {}
    refused: set[int] = set()
    for instr in program.instructions if batch else ():
        touched = (*instr.inputs, *instr.outputs)
        shapes = [resolve(program.values[i].shape, {BATCH: batch}) for i in touched]
        if not instr.op.any_layout(shapes):
            refused.update(touched)
            continue
        rooms = instr.op.rooms(shapes) or (None,) * len(touched)
        for i, room in zip(touched, rooms, strict=True):
            if room is not None and found.get(i, Last()) == Last():
                found[i] = room
            else:
                found.setdefault(i, Last())
    return {
        i: for_data(room) if program.values[i].role is Role.INPUT else room
        for i, room in found.items()
        if i not in refused and _has_batch(program.values[i])
    }


def _has_batch(value: Value) -> bool:
    kept = value.role not in (Role.PARAMETER, Role.STATE)
    return kept and value.type.kind == "float" and len(value.shape) > 1 and value.shape[0] == BATCH


def for_data(room: Room) -> Room:
    """Rows of data are copied as they are, if that is all that is done with them."""
    return Ones(by_row=True) if isinstance(room, Ones) else room
