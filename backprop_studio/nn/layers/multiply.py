"""Multiplication of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import multiply
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Multiply(BinaryOperation):
    """Multiplies two inputs entry by entry."""

    info: ClassVar[Info] = Info(
        id="multiply",
        title="Multiply",
        category=Category.OPERATION,
        summary="Multiplies two inputs entry by entry: a weight, or one gates the other.",
        also="times, product, gate, mul",
        latex=r"Y = A \odot B",
        plain="Y = A × B",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = multiply.Multiply()
