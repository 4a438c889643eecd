"""The SiLU activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import gated
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class SiLU(LayerSpec):
    """Multiplies each input by its own sigmoid; also known as swish."""

    info: ClassVar[Info] = Info(
        id="silu",
        title="SiLU",
        category=Category.ACTIVATION,
        summary="Multiplies each input by a soft switch that it sets itself (swish).",
        also="swish, sigmoid linear unit, nonlinearity",
        latex=r"Y = \frac{X}{1 + e^{-X}}",
        plain="Y = X / (1 + exp(−X))",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(gated.SiLU(), x)
