"""The natural logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Log(Operation):
    """Natural logarithm of each number: minus infinity at zero, NaN below, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="log",
        title="Log",
        category=Category.OPERATION,
        summary="Takes the natural logarithm of each number.",
        also="logarithm, ln",
        latex=r"Y = \ln X",
        plain="Y = ln X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Log()
