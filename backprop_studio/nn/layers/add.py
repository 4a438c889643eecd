"""Addition of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import arithmetic
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import Category, Info, LayerSpec


@dataclass(frozen=True)
class Add(LayerSpec):
    """Adds two inputs, as a skip connection does.

    Shapes must be the same: PyTorch would stretch axes of one entry, which hides mistakes.
    """

    info: ClassVar[Info] = Info(
        id="add",
        title="Add",
        category=Category.COMBINE,
        summary="Adds two inputs of the same shape: the end of a skip connection.",
        latex=r"Y = A + B",
        plain="Y = A + B",
        shape="two of any one shape → the same shape",
    )
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        first, second = inputs
        if first.shape != second.shape:
            raise ShapeError.differ("add", first.shape, second.shape)
        return b.apply(arithmetic.Add(), first, second)
