"""Sign descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.scaled import SignDescend
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


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

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                b.apply(SignDescend(), p, g, rate)
