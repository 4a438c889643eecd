"""Weights laid out as the pictures that they are: kernels, and what first units look for."""

from __future__ import annotations

import math

import numpy as np

from backprop_studio.autograd import Array, Phase, Program, Role
from backprop_studio.network import Lowered

WIDE = 2.5
"""How much wider than high a block of pictures is."""

GAP = -1
"""Stands between two pictures."""


def places(lowered: Lowered, parameter: int) -> Array | None:
    """Where the entries of a parameter go when it is laid out as pictures.

    The weights of a convolution are a table of kernels: a row of them for each output channel, one
    for each input channel. Those that read a single channel, and those of a dense layer that reads
    pictures straight from the data, are one picture for each unit, in a wide block.

    Returns
    -------
    Array of int64, of two axes, or None
        Flat index of the entry at each place, or `GAP`; None where there is no such picture.
    """
    program = lowered.program
    value = program.values[parameter]
    shape = tuple(int(d) for d in value.shape if isinstance(d, int))
    if len(shape) == 4 and shape[2] * shape[3] > 1:
        if shape[1] == 1:
            return _block(np.arange(math.prod(shape)).reshape(shape[0], *shape[2:]))
        return _mosaic(np.arange(math.prod(shape)).reshape(shape))
    picture = lowered.dataset.image_shape
    if len(shape) != 2 or picture is None or not _reads_data(program, parameter):
        return None
    if shape[0] != math.prod(picture):
        return None
    return _block(np.arange(math.prod(shape)).reshape(shape).T.reshape(shape[1], *picture))


def _block(pictures: Array) -> Array:
    """From (pictures, height, width) to two axes, wider than high."""
    count, height, width = pictures.shape
    across = min(math.ceil(math.sqrt(WIDE * count)), count)
    down = math.ceil(count / across)
    table = np.full((down * across, height, width), GAP)
    table[:count] = pictures
    return _mosaic(table.reshape(down, across, height, width))


def _mosaic(table: Array) -> Array:
    """From (down, across, height, width) to two axes, with a gap between pictures."""
    down, across, height, width = table.shape
    laid = np.full((down, height + 1, across, width + 1), GAP)
    laid[:, :height, :, :width] = table.transpose(0, 2, 1, 3)
    return laid.reshape(down * (height + 1), across * (width + 1))[:-1, :-1]


def _reads_data(program: Program, parameter: int) -> bool:
    """Whether a weight is multiplied with the features themselves, flat or as they come."""
    made = {out: instr for instr in program.instructions for out in instr.outputs}
    for instr in program.instructions:
        if instr.phase is not Phase.FORWARD or parameter not in instr.inputs:
            continue
        if instr.op.name not in ("affine", "matmul") or instr.inputs[1] != parameter:
            return False
        source = instr.inputs[0]
        while source in made and made[source].op.name in ("reshape", "flatten"):
            source = made[source].inputs[0]
        return program.values[source].role is Role.INPUT
    return False
