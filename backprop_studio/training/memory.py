"""Weights of earlier sessions, kept for layers that come back."""

from __future__ import annotations

from backprop_studio.autograd import Array, Program
from backprop_studio.training.recorded import Weights


class Memory:
    """Weights by name and shape: a layer that gets its old size back gets its weights back."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, str, tuple[object, ...]], Array] = {}

    def clear(self) -> None:
        """Forget all."""
        self._arrays.clear()

    def keep(self, weights: Weights) -> None:
        """Keep these, in place of any of the same name and shape."""
        for (node, name), array in weights.items():
            # Put in last, so that it is found to be the newest of its name.
            self._arrays.pop((node, name, array.shape), None)
            self._arrays[node, name, array.shape] = array

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
