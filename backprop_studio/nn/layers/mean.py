"""The mean of each example's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import summation
from backprop_studio.nn.operation import Operation
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Mean(Operation):
    """Averages all numbers of each example, into one column; a plain list is averaged whole.

    A matrix without a batch, such as a Parameter's, counts its rows as examples.
    """

    info: ClassVar[Info] = Info(
        id="mean",
        title="Mean",
        category=Category.OPERATION,
        summary="Averages the numbers of each example.",
        also="average, reduce",
        latex=r"Y_i = \frac{1}{n} \sum_j X_{ij}",
        plain="Y[i] = mean of X[i]",
        shape="(N, …) → (N, 1); a list → (1)",
    )
    op: ClassVar[Op] = summation.Mean()
