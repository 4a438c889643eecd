"""Updates whose step is not the gradient's size: scaled by its past, or by its sign alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, constant
from backprop_studio.autograd.ops.update import Update, in_pieces
from backprop_studio.autograd.symbol import Array


@dataclass(frozen=True)
class SumSquares(Update):
    """Adagrad's memory: the sum of all squared gradients so far."""

    name: ClassVar[str] = "sum_squares"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        s, g = inputs
        return [
            call
            for s, g, part in in_pieces(s, g)
            for call in (
                (np.multiply, (g, g, part)),
                (np.add, (s, part, s)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            r"S \leftarrow S + dW^2",
            "S ← S + dW²",
            ("S", "dW"),
            ("S",),
            "Never forgets a gradient, so it only grows and the steps only shrink.",
        )


@dataclass(frozen=True)
class ScaledDescend(Update):
    """A step against the gradient, divided by the root of what was gathered of its squares.

    Inputs: parameter, gradient, sum or mean of squares, learning rate. Epsilon outside the root,
    as PyTorch has it.
    """

    epsilon: float
    name: ClassVar[str] = "scaled_descend"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, g, square, rate = inputs
        return [
            call
            for p, g, square, part in in_pieces(p, g, square)
            for call in (
                (np.sqrt, (square, part)),
                (np.add, (part, constant(self.epsilon, g), part)),
                (np.divide, (g, part, part)),
                (np.multiply, (part, rate, part)),
                (np.subtract, (p, part, p)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"W \leftarrow W - η\, \frac{{dW}}{{\sqrt{{S}} + {self.epsilon:g}}}",
            f"W ← W − η · dW / (√S + {self.epsilon:g})",
            ("W", "dW", "S", "η"),
            ("W",),
            "Weights with large gradients take shorter steps, those with small ones longer.",
        )


@dataclass(frozen=True)
class SignDescend(Update):
    """A step of the learning rate against the gradient's sign; none where it is zero."""

    name: ClassVar[str] = "sign_descend"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, g, rate = inputs
        return [
            call
            for p, g, step in in_pieces(p, g)
            for call in (
                (np.sign, (g, step)),
                (np.multiply, (step, rate, step)),
                (np.subtract, (p, step, p)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W - η\, \mathrm{sign}(dW)",
            "W ← W − η · sign(dW)",
            ("W", "dW", "η"),
            ("W",),
            "Every weight takes a step of the same length; the gradient only says to which side.",
        )


@dataclass(frozen=True)
class Decay(Update):
    """Weight decay apart from the gradient: the parameter shrinks by a fixed share.

    Loshchilov and Hutter 2019, algorithm 2, with the learning rate as a factor, as
    `torch.optim.AdamW` has it.
    """

    decay: float
    name: ClassVar[str] = "decay"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, rate = inputs
        share = np.empty((), p.dtype)

        def keep() -> None:
            # In double precision: it is a number close to one.
            share[...] = 1.0 - float(rate) * self.decay

        return [(keep, ()), (np.multiply, (p, share, p))]

    def formula(self) -> Formula:
        return Formula(
            rf"W \leftarrow W - η \cdot {self.decay:g}\, W",
            f"W ← W − η · {self.decay:g} · W",
            ("W", "η"),
            ("W",),
            "Shrinks every weight a little, whatever the gradient says.",
        )
