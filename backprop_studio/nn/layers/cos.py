"""The cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Cosine(Operation):
    """Cosine of each number, in radians."""

    info: ClassVar[Info] = Info(
        id="cos",
        title="Cosine wave",
        category=Category.OPERATION,
        summary="Takes the cosine of each number, in radians.",
        also="cos, sinusoid, periodic",
        latex=r"Y = \cos X",
        plain="Y = cos X",
        shape="any shape → the same shape",
    )
    op: ClassVar[Op] = elementary.Cosine()
