"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.scaled import ScaledDescend, SumSquares
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class Adagrad(OptimizerSpec):
    """Steps divided by the root of the sum of all squared gradients.

    Duchi, Hazan and Singer 2011, *Adaptive Subgradient Methods*. It is `torch.optim.Adagrad`
    with its defaults; that one's `lr_decay` and `initial_accumulator_value` stay at 0.
    """

    learning_rate: float = number(
        0.01, above=0.0, high=1e6, label="Learning rate", doc="Length of the very first step."
    )
    epsilon: float = number(
        1e-10, above=0.0, high=1.0, label="Epsilon", doc="Keeps the division away from zero."
    )

    info: ClassVar[Info] = Info(
        id="adagrad",
        title="Adagrad",
        category=Category.OPTIMIZER,
        summary="Shortens the steps of a weight the more gradient it has seen.",
        latex=r"S \leftarrow S + dW^2, \quad"
        r" W \leftarrow W - \eta\, \frac{dW}{\sqrt{S} + \varepsilon}",
        plain="S ← S + dW², W ← W − η · dW / (√S + ε)",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                squares = b.state("sum_of_squares", p.shape, of=p)
                b.apply(SumSquares(), squares, g)
                b.apply(ScaledDescend(self.epsilon), p, g, squares, rate)
