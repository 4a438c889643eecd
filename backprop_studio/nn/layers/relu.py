"""The ReLU activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import activation
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class ReLU(LayerSpec):
    """Keeps positive inputs and sets negative ones to zero."""

    info: ClassVar[Info] = Info(
        id="relu",
        title="ReLU",
        category=Category.ACTIVATION,
        summary="Keeps positive inputs and sets negative ones to zero.",
        also="rectified linear unit, rectifier, nonlinearity",
        latex=r"Y = \max(X, 0)",
        plain="Y = max(X, 0)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(activation.ReLU(), x)
