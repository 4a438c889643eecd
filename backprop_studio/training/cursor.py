"""Where a training run stands, and where a step of a given size ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backprop_studio.autograd import Program


class Boundary(StrEnum):
    """The size of a step. A coarser step is exactly the finer ones up to its end.

    An element is one entry of an operation's result. A machine computes all of them at once; a
    session shows them one by one.
    """

    ELEMENT = "element"
    OP = "op"
    LAYER = "layer"
    PHASE = "phase"
    BATCH = "batch"
    EPOCH = "epoch"


@dataclass(frozen=True, order=True)
class Cursor:
    """A moment of a training run.

    Attributes
    ----------
    iteration
        Which update this is, from 0.
    index
        How many of the iteration's instructions have been executed.
    """

    iteration: int
    index: int


def is_end(program: Program, index: int, boundary: Boundary) -> bool:
    """Whether a step of this size within an iteration ends once `index` instructions are done."""
    instructions = program.instructions
    if index == len(instructions):
        return True
    if index == 0 or boundary in (Boundary.BATCH, Boundary.EPOCH):
        return False
    done, next_one = instructions[index - 1], instructions[index]
    match boundary:
        case Boundary.ELEMENT | Boundary.OP:
            return True
        case Boundary.LAYER:
            return (done.phase, done.node) != (next_one.phase, next_one.node)
        case Boundary.PHASE:
            return done.phase != next_one.phase


def next_end(program: Program, index: int, boundary: Boundary) -> int:
    """The first end of a step after `index`, which must not be the iteration's end."""
    index += 1
    while not is_end(program, index, boundary):
        index += 1
    return index


def previous_end(program: Program, index: int, boundary: Boundary) -> int:
    """The last end of a step before `index`; 0 when the iteration has none."""
    index -= 1
    while index > 0 and not is_end(program, index, boundary):
        index -= 1
    return max(index, 0)
