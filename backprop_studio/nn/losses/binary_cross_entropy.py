"""The loss of yes-or-no questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.scores import BinaryCrossEntropy as Op
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class BinaryCrossEntropy(LossSpec):
    """Sigmoid and cross-entropy of each score alone; `torch.nn.BCEWithLogitsLoss`.

    With as many scores as classes, each score answers for its class (one-hot targets). With two
    classes, one score is enough: it answers for the second class, and above zero means yes.
    """

    reduction: str = reduction("all entries")

    info: ClassVar[Info] = Info(
        id="binary_cross_entropy",
        title="Binary cross-entropy",
        category=Category.LOSS,
        summary="Takes each score as a yes or no of its own. Two classes need one score only.",
        also="bce, log loss, logistic, sigmoid, classification",
        latex=r"L = -\frac{1}{n} \sum (T \ln \sigma(Z) + (1 - T) \ln(1 - \sigma(Z)))",
        plain="L = −mean of T · ln σ(Z) + (1 − T) · ln(1 − σ(Z))",
        shape="(N, classes) or (N, 1) → scalar",
    )
    needs_classes: ClassVar[bool] = True
    takes_column: ClassVar[bool] = True

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scores, target = inputs
        return b.apply(Op(self.reduction), scores, target)
