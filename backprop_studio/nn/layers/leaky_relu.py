"""The leaky ReLU activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import rectifier
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class LeakyReLU(LayerSpec):
    """Keeps positive inputs and shrinks negative ones.

    As PyTorch's, except that the slope is from 0 to 1.
    """

    negative_slope: float = number(
        0.01,
        low=0.0,
        high=1.0,
        label="Slope",
        doc="Share of a negative input that is kept: 0 is ReLU, and 1 changes nothing.",
    )

    info: ClassVar[Info] = Info(
        id="leaky_relu",
        title="Leaky ReLU",
        category=Category.ACTIVATION,
        summary="Keeps positive inputs and a small share of negative ones.",
        also="rectifier, lrelu, nonlinearity",
        latex=r"Y = \max(X, 0) + s \min(X, 0)",
        plain="Y = max(X, 0) + s·min(X, 0)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(rectifier.LeakyReLU(self.negative_slope), x)
