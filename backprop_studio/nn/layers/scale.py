"""A learned gain and bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.nn import axes
from backprop_studio.nn.affine import scale_and_shift
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, flag


@dataclass(frozen=True)
class Scale(LayerSpec):
    """Multiplies each feature by a learned gain and adds a learned bias.

    The affine part of PyTorch's LayerNorm (last axis) and BatchNorm (channels), on its own.
    """

    bias: bool = flag(True, label="Bias", doc="Add a learned number to each feature.")
    axis: str = choice(
        "last",
        choices=axes.CHOICES,
        label="Axis",
        doc="Along which axis the features lie: each of them has its own gain and bias.",
    )

    info: ClassVar[Info] = Info(
        id="scale",
        title="Scale and shift",
        category=Category.LAYER,
        summary="Multiplies each feature by a learned gain and adds a learned bias.",
        also="gain, bias, elementwise affine",
        latex=r"Y = X \odot g + b",
        plain="Y = X × g + b",
        shape="(N, features) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        axis = axes.index("scale", self.axis, x.shape)
        shape = (int(x.shape[axis]), *(1 for _ in x.shape[axis + 1 :]))
        return scale_and_shift(b, x, shape, bias=self.bias)
