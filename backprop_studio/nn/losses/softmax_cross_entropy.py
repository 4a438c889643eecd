"""The loss of classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import loss
from backprop_studio.nn.spec import Category, Info, LossSpec


@dataclass(frozen=True)
class SoftmaxCrossEntropy(LossSpec):
    """Softmax turns scores into probabilities; cross-entropy charges for the right class."""

    info: ClassVar[Info] = Info(
        id="softmax_cross_entropy",
        title="Softmax cross-entropy",
        category=Category.LOSS,
        summary="Turns scores into probabilities and charges for what the right class did not get.",
        latex=r"L = -\frac{1}{N} \sum_i \ln \mathrm{softmax}(Z_i)_{y_i}",
        plain="L = −mean of ln softmax(Z)[right class]",
        shape="(N, classes) → scalar, the mean over the batch",
    )
    needs_classes: ClassVar[bool] = True

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scores, target = inputs
        return b.apply(loss.SoftmaxCrossEntropy(), scores, target)
