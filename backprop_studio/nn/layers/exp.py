"""The exponential function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Exp(Operation):
    """e to the power of each number; infinite where that is too large."""

    info: ClassVar[Info] = Info(
        id="exp",
        title="Exp",
        category=Category.OPERATION,
        summary="Raises e to the power of each number.",
        also="exponential",
        latex="Y = e^{X}",
        plain="Y = exp(X)",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Exp()
