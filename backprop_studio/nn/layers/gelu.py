"""The GELU activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import gated
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice


@dataclass(frozen=True)
class GELU(LayerSpec):
    """Multiplies each input by the share of normal numbers that lie below it.

    As PyTorch's; what it calls `none` is `exact` here.
    """

    approximate: str = choice(
        "exact",
        choices={"exact": "Exact (erf)", "tanh": "tanh approximation"},
        label="Formula",
        doc="The tanh approximation is faster, and off by less than 0.0005.",
    )

    info: ClassVar[Info] = Info(
        id="gelu",
        title="GELU",
        category=Category.ACTIVATION,
        summary="Lets each input through by the share of normal numbers below it.",
        also="gaussian error linear unit, nonlinearity",
        latex=r"Y = X \cdot \frac{1}{2}\left(1 + \mathrm{erf}\left(X / \sqrt{2}\right)\right)",
        plain="Y = X·Φ(X)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(gated.GELU(tanh=self.approximate == "tanh"), x)
