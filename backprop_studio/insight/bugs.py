"""Bug hunt: one wrong backward rule, planted on a copy, and what the gradient check says of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array, Machine, Phase, Program, Role
from backprop_studio.autograd.ops.arithmetic import Accumulate
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.pointwise import Identity
from backprop_studio.errors import StudioError
from backprop_studio.insight.check import ParameterCheck, compare
from backprop_studio.training import Session


class Kind(StrEnum):
    """What is wrong with a backward pass."""

    NO_DERIVATIVE = "missing derivative"
    OVERWRITTEN = "overwritten at a fork"
    UNTRANSPOSED = "untransposed weight"
    STALE_CACHE = "stale cache"
    NOT_ZEROED = "not zeroed"


@dataclass(frozen=True)
class Bug:
    """One bug.

    Attributes
    ----------
    kind
        What is wrong.
    index
        The backward instruction that it sits in.
    node
        Id of the node whose instruction that is.
    """

    kind: Kind
    index: int
    node: str


@dataclass(frozen=True)
class Hunt:
    """A planted bug, and the check of the gradients that come of it.

    Attributes
    ----------
    bug
        What was planted; for the learner to find out.
    checks
        Each parameter's gradient with the bug, against central differences.
    """

    bug: Bug
    checks: tuple[ParameterCheck, ...]


def bugs(program: Program) -> tuple[Bug, ...]:
    """All bugs that can be planted in a program."""
    found = []
    kept = {program.gradients[v.id] for v in program.parameters if v.id in program.gradients}
    back, update = program.start_of(Phase.BACKWARD), program.start_of(Phase.UPDATE)
    cached = {
        i
        for instr in program.instructions[program.start_of(Phase.FORWARD) : back]
        for i in instr.outputs
        if program.values[i].role is Role.RESULT
    }
    for index in range(back, update):
        instr = program.instructions[index]
        if not instr.node:
            continue
        kinds = []
        if _signal(program, index) is not None and instr.op.elementwise:
            kinds.append(Kind.NO_DERIVATIVE)
        if isinstance(instr.op, Accumulate):
            kinds.append(Kind.OVERWRITTEN)
        if _square(program, index):
            kinds.append(Kind.UNTRANSPOSED)
        if cached & set(instr.inputs) and not set(instr.inputs) <= cached:
            kinds.append(Kind.STALE_CACHE)
        if kept & set(instr.outputs):
            kinds.append(Kind.NOT_ZEROED)
        found += [Bug(kind, index, instr.node) for kind in kinds]
    return tuple(found)


def hunt(seed: int, seconds: float, session: Session) -> Hunt:
    """Plant a bug by chance, each kind as often as the others, and check the gradients.

    Parameters
    ----------
    seed
        Of the choice.
    seconds
        For the check, as in `check_gradients`.
    session
        The run; it is left as it is, and so is its program.

    Raises
    ------
    StudioError
        No bug can be planted, or none of them changes a gradient at this moment.
    """
    rng = np.random.default_rng(seed)
    by_kind: dict[Kind, list[Bug]] = {}
    for bug in bugs(session.program):
        by_kind.setdefault(bug.kind, []).append(bug)
    order = list(by_kind)
    rng.shuffle(order)
    for kind in order:
        for place in rng.permutation(len(by_kind[kind])):
            bug = by_kind[kind][int(place)]
            machine = session.precise()
            with np.errstate(all="ignore"):
                machine.run(0, session.program.start_of(Phase.UPDATE))
                right = _slopes(machine)
                wrong = plant(bug, machine)
                machine.run(0, session.program.start_of(Phase.BACKWARD))
            if any(not np.allclose(wrong[v], right[v], rtol=1e-3, atol=1e-9) for v in right):
                return Hunt(bug, compare(machine, wrong, seconds))
    raise StudioError("no-bug")


def plant(bug: Bug, machine: Machine) -> dict[int, Array]:
    """The gradients of all parameters by a backward pass with a bug.

    Parameters
    ----------
    bug
        One of `bugs`.
    machine
        With the forward pass done. Its backward results are overwritten.
    """
    program = machine.program
    back, update = program.start_of(Phase.BACKWARD), program.start_of(Phase.UPDATE)
    instr = program.instructions[bug.index]
    if bug.kind is Kind.STALE_CACHE:
        # As if the forward pass of the batch before had left its numbers: another example's.
        cached = [i for i in instr.inputs if program.producer.get(i, back) < back]
        good = {i: np.array(machine.array(i)) for i in cached}
        machine.run(back, bug.index)
        for i, array in good.items():
            machine.writable(program.values[i])[...] = np.roll(array, 1, axis=0)
        machine.run(bug.index, bug.index + 1)
        for i, array in good.items():
            machine.writable(program.values[i])[...] = array
        machine.run(bug.index + 1, update)
        return _slopes(machine)
    if bug.kind is Kind.NOT_ZEROED:
        machine.run(back, update)
        slopes = _slopes(machine)
        for value, gradient in program.gradients.items():
            if gradient in instr.outputs and value in slopes:
                # What the same batch left there before: twice as much.
                slopes[value] = 2.0 * slopes[value]
        return slopes
    if bug.kind is Kind.NO_DERIVATIVE:
        signal = _signal(program, bug.index)
        assert signal is not None
        changed = replace(instr, op=Identity(), inputs=(signal,), outputs=instr.outputs[:1])
    elif bug.kind is Kind.OVERWRITTEN:
        changed = replace(instr, op=Identity(), inputs=instr.inputs[1:])
    else:
        assert isinstance(instr.op, MatMul)
        changed = replace(instr, op=replace(instr.op, transpose_b=not instr.op.transpose_b))
    instructions = list(program.instructions)
    instructions[bug.index] = changed
    broken = replace(program, instructions=tuple(instructions))
    other = Machine(broken, machine.storage, batch=machine.batch)
    for made, when in program.producer.items():
        if when < back:
            other.writable(program.values[made])[...] = machine.array(made)
    other.run(back, update)
    return _slopes(other)


def _slopes(machine: Machine) -> dict[int, Array]:
    program = machine.program
    return {
        v.id: np.array(machine.array(program.gradients[v.id]))
        for v in program.parameters
        if v.id in program.gradients
    }


def _signal(program: Program, index: int) -> int | None:
    """The upstream gradient that an instruction turns into a downstream one of the same shape."""
    instr = program.instructions[index]
    if len(instr.inputs) < 2 or len(instr.outputs) != 1:
        return None
    back, shape = program.start_of(Phase.BACKWARD), program.values[instr.outputs[0]].shape
    found = (
        i
        for i in instr.inputs
        if program.producer.get(i, -1) >= back and program.values[i].shape == shape
    )
    return next(found, None)


def _square(program: Program, index: int) -> bool:
    """Whether an instruction goes back through a weight with as many inputs as outputs."""
    instr = program.instructions[index]
    if not isinstance(instr.op, MatMul) or not instr.op.transpose_b:
        return False
    weight = program.values[instr.inputs[1]]
    return (
        weight.role is Role.PARAMETER
        and len(weight.shape) == 2
        and weight.shape[0] == weight.shape[1]
    )
