"""The layers of a network in the order in which data pass them, and the sizes of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Phase, Program, Role

_PIECE = 1 << 16


@dataclass(frozen=True)
class Station:
    """What one node hands on.

    Attributes
    ----------
    node
        Its id.
    value
        Id of its last result that another node reads.
    signal
        Id of the gradient of the loss with respect to it; None where none is computed.
    """

    node: str
    value: int
    signal: int | None


def stations(program: Program) -> tuple[Station, ...]:
    """What the nodes of a program hand on, in the order of the forward pass.

    Data and losses are left out: they are the ends of the way.
    """
    forward = program.instructions[: program.start_of(Phase.BACKWARD)]
    readers: dict[int, set[str]] = {}
    for instr in forward:
        for given in instr.inputs:
            readers.setdefault(given, set()).add(instr.node)
    found: dict[str, int] = {}
    for instr in forward:
        if instr.phase is not Phase.FORWARD:
            continue
        for made in instr.outputs:
            read = readers.get(made, set()) - {instr.node}
            if read and program.values[made].role is Role.RESULT:
                # The place in the order is that of the last result.
                found.pop(instr.node, None)
                found[instr.node] = made
    return tuple(Station(node, v, program.gradients.get(v)) for node, v in found.items())


def norm(array: Array) -> float:
    """The Euclidean norm, summed in double precision, in pieces so that no copy is large."""
    flat, total = array.reshape(-1), 0.0
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, _PIECE):
            piece = flat[start : start + _PIECE].astype(np.float64)
            total += float(np.dot(piece, piece))
    return math.sqrt(total)


def rms(array: Array) -> float:
    """The root of the mean of the squares; 0 for an empty array."""
    return norm(array) / math.sqrt(array.size) if array.size else 0.0
