"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.update import Descend
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class SGD(OptimizerSpec):
    """Stochastic gradient descent: a step against the gradient of each batch."""

    learning_rate: float = number(
        0.1, above=0.0, high=1e6, label="Learning rate", doc="Length of a step per unit gradient."
    )

    info: ClassVar[Info] = Info(
        id="sgd",
        title="SGD",
        category=Category.OPTIMIZER,
        summary="Takes a step against the gradient.",
        latex=r"W \leftarrow W - \eta\, dW",
        plain="W ← W − η · dW",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                b.apply(Descend(), p, g, rate)
