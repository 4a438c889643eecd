"""Convolution of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.ops import convolution
from backprop_studio.nn.sliding import Convolution
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Conv2d(Convolution):
    """Slides learned patterns over pictures and tells how well each fits, everywhere."""

    info: ClassVar[Info] = Info(
        id="conv2d",
        title="Conv2d",
        category=Category.PICTURE,
        summary="Slides learned patterns over pictures and tells how well each fits, everywhere.",
        also="convolution, convolutional, filter, kernel, cnn",
        latex=r"Y_o = b_o + \sum_c W_{o,c} \star X_c",
        plain="Y = W ⋆ X + b",
        shape="(N, channels, height, width) → (N, out, ⌊(height + 2p − d(k − 1) − 1)/s⌋+1, …)",
    )
    axes: ClassVar[int] = 2
    op: ClassVar[type[convolution.Conv2d]] = convolution.Conv2d
