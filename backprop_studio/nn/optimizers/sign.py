"""Sign descent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.scaled import SignDescend
from backprop_studio.nn.fields import number
from backprop_studio.nn.spec import Category, Info, OptimizerSpec


@dataclass(frozen=True)
class Sign(OptimizerSpec):
    """Steps of one length for every weight, to the side that the gradient says.

    Bernstein et al. 2018, *signSGD*, algorithm 1. PyTorch has no such optimizer; its tests here
    compare with `p -= lr * p.grad.sign()`.
    """

    learning_rate: float = number(
        0.001, above=0.0, high=1e6, label="Learning rate", doc="Length of every step."
    )

    info: ClassVar[Info] = Info(
        id="sign",
        title="Sign descent",
        category=Category.OPTIMIZER,
        summary="Takes a step of the same length for every weight, whatever its gradient's size.",
        latex=r"W \leftarrow W - \eta\, \mathrm{sign}(dW)",
        plain="W ← W − η · sign(dW)",
        shape="",
    )

    def lower(self, b: Builder, pairs: Sequence[tuple[Value, Value]]) -> None:
        for p, g in pairs:
            with b.scope(node=p.node):
                b.apply(SignDescend(self.learning_rate), p, g)
