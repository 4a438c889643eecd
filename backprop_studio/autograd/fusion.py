"""Runs updates of many parameters as one: finds what may be joined, and binds it once.

Every parameter's update is an instruction of its own, which people step through. But one call
over a whole arena costs as much as one over a small layer. Updates work entry by entry, so the
bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backprop_studio.autograd.op import Call, Op
from backprop_studio.autograd.program import Instr, Phase, Program, Role, Value
from backprop_studio.autograd.symbol import Array

Bind = Callable[[Op, Sequence[Array], Sequence[Array]], list[Call]]


@dataclass(frozen=True)
class Fused:
    """The calls of the instructions from `start` up to but not including `stop`."""

    start: int
    stop: int
    calls: list[Call]


def owners(program: Program) -> Mapping[int, int]:
    """Id of each value that belongs to one parameter, to the id of that parameter.

    These are the parameters, their state and results, and their gradients; a gradient that also
    serves another value belongs to nobody.
    """
    by_key = {p.key: p.id for p in program.parameters}
    found = {p.id: p.id for p in program.parameters}
    found |= {v.id: by_key[v.of] for v in program.values if v.of in by_key}
    shared = list(program.gradients.values())
    for owner, gradient in program.gradients.items():
        if owner in found and shared.count(gradient) == 1:
            found[gradient] = owner
    return found


def side_by_side(program: Program) -> list[list[Value]]:
    """Results that belong to parameters, in groups that should each lie in one vector.

    A group is what one op computes for the parameters: the n-th of its name for each of them, in
    their order.
    """
    place = {p.key: i for i, p in enumerate(program.parameters)}
    groups: dict[tuple[str, int], list[Value]] = {}
    seen: dict[tuple[str, tuple[str, ...]], int] = {}
    for value in program.values:
        if value.role is Role.RESULT and value.of in place:
            assert value.of is not None
            count = seen.get((value.name, value.of), 0)
            seen[value.name, value.of] = count + 1
            groups.setdefault((value.name, count), []).append(value)
    return [sorted(g, key=lambda v: place[v.of or ()]) for g in groups.values()]


def fuse(
    program: Program, arrays: Mapping[int, Array], calls: Sequence[list[Call]], bind: Bind
) -> dict[int, Fused]:
    """The stretches of the update phase that take fewer calls together, by their start.

    Parameters
    ----------
    program
        Whose updates to join.
    arrays
        The array of every value.
    calls
        The calls of each instruction by itself.
    bind
        Makes the calls of an op for some inputs and outputs.
    """
    found = {}
    for start, rows in _stretches(program, owners(program)):
        stop = start + sum(len(row) for row in rows)
        joined: list[Call] = []
        for column in range(max(len(row) for row in rows)):
            joined += _column([r[column] for r in rows if column < len(r)], arrays, bind)
        if len(joined) < sum(len(c) for c in calls[start:stop]):
            found[start] = Fused(start, stop, joined)
    return found


def _stretches(
    program: Program, owner_of: Mapping[int, int]
) -> Iterator[tuple[int, list[list[Instr]]]]:
    """Start of each run of updates that several parameters' rows share, and these rows.

    Between such instructions the order of the parameters does not matter: each works on what
    belongs to one parameter, and on scalars that none of them changes.
    """
    rows: dict[int, list[Instr]] = {}
    first = program.start_of(Phase.UPDATE)
    for index in range(first, len(program.instructions) + 1):
        owner = None
        if index < len(program.instructions):
            instr = program.instructions[index]
            owner = _owner(instr, owner_of)
        if owner is not None:
            rows.setdefault(owner, []).append(instr)
            continue
        if len(rows) > 1:
            yield first, list(rows.values())
        rows, first = {}, index + 1


def _owner(instr: Instr, owner_of: Mapping[int, int]) -> int | None:
    """The one parameter that an instruction works for; None when it must stay where it is."""
    if not instr.op.elementwise:
        return None
    wrote = {owner_of.get(i) for i in instr.outputs}
    read = {owner_of[i] for i in instr.inputs if i in owner_of}
    if len(wrote) != 1 or not read <= wrote:
        return None
    return wrote.pop()


def _column(
    instructions: Sequence[Instr], arrays: Mapping[int, Array], bind: Bind
) -> Iterator[Call]:
    """The calls of instructions of different parameters, neighbours joined where that works."""
    run: list[Instr] = []
    for instr in instructions:
        if run and not _adjoin(run[-1], instr, arrays):
            yield from _bind(run, arrays, bind)
            run = []
        run.append(instr)
    yield from _bind(run, arrays, bind)


def _bind(run: Sequence[Instr], arrays: Mapping[int, Array], bind: Bind) -> list[Call]:
    inputs = [_joined([arrays[i.inputs[k]] for i in run]) for k in range(len(run[0].inputs))]
    outputs = [_joined([arrays[i.outputs[k]] for i in run]) for k in range(len(run[0].outputs))]
    return bind(run[0].op, inputs, outputs)


def _adjoin(first: Instr, second: Instr, arrays: Mapping[int, Array]) -> bool:
    """Whether two instructions do the same to arrays of which each lies behind the other's."""
    if first.op != second.op or len(first.inputs) != len(second.inputs):
        return False
    pairs = zip((*first.inputs, *first.outputs), (*second.inputs, *second.outputs), strict=True)
    for i, j in pairs:
        a, b = arrays[i], arrays[j]
        if i == j:
            joins = not a.shape
        else:
            flat = a.base is not None and a.base is b.base and a.base.ndim == 1
            joins = flat and _address(a) + a.nbytes == _address(b)
        if not joins:
            return False
    return True


def _joined(parts: Sequence[Array]) -> Array:
    """One flat view over arrays that lie end to end; the array itself if it is always the same."""
    first, base = parts[0], parts[0].base
    if all(p is first for p in parts):
        return first
    assert base is not None
    start = (_address(first) - _address(base)) // base.itemsize
    flat: Array = base[start : start + sum(p.size for p in parts)]
    return flat


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
