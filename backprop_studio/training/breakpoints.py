"""Where a run is to stop by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Instr, Machine, Phase, Program


@dataclass(frozen=True)
class AtInstruction:
    """Before this instruction of each iteration."""

    index: int


@dataclass(frozen=True)
class AtOp:
    """Before one operation of each iteration, wherever it moves when the network is edited.

    Attributes
    ----------
    phase, node, op
        Where it belongs, and its name.
    nth
        Which of those with the same name there, from 0.
    """

    phase: Phase
    node: str
    op: str
    nth: int = 0


@dataclass(frozen=True)
class AtNode:
    """Before each pass through this node."""

    node: str


@dataclass(frozen=True)
class AtPhase:
    """Before this stage of each iteration."""

    phase: Phase


@dataclass(frozen=True)
class AtIteration:
    """Once so many iterations are finished."""

    completed: int


class Quantity(StrEnum):
    """What a condition watches."""

    LOSS = "loss"
    """Loss of the batch, once it is computed."""
    GRADIENT_NORM = "gradient norm"
    """Euclidean norm of all parameters' gradients together, before the update."""
    DEAD_UNITS = "dead units"
    """Share of a node's output columns that are zero for every row of the batch."""


@dataclass(frozen=True)
class When:
    """When a number is above, or below, a limit.

    Attributes
    ----------
    quantity
        Which number.
    above
        Whether to stop above the limit, else below.
    limit
        The limit; a share between 0 and 1 for dead units.
    node
        Whose output to look at, for dead units.
    """

    quantity: Quantity
    above: bool
    limit: float
    node: str = ""


Breakpoint = AtInstruction | AtOp | AtNode | AtPhase | AtIteration | When


class Stops:
    """Breakpoints, worked out for one program.

    What has nothing to stop at in this program, such as a breakpoint on a node that was deleted,
    is in `idle`.

    Parameters
    ----------
    program
        Of the session that is to stop.
    breakpoints
        The breakpoints; of several at one place, the first is reported.
    """

    def __init__(self, program: Program, breakpoints: Iterable[Breakpoint]) -> None:
        self._program = program
        self._length = len(program.instructions)
        self._at: dict[int, Breakpoint] = {}
        self._iterations: dict[int, Breakpoint] = {}
        self._conditions: dict[int, list[When]] = {}
        idle = []
        for point in breakpoints:
            if isinstance(point, AtIteration):
                self._iterations.setdefault(point.completed, point)
                continue
            marks = _marks(program, point)
            if not marks:
                idle.append(point)
            for mark in marks:
                if isinstance(point, When):
                    self._conditions.setdefault(mark, []).append(point)
                else:
                    self._at.setdefault(mark, point)
        self.idle = tuple(idle)
        self._marks = sorted({*self._at, *self._conditions})

    def __bool__(self) -> bool:
        return bool(self._marks or self._iterations)

    def next_mark(self, index: int, stop: int) -> int:
        """The first place after `index` to look for a reason to stop, at most `stop`."""
        return next((mark for mark in self._marks if index < mark < stop), stop)

    def reached(self, machine: Machine, iteration: int, index: int) -> Breakpoint | None:
        """The breakpoint that holds after `index` instructions of an iteration, if one does."""
        if index == self._length:
            # A breakpoint at the very first instruction stops where the next iteration begins.
            index = 0
            completed = iteration + 1
            if completed in self._iterations:
                return self._iterations[completed]
        found = self._at.get(index)
        if found is not None:
            return found
        for condition in self._conditions.get(index, ()):
            number = measure(self._program, machine, condition)
            if (number > condition.limit) if condition.above else (number < condition.limit):
                return condition
        return None


def op_at(program: Program, index: int) -> AtOp:
    """The breakpoint on the instruction with this index."""
    instr = program.instructions[index]
    return AtOp(instr.phase, instr.node, instr.op.name, len(_alike(program, instr, index)))


def place_of(program: Program, point: AtOp) -> int | None:
    """Index of the instruction that a breakpoint is on; None where there is none such."""
    marks = _marks(program, point)
    return marks[0] if marks else None


def measure(program: Program, machine: Machine, condition: When) -> float:
    """The number that a condition watches, as it is now."""
    match condition.quantity:
        case Quantity.LOSS:
            return machine.loss()
        case Quantity.GRADIENT_NORM:
            squares = (
                float(np.square(machine.array(program.gradients[p.id]), dtype=np.float64).sum())
                for p in program.parameters
                if p.id in program.gradients
            )
            return math.sqrt(sum(squares))
        case Quantity.DEAD_UNITS:
            output = machine.array(_outputs(program)[condition.node])
            return float((output == 0).all(axis=0).mean())


def _marks(program: Program, point: Breakpoint) -> list[int]:
    """After how many instructions to stop or to look."""
    instructions = program.instructions
    match point:
        case AtInstruction(index):
            return [index] if 0 <= index < len(instructions) else []
        case AtOp(nth=nth):
            return _alike(program, point, len(instructions))[nth : nth + 1]
        case AtNode(node):
            return [
                i
                for i, instr in enumerate(instructions)
                if instr.node == node
                and (i == 0 or (instructions[i - 1].node, instructions[i - 1].phase)
                     != (node, instr.phase))
            ]  # fmt: skip
        case AtPhase(phase):
            start = program.start_of(phase)
            return [start] if start < len(instructions) else []
        case When(quantity=Quantity.GRADIENT_NORM):
            update = program.start_of(Phase.UPDATE)
            return [update] if program.gradients and 0 < update < len(instructions) else []
        case When(quantity=Quantity.LOSS):
            return _after_loss(program)
        case When(quantity=Quantity.DEAD_UNITS, node=node):
            return _after_loss(program) if node in _outputs(program) else []
    return []


def _alike(program: Program, like: Instr | AtOp, stop: int) -> list[int]:
    """Instructions before `stop` with the same phase, node and name."""
    name = like.op if isinstance(like, AtOp) else like.op.name
    return [
        i
        for i, instr in enumerate(program.instructions[:stop])
        if (instr.phase, instr.node, instr.op.name) == (like.phase, like.node, name)
    ]


def _after_loss(program: Program) -> list[int]:
    return [program.start_of(Phase.BACKWARD)] if program.loss is not None else []


def _outputs(program: Program) -> dict[str, int]:
    """The last result of each node in the forward pass."""
    return {i.node: i.outputs[0] for i in program.instructions if i.phase is Phase.FORWARD}
