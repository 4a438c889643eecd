"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.update import AdamStep, AverageGradient, AverageSquare, Count
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class Adam(OptimizerSpec):
    """Steps scaled by running means of the gradient and of its square.

    Kingma and Ba, *Adam: A Method for Stochastic Optimization*, 2015, algorithm 1.
    """

    learning_rate: float = number(
        0.001, above=0.0, high=1e6, label="Learning rate", doc="Rough length of a step."
    )
    beta1: float = number(
        0.9, low=0.0, high=0.999999, label="Beta 1", doc="How long the mean gradient remembers."
    )
    beta2: float = number(
        0.999, low=0.0, high=0.999999, label="Beta 2", doc="How long the mean square remembers."
    )
    epsilon: float = number(
        1e-8, above=0.0, high=1.0, label="Epsilon", doc="Keeps the division away from zero."
    )

    info: ClassVar[Info] = Info(
        id="adam",
        title="Adam",
        category=Category.OPTIMIZER,
        summary="Takes steps of similar length for every weight, however large its gradient.",
        latex=r"W \leftarrow W - \eta\, \frac{\hat M}{\sqrt{\hat V} + \varepsilon}",
        plain="W ← W − η · M̂ / (√V̂ + ε)",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        with b.scope(node=""):
            count = b.state("t", ())
            b.apply(Count(), count)
        for p, g in step.pairs():
            with b.scope(node=p.node):
                mean = b.state("m", p.shape, of=p)
                square = b.state("v", p.shape, of=p)
                b.apply(AverageGradient(self.beta1), mean, g)
                b.apply(AverageSquare(self.beta2), square, g)
                adam = AdamStep(self.beta1, self.beta2, self.epsilon)
                b.apply(adam, p, mean, square, count, rate)
