"""The sum of each example's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import summation
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Sum(Operation):
    """Adds up all numbers of each example, into one column; a plain list is added up whole.

    A matrix without a batch, such as a Parameter's, counts its rows as examples.
    """

    info: ClassVar[Info] = Info(
        id="sum",
        title="Sum",
        category=Category.OPERATION,
        summary="Adds up the numbers of each example.",
        also="total, reduce",
        latex=r"Y_i = \sum_j X_{ij}",
        plain="Y[i] = Σ_j X[i, j]",
        shape="(N, …) → (N, 1); a list → (1)",
    )
    op: ClassVar[Op] = summation.Sum()
