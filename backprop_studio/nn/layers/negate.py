"""Minus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import pointwise
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Negate(Operation):
    """Turns the sign of each number round."""

    info: ClassVar[Info] = Info(
        id="negate",
        title="Negate",
        category=Category.OPERATION,
        summary="Turns the sign of each number round.",
        also="minus, opposite",
        latex="Y = -X",
        plain="Y = −X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = pointwise.Negate()
