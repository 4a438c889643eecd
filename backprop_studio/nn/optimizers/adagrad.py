"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.scaled import ScaledDescend, SumSquares
from backprop_studio.nn.fields import number
from backprop_studio.nn.spec import Category, Info, OptimizerSpec


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

    def lower(self, b: Builder, pairs: Sequence[tuple[Value, Value]]) -> None:
        for p, g in pairs:
            with b.scope(node=p.node):
                squares = b.state("sum_of_squares", p.shape, of=p)
                b.apply(SumSquares(), squares, g)
                b.apply(ScaledDescend(self.learning_rate, self.epsilon), p, g, squares)
