"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.momentum import FollowSpeed, GatherSpeed
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class Momentum(OptimizerSpec):
    """Stochastic gradient descent whose steps follow a velocity.

    Polyak 1964. It is `torch.optim.SGD` with `momentum`, dampening 0. Other than there, momentum
    is 0.9 at first, not 0, and the rate is 0.01, not 0.001: a velocity grows to ten times the
    gradient, so these are steps like those of SGD with our default of 0.1.
    """

    learning_rate: float = number(
        0.01, above=0.0, high=1e6, label="Learning rate", doc="Length of a step per unit velocity."
    )
    momentum: float = number(
        0.9,
        low=0.0,
        high=0.999999,
        label="Momentum",
        doc="Share of the velocity that is left after each step; 0 is plain SGD.",
    )

    info: ClassVar[Info] = Info(
        id="momentum",
        title="SGD with momentum",
        category=Category.OPTIMIZER,
        summary="Gathers speed along directions in which gradients agree.",
        latex=r"V \leftarrow \mu V + dW, \quad W \leftarrow W - \eta V",
        plain="V ← μ · V + dW, W ← W − η · V",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                velocity = b.state("velocity", p.shape, of=p)
                b.apply(GatherSpeed(self.momentum), velocity, g)
                b.apply(FollowSpeed(), p, velocity, rate)
