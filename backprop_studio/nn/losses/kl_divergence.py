"""The Kullback-Leibler divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.divergence import KLDivergence as Op
from backprop_studio.autograd.ops.divergence import LogSoftmax
from backprop_studio.nn.reduction import reduction
from backprop_studio.nn.spec import LossSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class KLDivergence(LossSpec):
    """Divergence of the softmax of the scores from the targets' probabilities.

    `torch.nn.KLDivLoss` of `log_softmax(scores)`. Other than there, the mean is taken over the
    rows, which PyTorch calls `batchmean` and advises; its own `mean` is over all entries.
    """

    reduction: str = reduction("the rows")

    info: ClassVar[Info] = Info(
        id="kl_divergence",
        title="KL divergence",
        category=Category.LOSS,
        summary="How far the probabilities given are from those that were right.",
        also="kullback-leibler, relative entropy",
        latex=r"L = \frac{1}{N} \sum T\,(\ln T - \ln \mathrm{softmax}(Z))",
        plain="L = mean of Σ T · (ln T − ln softmax(Z))",
        shape="(N, classes) → scalar",
    )
    needs_classes: ClassVar[bool] = True

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scores, target = inputs
        divergence = Op(self.reduction)
        # Before any instruction is written, so that a shape that does not fit is told as it is.
        divergence.infer(scores.type, target.type)
        return b.apply(divergence, b.apply(LogSoftmax(), scores), target)
