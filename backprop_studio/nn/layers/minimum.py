"""The smaller of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import extrema
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Minimum(BinaryOperation):
    """The smaller of two inputs, entry by entry; equals share the gradient, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="minimum",
        title="Minimum",
        category=Category.OPERATION,
        summary="Takes the smaller of two inputs, entry by entry.",
        also="smaller, min",
        latex=r"Y = \min(A, B)",
        plain="Y = min(A, B)",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = extrema.Minimum()
