"""Steps that need no gradient: guesses, tried out by a second look at the same batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, RunContext, constant
from backprop_studio.autograd.ops.update import Update
from backprop_studio.autograd.streams import Stream
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError


class _Direction(Op):
    """Random numbers in the shape of a parameter, the input.

    They depend on the run's seed, the iteration and the parameter alone, so that a replay draws
    them again; and they are drawn in double precision, so that both precisions get the same.
    """

    node: str
    parameter: str

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        return int(np.prod(inputs[0])) * 8

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (out,) = outputs
        stream = Stream(context, f"{self.name}:{self.node}/{self.parameter}")
        drawn = np.empty(out.shape)
        return [(self._draw, (stream, drawn)), *self._shape(drawn, out)]

    def _draw(self, stream: Stream, drawn: Array) -> None:
        raise NotImplementedError

    def _shape(self, drawn: Array, out: Array) -> list[Call]:
        raise NotImplementedError


@dataclass(frozen=True)
class NormalDirection(_Direction):
    """Independent normal numbers of mean 0 and variance 1, in the shape of the input."""

    node: str
    parameter: str
    name: ClassVar[str] = "normal_direction"

    def _draw(self, stream: Stream, drawn: Array) -> None:
        stream.rewound().standard_normal(out=drawn)

    def _shape(self, drawn: Array, out: Array) -> list[Call]:
        return [(np.copyto, (out, drawn, "same_kind"))]

    def formula(self) -> Formula:
        return Formula(
            r"U_{ij} \sim \mathcal{N}(0, 1), \quad U \mathrm{\ like\ } W",
            "U ~ N(0, 1), as many as W has",
            ("W",),
            ("U",),
            "Draws a direction to try, without a look at the data.",
        )


@dataclass(frozen=True)
class SignDirection(_Direction):
    """Independent numbers that are 1 or -1 with the same chance, in the shape of the input."""

    node: str
    parameter: str
    name: ClassVar[str] = "sign_direction"

    def _draw(self, stream: Stream, drawn: Array) -> None:
        stream.rewound().random(out=drawn)

    def _shape(self, drawn: Array, out: Array) -> list[Call]:
        return [
            (np.subtract, (drawn, np.array(0.5), drawn)),
            (np.copysign, (np.array(1.0), drawn, drawn)),
            (np.copyto, (out, drawn, "same_kind")),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"U_{ij} = \pm 1, \quad U \mathrm{\ like\ } W",
            "U = ±1 by chance, as many as W has",
            ("W",),
            ("U",),
            "Throws a coin for each weight: up or down.",
        )


class _Moved(Op):
    """A parameter moved along a direction, as a result of its own: the parameter stays."""

    elementwise = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        w, u, *sizes = inputs
        if u.shape != w.shape:
            raise ShapeError.of(self.name, w.shape, u.shape)
        for size in sizes:
            if size.shape != ():
                raise ShapeError.of(self.name, (), size.shape)
        return (w,)


@dataclass(frozen=True)
class Propose(_Moved):
    """Parameter plus step size times direction. Inputs: parameter, direction, size."""

    name: ClassVar[str] = "propose"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w, u, size), (out,) = inputs, outputs
        return [(np.multiply, (u, size, out)), (np.add, (w, out, out))]

    def formula(self) -> Formula:
        return Formula(
            r"W' = W + η\, U",
            "W′ = W + η · U",
            ("W", "U", "η"),
            ("W'",),
            "Other weights, not far from these, to be tried on the same batch.",
        )


@dataclass(frozen=True)
class Probe(_Moved):
    """Parameter plus a fixed amount times direction. Inputs: parameter, direction."""

    amount: float
    name: ClassVar[str] = "probe"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w, u), (out,) = inputs, outputs
        return [
            (np.multiply, (u, constant(self.amount, u), out)),
            (np.add, (w, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"W' = W + {self.amount:g}\, U".replace("+ -", "- "),
            f"W′ = W + {self.amount:g} · U".replace("+ -", "− "),
            ("W", "U"),
            ("W'",),
            "Goes a little to one side, only to look how the loss changes.",
        )


@dataclass(frozen=True)
class KeepBetter(Update):
    """The proposed parameter if its loss is lower, else the old one.

    Inputs: parameter, proposal, loss of the parameter, loss of the proposal. A loss that is NaN
    is no lower than any.
    """

    name: ClassVar[str] = "keep_better"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, proposal, loss, other = inputs
        better = np.empty((), bool)
        keep: Callable[..., None] = partial(np.copyto, where=better)
        return [(np.less, (other, loss, better)), (keep, (p, proposal))]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W' \mathrm{\ if\ } L' < L",
            "W ← W′ if L′ < L",
            ("W", "W'", "L", "L'"),
            ("W",),
            "Stays with the guess if it did better on this batch, and forgets it if not.",
        )


@dataclass(frozen=True)
class Slope(Op):
    """How much the loss rises along a direction, from a look to either side.

    Inputs: loss at `amount` times the direction ahead, and as much behind. Spall 1992,
    *Multivariate Stochastic Approximation Using a Simultaneous Perturbation Gradient
    Approximation*, equation 2.2: two losses, whatever the number of weights.
    """

    amount: float
    name: ClassVar[str] = "slope"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        for loss in inputs:
            if loss.shape != ():
                raise ShapeError.of(self.name, (), loss.shape)
        return (TensorType(()),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (ahead, behind), (out,) = inputs, outputs
        return [
            (np.subtract, (ahead, behind, out)),
            (np.divide, (out, constant(2.0 * self.amount, out), out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"s = \frac{{L_1 - L_2}}{{2 \cdot {self.amount:g}}}",
            f"s = (L₁ − L₂) / (2 · {self.amount:g})",
            ("L_1", "L_2"),
            ("s",),
            "The slope of the loss in one direction, without any derivative.",
        )


@dataclass(frozen=True)
class FollowSlope(Update):
    """A step down along a direction, as long as the slope is steep.

    Inputs: parameter, direction, slope, learning rate. Slope times direction is Spall's estimate
    of the gradient: he divides by the direction's entries, which is the same where they are ±1.
    """

    name: ClassVar[str] = "follow_slope"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, u, slope, rate = inputs
        length, step = np.empty_like(slope), np.empty_like(u)
        return [
            (np.multiply, (slope, rate, length)),
            (np.multiply, (u, length, step)),
            (np.subtract, (p, step, p)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W - η\, s\, U",
            "W ← W − η · s · U",
            ("W", "U", "s", "η"),
            ("W",),
            "Goes down where the slope was found; every weight moves by the same amount.",
        )
