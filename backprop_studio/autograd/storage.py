"""What outlives a training step: parameters, buffers and optimizer state, in flat vectors."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd.memory import MEMORY_LIMIT, check_memory
from backprop_studio.autograd.program import Program, Value
from backprop_studio.autograd.symbol import Array, resolve

PARAMETERS = "parameters"
"""Name of the arena that holds all parameters."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A copy of a storage at one moment."""

    arenas: Mapping[str, Array]

    @property
    def nbytes(self) -> int:
        """Size of the copy in bytes."""
        return sum(a.nbytes for a in self.arenas.values())


class Storage:
    """Parameters, buffers and optimizer state of a program; several machines may share it.

    Each kind of value (parameters, first moments, …) is one contiguous vector, an *arena*,
    with a view for each parameter in the same order. So an update of all parameters is a few
    numpy calls, and a copy of everything is one call an arena.

    Parameters
    ----------
    program
        Whose parameters, buffers and states to hold.
    dtype
        Precision, `float32` or `float64`.
    limit
        Bytes that this, and each machine that uses it, may take.

    Raises
    ------
    StudioError
        It would take more; nothing has been allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_studio import nn
    >>> from backprop_studio.autograd import BATCH, Builder, Storage
    >>> b = Builder()
    >>> x = b.input("x", (BATCH, 3))
    >>> y = nn.layers()["dense"](units=2).add(b, x, node="output")
    >>> storage = Storage(b.build(), np.float64)
    >>> storage.initialize(seed=1)
    >>> {"/".join(p.key): storage.view(p).shape for p in storage.program.parameters}
    {'output/weight': (3, 2), 'output/bias': (2,)}
    >>> first = storage.save()
    >>> storage.arena("parameters")[:] = 0.0
    >>> storage.restore(first)
    >>> bool(storage.arena("parameters").any())
    True
    """

    def __init__(
        self, program: Program, dtype: type = np.float32, *, limit: int = MEMORY_LIMIT
    ) -> None:
        self.program = program
        self.dtype = np.dtype(dtype)
        self.limit = limit
        check_memory(program.kept * self.dtype.itemsize, limit)
        self._arenas: dict[str, Array] = {}
        self._views: dict[tuple[str, ...], Array] = {}
        self._allocate(PARAMETERS, program.parameters)
        self._allocate("buffers", program.buffers)
        by_name: dict[str, list[Value]] = {}
        for state in program.states:
            by_name.setdefault(f"{state.kept_by}/{state.name}", []).append(state)
        for name, states in by_name.items():
            self._allocate(f"state:{name}", states)

    @property
    def nbytes(self) -> int:
        """Size of all that is kept, in bytes."""
        return sum(a.nbytes for a in self._arenas.values())

    def view(self, value: Value) -> Array:
        """The writable array of a kept value, in any program of the same network."""
        return self._views[value.key]

    def arena(self, name: str) -> Array:
        """The flat vector with this name."""
        return self._arenas[name]

    def initialize(self, seed: int, nodes: Collection[str] | None = None) -> None:
        """Draw parameters and buffers anew and clear the optimizer's state.

        With `nodes`, only what is kept under these names is, and all else stays as it is.

        Each parameter's numbers depend on the seed, its node and its name alone, so editing
        one node leaves the others' first weights as they were.
        """
        for key, view in self._views.items():
            if nodes is None or key[0] in nodes:
                view.fill(0.0)
        for value in (*self.program.parameters, *self.program.buffers):
            if value.init is not None and (nodes is None or value.node in nodes):
                view = self._views[value.key]
                rng = parameter_rng(seed, value.node, value.name)
                view[...] = value.init.sample(rng, view.shape)

    def save(self) -> Saved:
        """A copy of everything."""
        return Saved({name: arena.copy() for name, arena in self._arenas.items()})

    def restore(self, saved: Saved) -> None:
        """Put everything back as it was when `saved` was made from this storage."""
        for name, arena in self._arenas.items():
            np.copyto(arena, saved.arenas[name])

    def adopt(self, other: Storage) -> None:
        """Take over every value of `other` whose node, name, owner and shape are the same."""
        for key, target in self._views.items():
            source = other._views.get(key)
            if source is not None:
                take_over(target, source)

    def is_finite(self) -> bool:
        """Whether nothing that is kept is infinite or NaN."""
        # A plain loop, because it runs in every iteration and a generator costs as much again.
        for arena in self._arenas.values():  # noqa: SIM110
            if not all_finite(arena):
                return False
        return True

    def _allocate(self, name: str, values: tuple[Value, ...] | list[Value]) -> None:
        shapes = [resolve(v.shape, {}) for v in values]
        sizes = [math.prod(s) for s in shapes]
        arena = np.zeros(sum(sizes), self.dtype)
        start = 0
        for value, shape, size in zip(values, shapes, sizes, strict=True):
            self._views[value.key] = arena[start : start + size].reshape(shape)
            start += size
        self._arenas[name] = arena


def take_over(target: Array, source: Array) -> bool:
    """Copy `source` if its shape is right and its numbers exist in `target`'s precision."""
    if source.shape != target.shape:
        return False
    with np.errstate(over="ignore"):
        cast = source.astype(target.dtype)
    if not np.isfinite(cast).all():
        return False
    target[...] = cast
    return True


def all_finite(flat: Array) -> bool:
    """Whether no entry of a vector is infinite or NaN.

    Floating-point warnings are the caller's to silence, as in `Machine.run`.
    """
    # The dot product is a tenth of the price; it overflows before an entry does.
    return math.isfinite(np.dot(flat, flat)) or bool(np.isfinite(flat).all())


def parameter_rng(seed: int, node: str, name: str) -> np.random.Generator:
    """The random numbers of one parameter, a function of the seed and of whose it is."""
    words = np.frombuffer(f"{node}/{name}".encode(), np.uint8).tolist()
    # The seed always fills two 32-bit words: SeedSequence would take a large seed for two numbers.
    key = [seed % 2**32, seed >> 32, *words]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
