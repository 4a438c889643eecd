"""The softplus activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import rectifier
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Softplus(LayerSpec):
    """A ReLU whose corner is rounded off.

    As PyTorch's, except that beta must be above zero and the threshold must not be below it.
    """

    beta: float = number(
        1.0,
        above=0.0,
        high=1000.0,
        label="Beta",
        doc="How sharp the corner is: the larger, the more like ReLU.",
    )
    threshold: float = number(
        20.0,
        low=0.0,
        high=1000.0,
        label="Threshold",
        doc="Where beta times the input is above this, the input itself is the output.",
    )

    info: ClassVar[Info] = Info(
        id="softplus",
        title="Softplus",
        category=Category.ACTIVATION,
        summary="A ReLU whose corner is rounded off; always above zero.",
        also="smooth rectifier, nonlinearity",
        latex=r"Y = \frac{1}{\beta} \ln\left(1 + e^{\beta X}\right)",
        plain="Y = ln(1 + exp(β·X)) / β",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(rectifier.Softplus(self.beta, self.threshold), x)
