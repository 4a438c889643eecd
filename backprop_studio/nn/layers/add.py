"""Addition of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import arithmetic
from backprop_studio.nn.operation import BinaryOperation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Add(BinaryOperation):
    """Adds two inputs: a bias to every row, or the two ways of a skip connection."""

    info: ClassVar[Info] = Info(
        id="add",
        title="Add",
        category=Category.OPERATION,
        summary="Adds two inputs: a bias, or the end of a skip connection.",
        also="plus, merge, residual, shortcut",
        latex="Y = A + B",
        plain="Y = A + B",
        shape="two shapes, stretched where one has size 1 → the common shape",
    )
    op: ClassVar[Op] = arithmetic.Add()
