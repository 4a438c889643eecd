"""The loss of classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import loss
from backprop_studio.autograd.ops.divergence import SmoothLabels
from backprop_studio.autograd.ops.weighted import WeighClasses, WeightedCrossEntropy
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info, number, numbers


@dataclass(frozen=True)
class SoftmaxCrossEntropy(LossSpec):
    """Softmax turns scores into probabilities; cross-entropy charges for the right class.

    `torch.nn.CrossEntropyLoss` with labels for targets. With class weights, a mean is over what
    the labels of the batch weigh; a batch whose labels all weigh nothing has no mean (NaN).
    There is no `ignore_index`: every row of a data set here has a class, and a label out of range
    is refused when the data set is made.
    """

    label_smoothing: float = number(
        0.0,
        low=0.0,
        high=1.0,
        label="Label smoothing",
        doc="Share of each target that is dealt out to all classes alike.",
    )
    reduction: str = reduction("the rows")
    class_weights: tuple[float, ...] = numbers(
        (),
        low=0.0,
        high=1e6,
        most=10_000,
        label="Class weights",
        doc="How much each class counts, in the order of the classes, parted by commas. "
        "Empty: all count alike.",
    )

    info: ClassVar[Info] = Info(
        id="softmax_cross_entropy",
        title="Softmax cross-entropy",
        category=Category.LOSS,
        summary="Turns scores into probabilities and charges for what the right class did not get.",
        also="cross entropy, categorical, nll, log loss, classification",
        latex=r"L = -\frac{1}{N} \sum_i \ln \mathrm{softmax}(Z_i)_{y_i}",
        plain="L = −mean of ln softmax(Z)[right class]",
        shape="(N, classes) → scalar",
    )
    needs_classes: ClassVar[bool] = True

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scores, labels = inputs
        target = labels
        if self.label_smoothing:
            target = b.apply(SmoothLabels(self.label_smoothing), labels)
        if self.class_weights:
            weigh = WeighClasses(self.class_weights, self.reduction)
            return b.apply(WeightedCrossEntropy(), scores, b.apply(weigh, target, labels))
        return b.apply(loss.SoftmaxCrossEntropy(self.reduction), scores, target)
