"""Makes one row of everything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.arrange import Reshape
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Flatten(LayerSpec):
    """Puts all numbers of a row one after the other.

    As PyTorch's with `start_dim=1`: the last axis runs fastest.
    """

    info: ClassVar[Info] = Info(
        id="flatten",
        title="Flatten",
        category=Category.SHAPE,
        summary="Makes one list of features of each row, whatever its shape.",
        also="unroll, vectorize",
        latex=r"X \rightarrow Y \in \mathbb{R}^{N \times n}",
        plain="Y = X in one row",
        shape="(N, a, b, …) → (N, a·b·…)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        sizes = [d for d in x.shape[1:] if isinstance(d, int)]
        if not sizes or len(sizes) != len(x.shape) - 1:
            raise ShapeError.of("flatten", "N×features or more axes", x.shape)
        return b.apply(Reshape((math.prod(sizes),)), x)
