"""The multi-class hinge loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.scores import Hinge as Op
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Hinge(LossSpec):
    """Wrong classes are charged for coming nearer than a margin to the right one.

    Weston and Watkins 1999, *Support Vector Machines for Multi-Class Pattern Recognition*;
    `torch.nn.MultiMarginLoss` with p = 1 and no weights. A sum, too, is divided by the classes.
    """

    margin: float = number(
        1.0,
        low=0.0,
        high=1e6,
        label="Margin",
        doc="By how much the right score should exceed every other.",
    )
    reduction: str = reduction("the rows")

    info: ClassVar[Info] = Info(
        id="hinge",
        title="Multi-class hinge",
        category=Category.LOSS,
        summary="Asks the right score to exceed every other by a margin, and for no more.",
        also="svm, margin, classification",
        latex=r"L = \frac{1}{NC} \sum_i \sum_{j \ne y_i} \max(0, m + Z_{ij} - Z_{i y_i})",
        plain="L = mean of Σ max(0, m + wrong score − right score) / classes",
        shape="(N, classes) → scalar",
    )
    needs_classes: ClassVar[bool] = True

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scores, target = inputs
        return b.apply(Op(self.margin, self.reduction), scores, target)
