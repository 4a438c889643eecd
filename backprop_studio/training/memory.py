"""Weights of earlier sessions, kept for layers that come back."""

from __future__ import annotations

from backprop_studio.autograd import Array, Program
from backprop_studio.training.recorded import Weights

BUDGET = 128 << 20
"""Bytes that weights of layers that were changed or are gone may take."""


class Memory:
    """Weights by name and shape: a layer that gets its old size back gets its weights back.

    Parameters
    ----------
    budget
        Bytes that it may take. What was kept last stays, however large it is; beyond that, what
        has not been trained for longest is forgotten.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._nbytes = 0
        self._arrays: dict[tuple[str, str, tuple[object, ...]], Array] = {}

    def clear(self) -> None:
        """Forget all."""
        self._arrays.clear()
        self._nbytes = 0

    def keep(self, weights: Weights) -> None:
        """Keep these, in place of any of the same name and shape."""
        for (node, name), array in weights.items():
            # Put in last, so that it is found to be the newest of its name.
            old = self._arrays.pop((node, name, array.shape), None)
            self._nbytes += array.nbytes - (0 if old is None else old.nbytes)
            self._arrays[node, name, array.shape] = array
        # Else a size that is turned through would leave its weights at every stop.
        for key in list(self._arrays)[: len(self._arrays) - len(weights)]:
            if self._nbytes <= self._budget:
                break
            self._nbytes -= self._arrays.pop(key).nbytes

    def fitting(self, program: Program) -> dict[tuple[str, str], Array]:
        """What is known of a program's parameters and buffers, in just their shapes."""
        return {
            (v.node, v.name): self._arrays[v.node, v.name, v.shape]
            for v in (*program.parameters, *program.buffers)
            if (v.node, v.name, v.shape) in self._arrays
        }

    def newest(self) -> dict[tuple[str, str], Array]:
        """The newest of each name."""
        return {(node, name): array for (node, name, _), array in self._arrays.items()}
