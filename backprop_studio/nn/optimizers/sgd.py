"""Plain gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.update import Descend
from backprop_studio.nn.fields import number
from backprop_studio.nn.spec import Category, Info, OptimizerSpec


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

    def lower(self, b: Builder, pairs: Sequence[tuple[Value, Value]]) -> None:
        for parameter, gradient in pairs:
            with b.scope(node=parameter.node):
                b.apply(Descend(self.learning_rate), parameter, gradient)
