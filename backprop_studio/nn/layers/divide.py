"""Division of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import multiply
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Divide(BinaryOperation):
    """Divides the first input by the second; by zero it is infinite or NaN, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="divide",
        title="Divide",
        category=Category.OPERATION,
        summary="Divides the first input by the second, entry by entry.",
        also="quotient, ratio",
        latex=r"Y = \frac{A}{B}",
        plain="Y = A / B",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = multiply.Divide()
