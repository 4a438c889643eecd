"""Subtraction of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import arithmetic
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Subtract(BinaryOperation):
    """Subtracts the second input from the first."""

    info: ClassVar[Info] = Info(
        id="subtract",
        title="Subtract",
        category=Category.OPERATION,
        summary="Subtracts the second input from the first.",
        also="minus, difference",
        latex="Y = A - B",
        plain="Y = A − B",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = arithmetic.Subtract()
