"""Gives each row another shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value, format_shape
from backprop_studio.autograd.ops import arrange
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, integer


@dataclass(frozen=True)
class Reshape(LayerSpec):
    """The numbers of a row, in the same order, as a list, a table or an image.

    As PyTorch's `reshape`, for up to three axes after the batch and with every size given.
    """

    channels: int = integer(
        1,
        low=0,
        high=1_000_000,
        label="Channels",
        doc="Size of the first axis after the batch; 0 leaves this axis out.",
    )
    height: int = integer(
        8, low=0, high=1_000_000, label="Height", doc="Size of the next axis; 0 leaves it out."
    )
    width: int = integer(
        8, low=0, high=1_000_000, label="Width", doc="Size of the last axis; 0 leaves it out."
    )

    info: ClassVar[Info] = Info(
        id="reshape",
        title="Reshape",
        category=Category.SHAPE,
        summary="Reads the numbers of each row as an image, a table or a list.",
        also="view, unflatten",
        latex=r"X \rightarrow Y \in \mathbb{R}^{N \times c \times h \times w}",
        plain="Y = X as c×h×w",
        shape="(N, c·h·w) → (N, c, h, w)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        count = math.prod(self._tail)
        sizes = [d for d in x.shape[1:] if isinstance(d, int)]
        if len(sizes) != len(x.shape) - 1 or math.prod(sizes) != count:
            raise ShapeError.of("reshape", f"rows of {count:,} numbers", x.shape)
        return b.apply(arrange.Reshape(self._tail), x)

    @property
    def caption(self) -> str:
        return format_shape(self._tail)

    @property
    def _tail(self) -> tuple[int, ...]:
        return tuple(d for d in (self.channels, self.height, self.width) if d)
