"""Softmax as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import softmax
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Softmax(LayerSpec):
    """Turns the numbers along the last axis into positive shares that sum to one.

    As PyTorch's with `dim=-1`; other axes can be brought to the end with Permute.
    """

    info: ClassVar[Info] = Info(
        id="softmax",
        title="Softmax",
        category=Category.ACTIVATION,
        summary="Turns the numbers along the last axis into shares of one.",
        also="probabilities, classes",
        latex=r"Y_j = \frac{e^{X_j}}{\sum_k e^{X_k}}",
        plain="Y = exp(X) / Σ exp(X)",
        shape="(N, …, features) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if len(x.shape) < 2:
            raise ShapeError.of("softmax", "N×features", x.shape)
        return b.apply(softmax.Softmax(), x)
