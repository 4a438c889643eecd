"""Multiplication of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import multiply
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import Category, Info, LayerSpec


@dataclass(frozen=True)
class Multiply(LayerSpec):
    """Multiplies two inputs entry by entry.

    Shapes must be the same: PyTorch would stretch axes of one entry, which hides mistakes.
    """

    info: ClassVar[Info] = Info(
        id="multiply",
        title="Multiply",
        category=Category.COMBINE,
        summary="Multiplies two inputs of the same shape, entry by entry: one gates the other.",
        latex=r"Y = A \odot B",
        plain="Y = A × B",
        shape="two of any one shape → the same shape",
    )
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        first, second = inputs
        if first.shape != second.shape:
            raise ShapeError.differ("multiply", first.shape, second.shape)
        return b.apply(multiply.Multiply(), first, second)
