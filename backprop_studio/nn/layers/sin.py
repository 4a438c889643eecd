"""The sine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Sine(Operation):
    """Sine of each number, in radians."""

    info: ClassVar[Info] = Info(
        id="sin",
        title="Sine wave",
        category=Category.OPERATION,
        summary="Takes the sine of each number, in radians.",
        also="sin, sinusoid, periodic",
        latex=r"Y = \sin X",
        plain="Y = sin X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Sine()
