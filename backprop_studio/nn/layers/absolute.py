"""The distance from zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Absolute(Operation):
    """Drops the sign of each number; the slope at zero is zero, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="absolute",
        title="Absolute value",
        category=Category.OPERATION,
        summary="Drops the sign of each number.",
        also="abs, magnitude",
        latex=r"Y = \left|X\right|",
        plain="Y = |X|",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Absolute()
