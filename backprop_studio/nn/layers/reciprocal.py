"""One divided by each number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Reciprocal(Operation):
    """One divided by each number; infinite at zero, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="reciprocal",
        title="Reciprocal",
        category=Category.OPERATION,
        summary="Divides one by each number.",
        also="inverse, one over",
        latex=r"Y = \frac{1}{X}",
        plain="Y = 1 / X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Reciprocal()
