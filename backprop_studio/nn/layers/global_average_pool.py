"""The mean of each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.pooling import GlobalAvgPool
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class GlobalAveragePool(LayerSpec):
    """Takes the mean of each channel over the whole picture or sequence."""

    info: ClassVar[Info] = Info(
        id="global_average_pool",
        title="GlobalAveragePool",
        category=Category.PICTURE,
        summary="Takes the mean of each channel over the whole picture or sequence.",
        also="gap, global average pooling, mean pooling",
        latex=r"Y_c = \frac{1}{P} \sum_{p=1}^{P} X_{c,p}",
        plain="Y = mean of channel",
        shape="(N, channels, …) → (N, channels)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(GlobalAvgPool(), x)
