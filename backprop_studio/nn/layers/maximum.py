"""The larger of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import extrema
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Maximum(BinaryOperation):
    """The larger of two inputs, entry by entry; equals share the gradient, as PyTorch's."""

    info: ClassVar[Info] = Info(
        id="maximum",
        title="Maximum",
        category=Category.OPERATION,
        summary="Takes the larger of two inputs, entry by entry.",
        also="larger, max",
        latex=r"Y = \max(A, B)",
        plain="Y = max(A, B)",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = extrema.Maximum()
