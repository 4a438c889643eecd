"""The mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.loss import MeanSquaredError
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class MSE(LossSpec):
    """Mean of the squared differences; classes are compared as rows of zeros with a one."""

    reduction: str = reduction("all entries")

    info: ClassVar[Info] = Info(
        id="mse",
        title="Mean squared error",
        category=Category.LOSS,
        summary="The mean of the squared differences between prediction and target.",
        also="mse, l2 loss, quadratic, least squares, regression",
        latex=r"L = \frac{1}{n} \sum (P - T)^2",
        plain="L = mean of (P − T)²",
        shape="(N, targets) → scalar",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        prediction, target = inputs
        return b.apply(MeanSquaredError(self.reduction), prediction, target)
