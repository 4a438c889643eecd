"""The square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Square(Operation):
    """Multiplies each number by itself."""

    info: ClassVar[Info] = Info(
        id="square",
        title="Square",
        category=Category.OPERATION,
        summary="Multiplies each number by itself.",
        also="squared, power of two",
        latex="Y = X^2",
        plain="Y = X²",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Square()
