"""Batch normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Phase, Shape, Value
from backprop_studio.autograd.ops.channels import ScaleChannels
from backprop_studio.autograd.ops.normalize import Normalize
from backprop_studio.autograd.ops.running import NormalizeBy, TrackMean, TrackVariance
from backprop_studio.errors import ShapeError
from backprop_studio.nn.initializers import Ones
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, flag, number


@dataclass(frozen=True)
class BatchNorm(LayerSpec):
    """Brings each channel of a batch to mean zero and variance one.

    Ioffe and Szegedy 2015, as `torch.nn.BatchNorm1d` and `BatchNorm2d`: training uses the biased
    variance of the batch, ε inside the root; the running mean moves by the share `momentum`
    towards the batch's, the running variance towards its unbiased one; the network in use
    normalises with these two. Axis 1 is the channels. Tensors have PyTorch's names and shapes.

    Differences from PyTorch:

    - The running statistics move in the update phase, where one can see it, and not in the
      forward pass. What comes out is the same.
    - A channel with a single entry in the batch, such as the one row that an epoch's last batch
      may have, is an error there. Here it is normalised to zero, so that the output is the bias
      and no error signal passes; the running mean moves, the running variance stays. A batch size
      with which this always happens gets a warning.
    - Frozen, the layer is as in use also while the others train: it normalises with the running
      statistics, and these stay. PyTorch's goes on with batches until `eval()` is called; Keras's
      does as this one. So a layer that is frozen before anything has been trained passes its
      input on, but for ε.
    - Momentum is a number; the cumulative average (`momentum=None`) and
      `track_running_stats=False` are not offered.
    """

    epsilon: float = number(
        1e-5, above=0.0, high=1.0, label="Epsilon", doc="Added to the variance before the root."
    )
    momentum: float = number(
        0.1,
        low=0.0,
        high=1.0,
        label="Momentum",
        doc="The share by which running mean and variance move towards those of each batch.",
    )
    affine: bool = flag(
        True, label="Weight and bias", doc="Multiply and add learned numbers afterwards."
    )

    info: ClassVar[Info] = Info(
        id="batch_norm",
        title="BatchNorm",
        category=Category.NORMALIZATION,
        summary="Brings each channel of a batch to mean zero and variance one.",
        also="batch normalization, bn",
        latex=r"Y = \frac{X - m}{\sqrt{v + \varepsilon}} \odot w + b",
        plain="Y = (X − m) / √(v + ε) × w + b",
        shape="(N, channels), (N, channels, T) or (N, channels, H, W) → the same shape",
    )

    def rows_needed(self, *shapes: Shape) -> int:
        ((_, *tail),) = shapes
        return 2 if math.prod(d for d in tail[1:] if isinstance(d, int)) == 1 else 1

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if len(x.shape) not in (2, 3, 4):
            raise ShapeError.of("batch_norm", "N×channels, N×channels×T or N×channels×H×W", x.shape)
        channels = (x.shape[1],)
        mean = b.buffer("running_mean", channels)
        variance = b.buffer("running_var", channels, Ones())
        if b.training and not b.frozen:
            y = self._by_batch(b, x, mean, variance)
        else:
            y = b.apply(NormalizeBy(self.epsilon), x, mean, variance)
        if not self.affine:
            return y
        weight = b.parameter("weight", channels, Ones())
        return b.apply(ScaleChannels(), y, weight, b.parameter("bias", channels))

    def _by_batch(self, b: Builder, x: Value, mean: Value, variance: Value) -> Value:
        axes = (0, *range(2, len(x.shape)))
        y, found_mean, found_variance = b.apply_all(Normalize(axes, self.epsilon), x)
        with b.scope(phase=Phase.UPDATE):
            b.apply(TrackMean(self.momentum), mean, found_mean)
            b.apply(TrackVariance(self.momentum), variance, found_variance, x)
        return y
