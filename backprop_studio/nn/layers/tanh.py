"""The Tanh activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import activation
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Tanh(LayerSpec):
    """Squeezes each input into -1 to 1."""

    info: ClassVar[Info] = Info(
        id="tanh",
        title="Tanh",
        category=Category.ACTIVATION,
        summary="Squeezes each input into −1 to 1.",
        also="hyperbolic tangent, nonlinearity",
        latex=r"Y = \tanh(X)",
        plain="Y = tanh(X)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(activation.Tanh(), x)
