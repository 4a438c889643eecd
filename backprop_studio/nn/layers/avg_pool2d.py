"""Means over windows of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.ops import pooling
from backprop_studio.nn.sliding import Pooling
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class AvgPool2d(Pooling):
    """Takes the mean under each place of a window over pictures."""

    info: ClassVar[Info] = Info(
        id="avg_pool2d",
        title="AvgPool2d",
        category=Category.PICTURE,
        summary="Takes the mean under each place of a window over pictures.",
        also="average pooling, mean pooling, downsample",
        latex=r"Y_{p,q} = \frac{1}{k^2} \sum_{i,j} X_{sp+i,\,sq+j}",
        plain="Y = mean over window",
        shape="(N, channels, height, width) → (N, channels, ⌊(height + 2p − k)/s⌋ + 1, …)",
    )
    axes: ClassVar[int] = 2
    op: ClassVar[type[pooling.AvgPool]] = pooling.AvgPool
