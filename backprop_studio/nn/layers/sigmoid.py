"""The Sigmoid activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import activation
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Sigmoid(LayerSpec):
    """Squeezes each input into 0 to 1."""

    info: ClassVar[Info] = Info(
        id="sigmoid",
        title="Sigmoid",
        category=Category.ACTIVATION,
        summary="Squeezes each input into 0 to 1.",
        also="logistic, nonlinearity",
        latex=r"Y = \frac{1}{1 + e^{-X}}",
        plain="Y = 1 / (1 + exp(−X))",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(activation.Sigmoid(), x)
