"""Updates with a velocity: gradients of the past that go on pushing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, constant
from backprop_studio.autograd.ops.update import Update, in_pieces
from backprop_studio.autograd.symbol import Array


@dataclass(frozen=True)
class GatherSpeed(Update):
    """Momentum's velocity: what is left of the old one plus the whole gradient.

    Polyak 1964; without dampening, as `torch.optim.SGD` has it by default.
    """

    momentum: float
    name: ClassVar[str] = "gather_speed"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        v, g = inputs
        return [
            (np.multiply, (v, constant(self.momentum, v), v)),
            (np.add, (v, g, v)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"V \leftarrow {self.momentum:g}\, V + dW",
            f"V ← {self.momentum:g} · V + dW",
            ("V", "dW"),
            ("V",),
            "Gradients that keep their direction add up; those that turn about cancel.",
        )


@dataclass(frozen=True)
class GatherScaledSpeed(Update):
    """RMSprop's velocity: gradients are divided by their usual size before they are added.

    Inputs: velocity, gradient, mean square.
    """

    momentum: float
    epsilon: float
    name: ClassVar[str] = "gather_scaled_speed"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        v, g, square = inputs
        return [
            call
            for v, g, square, part in in_pieces(v, g, square)
            for call in (
                (np.sqrt, (square, part)),
                (np.add, (part, constant(self.epsilon, g), part)),
                (np.divide, (g, part, part)),
                (np.multiply, (v, constant(self.momentum, v), v)),
                (np.add, (v, part, v)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"V \leftarrow {self.momentum:g}\, V + \frac{{dW}}{{\sqrt{{S}} + {self.epsilon:g}}}",
            f"V ← {self.momentum:g} · V + dW / (√S + {self.epsilon:g})",
            ("V", "dW", "S"),
            ("V",),
            "Adds up gradients, each divided by the size that its weight's gradients usually have.",
        )


@dataclass(frozen=True)
class FollowSpeed(Update):
    """Parameter minus learning rate times velocity."""

    name: ClassVar[str] = "follow_speed"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, v, rate = inputs
        return [
            call
            for p, v, step in in_pieces(p, v)
            for call in (
                (np.multiply, (v, rate, step)),
                (np.subtract, (p, step, p)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            r"W \leftarrow W - η\, V",
            "W ← W − η · V",
            ("W", "V", "η"),
            ("W",),
            "Goes where the velocity points, which need not be where this gradient does.",
        )


@dataclass(frozen=True)
class LookAhead(Update):
    """Nesterov's step: this gradient, and the velocity as it will be one step on.

    Inputs: parameter, gradient, velocity (which holds this gradient already), learning rate.
    Sutskever et al. 2013, section 2, in the form of `torch.optim.SGD(nesterov=True)`.
    """

    momentum: float
    name: ClassVar[str] = "look_ahead"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        p, g, v, rate = inputs
        return [
            call
            for p, g, v, step in in_pieces(p, g, v)
            for call in (
                (np.multiply, (v, constant(self.momentum, v), step)),
                (np.add, (step, g, step)),
                (np.multiply, (step, rate, step)),
                (np.subtract, (p, step, p)),
            )
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"W \leftarrow W - η\,(dW + {self.momentum:g}\, V)",
            f"W ← W − η · (dW + {self.momentum:g} · V)",
            ("W", "dW", "V", "η"),
            ("W",),
            "Counts this gradient once more, so that the velocity turns one step sooner.",
        )
