"""Updates: what an optimizer does with a gradient. Backpropagation has ended before these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

PIECE = 2**16
"""Entries that an update works on at a time: what several calls pass over stays in the caches."""


def in_pieces(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Parts of arrays of one shape, and with each a buffer of its size, all in the same memory.

    An update of a large layer so needs little memory besides its own.
    """
    size = arrays[0].size
    if size <= PIECE:
        yield (*arrays, np.empty_like(arrays[0]))
        return
    flat = [a.reshape(-1, copy=False) for a in arrays]
    buffer = np.empty(PIECE, arrays[0].dtype)
    for start in range(0, size, PIECE):
        parts = [f[start : start + PIECE] for f in flat]
        yield (*parts, buffer[: parts[0].size])


class Update(Op):
    """Changes its first input in place; the others have the same shape, scalars aside.

    A learning rate is an input, the last one and a scalar: schedules change it.
    """

    updates = True
    elementwise = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        target, *others = inputs
        for other in others:
            if other.shape not in (target.shape, ()):
                raise ShapeError.of(self.name, target.shape, other.shape)
        return (target,)


@dataclass(frozen=True)
class Descend(Update):
    """Gradient descent: parameter minus learning rate times gradient."""

    name: ClassVar[str] = "descend"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, g, rate = inputs
        return [
            call
            for p, g, step in in_pieces(p, g)
            for call in (
                (np.multiply, (g, rate, step)),
                (np.subtract, (p, step, p)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W - η\, dW",
            "W ← W − η · dW",
            ("W", "dW", "η"),
            ("W",),
            "Goes a little against the gradient, where the loss falls fastest.",
        )


@dataclass(frozen=True)
class Count(Update):
    """Adds one to the number of updates made so far."""

    name: ClassVar[str] = "count"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (t,) = inputs
        return [(np.add, (t, constant(1.0, t), t))]

    def formula(self) -> Formula:
        return Formula(
            r"t \leftarrow t + 1", "t ← t + 1", ("t",), ("t",), "Counts the updates, for Adam."
        )


@dataclass(frozen=True)
class AverageGradient(Update):
    """Adam's first moment: a running mean of the gradient."""

    decay: float
    name: ClassVar[str] = "average_gradient"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        m, g = inputs
        # decay · (m − g) + g is the same mean, and needs no array in between.
        return [
            (np.subtract, (m, g, m)),
            (np.multiply, (m, constant(self.decay, m), m)),
            (np.add, (m, g, m)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"M \leftarrow {self.decay:g}\, M + {1 - self.decay:g}\, dW",
            f"M ← {self.decay:g} · M + {1 - self.decay:g} · dW",
            ("M", "dW"),
            ("M",),
            "Remembers the direction of the last gradients.",
        )


@dataclass(frozen=True)
class AverageSquare(Update):
    """A running mean of the squared gradient: the second moment of Adam, RMSprop's scale."""

    decay: float
    name: ClassVar[str] = "average_square"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        v, g = inputs
        return [
            call
            for v, g, part in in_pieces(v, g)
            for call in (
                (np.multiply, (v, constant(self.decay, v), v)),
                (np.multiply, (g, g, part)),
                (np.multiply, (part, constant(1.0 - self.decay, g), part)),
                (np.add, (v, part, v)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"V \leftarrow {self.decay:g}\, V + {1 - self.decay:g}\, dW^2",
            f"V ← {self.decay:g} · V + {1 - self.decay:g} · dW²",
            ("V", "dW"),
            ("V",),
            "Remembers how large the last gradients were.",
        )


@dataclass(frozen=True)
class AdamStep(Update):
    """Adam's step: the mean gradient over the root of the mean square, both bias-corrected.

    Inputs: parameter, first moment, second moment, count of updates, learning rate.
    Kingma and Ba, *Adam*, 2015, algorithm 1; epsilon outside the root, as PyTorch has it.
    """

    decay_mean: float
    decay_square: float
    epsilon: float
    name: ClassVar[str] = "adam_step"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, m, v, t, rate = inputs
        epsilon, length = np.empty((), m.dtype), np.empty((), m.dtype)

        def correct() -> None:
            # In Python's double precision: powers of 0.999 are poor in single. The root of the
            # second correction goes into epsilon and rate, which saves a pass over all weights
            # (Kingma and Ba, end of section 2).
            count = float(t)
            root = (1.0 - self.decay_square**count) ** 0.5
            epsilon[...] = self.epsilon * root
            length[...] = float(rate) / (1.0 - self.decay_mean**count) * root

        steps = [
            call
            for p, m, v, part in in_pieces(p, m, v)
            for call in (
                (np.sqrt, (v, part)),
                (np.add, (part, epsilon, part)),
                (np.divide, (m, part, part)),
                (np.multiply, (part, length, part)),
                (np.subtract, (p, part, p)),
            )
        ]
        return [(correct, ()), *steps]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W - η\, \frac{\hat M}{\sqrt{\hat V} + \varepsilon}",
            "W ← W − η · M̂ / (√V̂ + ε)",
            ("W", "M", "V", "t", "η"),
            ("W",),
            "A step of about the learning rate for every weight, however large its gradient is.",
        )
