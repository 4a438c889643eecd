"""The linear activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.pointwise import Identity
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Linear(LayerSpec):
    """Passes the value on, as Keras's linear activation and PyTorch's Identity do."""

    info: ClassVar[Info] = Info(
        id="linear",
        title="Linear (identity)",
        category=Category.ACTIVATION,
        summary="Passes the value on unchanged.",
        also="pass through, no activation",
        latex=r"Y = X",
        plain="Y = X",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(Identity(), x)
