"""Random numbers that depend on the seed, the iteration and the name of their user alone."""

from __future__ import annotations

import zlib

import numpy as np

from backprop_studio.autograd.op import RunContext


class Stream:
    """The random numbers of one instruction, the same ones whenever its iteration is replayed.

    Philox is a counter-based generator (Salmon et al., *Parallel Random Numbers: As Easy as
    1, 2, 3*, 2011): seed and name are its key, the iteration is the upper half of its counter.
    So no state has to be kept or restored, and no two iterations share a number.

    Parameters
    ----------
    context
        Seed and iteration of the run.
    name
        Whose numbers they are; different names get independent numbers.
    """

    def __init__(self, context: RunContext, name: str) -> None:
        self._context = context
        self._name = zlib.crc32(name.encode()) | len(name) << 32
        self._philox = np.random.Philox()
        self._state = self._philox.state
        self._generator = np.random.Generator(self._philox)

    def rewound(self) -> np.random.Generator:
        """The generator, at the start of the current iteration's numbers."""
        state = self._state
        state["state"]["key"][:] = self._context.seed, self._name
        state["state"]["counter"][:] = 0, 0, self._context.iteration, 0
        state["buffer_pos"], state["has_uint32"] = 4, 0  # nothing left over from before
        self._philox.state = state
        return self._generator
