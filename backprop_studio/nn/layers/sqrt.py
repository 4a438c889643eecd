"""The square root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Sqrt(Operation):
    """Square root of each number: NaN below zero, its slope infinite at zero, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="sqrt",
        title="Square root",
        category=Category.OPERATION,
        summary="Takes the square root of each number.",
        also="sqrt, root",
        latex=r"Y = \sqrt{X}",
        plain="Y = √X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Sqrt()
