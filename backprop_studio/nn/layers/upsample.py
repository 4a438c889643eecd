"""Enlarging by copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import upsampling
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, integer


@dataclass(frozen=True)
class Upsample(LayerSpec):
    """Enlarges pictures or sequences by repeating every number along each axis."""

    factor: int = integer(
        2, low=1, high=100, label="Factor", doc="How often each number is repeated along an axis."
    )

    info: ClassVar[Info] = Info(
        id="upsample",
        title="UpSample",
        category=Category.PICTURE,
        summary="Enlarges pictures or sequences by repeating every number along each axis.",
        also="upsampling, enlarge, resize, nearest neighbour",
        latex=r"Y_{p,q} = X_{\lfloor p/k \rfloor,\, \lfloor q/k \rfloor}",
        plain="Y = nearest X",
        shape="(N, channels, height, width) → (N, channels, factor·height, factor·width)",
    )

    @property
    def caption(self) -> str:
        return f"{self.factor} times"

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(upsampling.Upsample(self.factor), x)
