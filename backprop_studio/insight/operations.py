"""A layer opened into its operations: which there are, and what flows between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backprop_studio.autograd import KEPT, Phase, Program, Shape
from backprop_studio.network import Network

LANES = ((Phase.DATA, Phase.FORWARD, Phase.LOSS), (Phase.BACKWARD,), (Phase.UPDATE,))
"""Phases that share a row."""


@dataclass(frozen=True)
class Operation:
    """One instruction of a layer.

    Attributes
    ----------
    index
        Its place in the program.
    lane
        Row: 0 for forward, 1 for backward, 2 for update.
    line
        Which line of the row, from 0.
    column
        Place in the line, in the order of the program.
    given
        Values that it reads and that no operation in its row computes, as (id, whether kept).
    taken
        Results that somebody outside its row reads.
    """

    index: int
    lane: int
    line: int
    column: int
    given: tuple[tuple[int, bool], ...]
    taken: tuple[int, ...]


@dataclass(frozen=True)
class Link:
    """A value that one operation of a row computes and another one reads."""

    value: int
    source: int
    target: int
    shape: Shape


@dataclass(frozen=True)
class OpenLayer:
    """The operations of one node and what flows between them, row by row."""

    operations: tuple[Operation, ...]
    links: tuple[Link, ...]


def open_layer(program: Program, network: Network, node: str) -> OpenLayer:
    """The operations of a node, of all phases; those of its weights' updates among them.

    Parameters
    ----------
    program
        Of the network.
    network
        Says which weights the node has.
    node
        Its id.
    """
    names = {node, network.node(node).weights}
    return _laid_out(
        program,
        [
            index
            for index, instr in enumerate(program.instructions)
            if instr.node == node or (instr.phase is Phase.UPDATE and instr.node in names)
        ],
    )


def open_all(program: Program) -> OpenLayer:
    """All operations of a small program, such as the parts of one operation; not its inputs."""
    given = set(program.inputs.values())
    return _laid_out(
        program,
        [i for i, instr in enumerate(program.instructions) if not given & {*instr.outputs}],
    )


def _laid_out(program: Program, own: Iterable[int]) -> OpenLayer:
    operations: list[Operation] = []
    links: list[Link] = []
    for lane, phases in enumerate(LANES):
        lines: dict[object, list[int]] = {}
        for index in own:
            if program.instructions[index].phase in phases:
                lines.setdefault(_line(program, index), []).append(index)
        for line, row in enumerate(lines.values()):
            maker: dict[int, int] = {}
            for column, index in enumerate(row):
                instr = program.instructions[index]
                inputs = tuple(dict.fromkeys(instr.inputs))
                links += [
                    Link(i, maker[i], index, program.values[i].shape) for i in inputs if i in maker
                ]
                given = tuple((i, program.values[i].role in KEPT) for i in inputs if i not in maker)
                used = {i for later in row for i in program.instructions[later].inputs}
                taken = tuple(i for i in instr.outputs if _leaves(program, i, row) or i not in used)
                operations.append(Operation(index, lane, line, column, given, taken))
                maker.update(dict.fromkeys(instr.outputs, index))
    return OpenLayer(tuple(operations), tuple(links))


def _line(program: Program, index: int) -> object:
    """What shares a line with an instruction: of updates, those of the same parameter.

    The parts of a step of a sequence are said to be of a node of their own.
    """
    instr = program.instructions[index]
    if instr.phase is not Phase.UPDATE:
        return instr.node
    changed = program.values[instr.outputs[0]]
    return changed.of or changed.key


def _leaves(program: Program, value: int, row: list[int]) -> bool:
    """Whether somebody outside a row wants a value: another instruction, or the learner."""
    if program.values[value].role in KEPT or value in program.gradients.values():
        return True
    return any(
        value in reader.inputs
        for other, reader in enumerate(program.instructions)
        if other not in row
    )
