"""Huber's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.robust import Huber as HuberOp
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Huber(LossSpec):
    """Squares small differences, counts large ones by their distance.

    Huber 1964, *Robust Estimation of a Location Parameter*; `torch.nn.HuberLoss`.
    """

    delta: float = number(
        1.0,
        above=0.0,
        high=1e6,
        label="Delta",
        doc="Where the square turns into a straight line.",
    )
    reduction: str = reduction("all entries")

    info: ClassVar[Info] = Info(
        id="huber",
        title="Huber",
        category=Category.LOSS,
        summary="Squares small differences and counts large ones by their distance alone.",
        also="smooth l1, regression, robust",
        latex=r"L = \frac{1}{n} \sum h(P - T), \quad "
        r"h(d) = \frac{d^2}{2} \;\; (|d| \le \delta), \;\; "
        r"\delta\,(|d| - \frac{\delta}{2}) \;\; \text{else}",
        plain="L = mean of h(P − T), h(d) = d² / 2 up to |d| = δ, then δ · (|d| − δ/2)",
        shape="(N, targets) → scalar",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        prediction, target = inputs
        return b.apply(HuberOp(self.delta, self.reduction), prediction, target)
