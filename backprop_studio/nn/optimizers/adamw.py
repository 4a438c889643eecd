"""AdamW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.scaled import Decay
from backprop_studio.autograd.ops.update import AdamStep, AverageGradient, AverageSquare, Count
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class AdamW(OptimizerSpec):
    """Adam with weight decay apart from the gradient.

    Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2019, algorithm 2. It is
    `torch.optim.AdamW` with its defaults, and like that one it decays biases, too.
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
    weight_decay: float = number(
        0.01,
        low=0.0,
        high=1000.0,
        label="Weight decay",
        doc="Times the learning rate: the share that every weight loses with each step.",
    )

    info: ClassVar[Info] = Info(
        id="adamw",
        title="AdamW",
        category=Category.OPTIMIZER,
        summary="Adam, and every weight shrinks a little with each step.",
        latex=r"W \leftarrow W - \eta \lambda W"
        r" - \eta\, \frac{\hat M}{\sqrt{\hat V} + \varepsilon}",
        plain="W ← W − η · λ · W − η · M̂ / (√V̂ + ε)",
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
                b.apply(Decay(self.weight_decay), p, rate)
                b.apply(AverageGradient(self.beta1), mean, g)
                b.apply(AverageSquare(self.beta2), square, g)
                adam = AdamStep(self.beta1, self.beta2, self.epsilon)
                b.apply(adam, p, mean, square, count, rate)
