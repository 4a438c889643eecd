"""The layers of a network in the order in which data pass them, and the sizes of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Phase, Program, Role

_PIECE = 1 << 16
_KEEPS_CHANNELS = frozenset(
    {"max_pool", "avg_pool", "upsample", "normalize", "normalize_by", "scale_channels", "dropout"}
)
"""Names of ops that go through pictures channel by channel, beside those that work by entry."""


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


def unit_axis(program: Program, value: int) -> int:
    """Along which axis the units of a layer lie: its features, or the channels of its pictures.

    With three axes, a value is a sequence (N, steps, features), save behind a convolution, where it
    is pictures one row high: (N, channels, width).

    Parameters
    ----------
    program
        The program.
    value
        Id of a result with a batch.
    """
    if len(program.values[value].shape) != 3:
        return 1
    while value in program.producer:
        instr = program.instructions[program.producer[value]]
        if instr.op.name == "conv1d":
            return 1
        if not instr.inputs or not (instr.op.elementwise or instr.op.name in _KEEPS_CHANNELS):
            break
        value = instr.inputs[0]
    return 2


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
