"""The mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.robust import AbsoluteError
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class MAE(LossSpec):
    """Mean of the distances. `torch.nn.L1Loss`; the slope at zero is zero, as there."""

    reduction: str = reduction("all entries")

    info: ClassVar[Info] = Info(
        id="mae",
        title="Mean absolute error",
        category=Category.LOSS,
        summary="The mean of the distances between prediction and target; outliers count little.",
        also="mae, l1 loss, regression",
        latex=r"L = \frac{1}{n} \sum |P - T|",
        plain="L = mean of |P − T|",
        shape="(N, targets) → scalar",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        prediction, target = inputs
        return b.apply(AbsoluteError(self.reduction), prediction, target)
