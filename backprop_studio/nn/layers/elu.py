"""The ELU activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import rectifier
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class ELU(LayerSpec):
    """Keeps positive inputs; negative ones bend smoothly towards minus alpha.

    As PyTorch's, except that alpha is not negative.
    """

    alpha: float = number(
        1.0,
        low=0.0,
        high=100.0,
        label="Alpha",
        doc="How far below zero the output can go.",
    )

    info: ClassVar[Info] = Info(
        id="elu",
        title="ELU",
        category=Category.ACTIVATION,
        summary="Keeps positive inputs; negative ones bend smoothly towards −alpha.",
        also="exponential linear unit, nonlinearity",
        latex=r"Y = \max(X, 0) + \alpha \left(e^{\min(X, 0)} - 1\right)",
        plain="Y = X if X > 0, else α·(exp(X) − 1)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(rectifier.ELU(self.alpha), x)
