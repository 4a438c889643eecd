"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.momentum import FollowSpeed, GatherScaledSpeed
from backprop_studio.autograd.ops.scaled import ScaledDescend
from backprop_studio.autograd.ops.update import AverageSquare
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class RMSprop(OptimizerSpec):
    """Steps divided by the root of a running mean of squared gradients.

    Tieleman and Hinton 2012, lecture 6.5 of *Neural Networks for Machine Learning*. It is
    `torch.optim.RMSprop` with its defaults, not centered.
    """

    learning_rate: float = number(
        0.01, above=0.0, high=1e6, label="Learning rate", doc="Rough length of a step."
    )
    alpha: float = number(
        0.99, low=0.0, high=0.999999, label="Alpha", doc="How long the mean square remembers."
    )
    epsilon: float = number(
        1e-8, above=0.0, high=1.0, label="Epsilon", doc="Keeps the division away from zero."
    )
    momentum: float = number(
        0.0,
        low=0.0,
        high=0.999999,
        label="Momentum",
        doc="Share of the velocity that is left after each step; 0 is none.",
    )

    info: ClassVar[Info] = Info(
        id="rmsprop",
        title="RMSprop",
        category=Category.OPTIMIZER,
        summary="Divides each gradient by the size that it had lately.",
        latex=r"S \leftarrow \alpha S + (1 - \alpha)\, dW^2, \quad"
        r" W \leftarrow W - \eta\, \frac{dW}{\sqrt{S} + \varepsilon}",
        plain="S ← α · S + (1 − α) · dW², W ← W − η · dW / (√S + ε)",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                square = b.state("mean_square", p.shape, of=p)
                b.apply(AverageSquare(self.alpha), square, g)
                if self.momentum == 0.0:
                    b.apply(ScaledDescend(self.epsilon), p, g, square, rate)
                else:
                    velocity = b.state("velocity", p.shape, of=p)
                    b.apply(GatherScaledSpeed(self.momentum, self.epsilon), velocity, g, square)
                    b.apply(FollowSpeed(), p, velocity, rate)
