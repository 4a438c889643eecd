"""Numbers that the learner puts in by hand: a weight, an input, a gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import KEPT, Array, Machine, Program
from backprop_studio.errors import StudioError


@dataclass(frozen=True)
class Intervention:
    """One entry of one value, set to a number.

    Attributes
    ----------
    value
        Id of the value.
    entry
        Place in its array, one index for each dimension.
    number
        What to put there.
    """

    value: int
    entry: tuple[int, ...]
    number: float

    def apply(self, machine: Machine) -> None:
        """Put the number in."""
        machine.writable(machine.program.values[self.value])[self.entry] = self.number


def check(intervention: Intervention, program: Program, machine: Machine, index: int) -> None:
    """Refuse what cannot be put in after `index` instructions of an iteration.

    Raises
    ------
    StudioError
        The value is not computed yet, has no such entry, or cannot hold the number.
    DataError
        The number is out of the range of an operation that reads it.
    """
    value = program.values[intervention.value]
    array = machine.array(value)
    number = intervention.number
    if value.role not in KEPT and program.producer.get(value.id, index) >= index:
        raise StudioError("edit-not-computed")
    fits = len(intervention.entry) == array.ndim and all(
        0 <= place < size for place, size in zip(intervention.entry, array.shape, strict=False)
    )
    if not fits:
        raise StudioError("edit-no-entry", entry=str(list(intervention.entry)))
    if not math.isfinite(number) or not _holds(array, number):
        raise StudioError("edit-not-finite")
    if array.dtype.kind == "i":
        if number != int(number):
            raise StudioError("edit-not-whole", number=f"{number:g}")
        for instr in program.instructions:
            if value.id in instr.inputs:
                instr.op.check_data(np.array([int(number)], array.dtype))


def _holds(array: Array, number: float) -> bool:
    """Whether a number is none too large for an array."""
    if array.dtype.kind == "i":
        # The largest whole number is no float: as one, it is rounded to the first too large.
        return abs(number) < float(np.iinfo(array.dtype).max)
    return abs(number) <= float(np.finfo(array.dtype).max)
