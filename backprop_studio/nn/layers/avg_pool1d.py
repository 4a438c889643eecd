"""Means over windows of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.ops import pooling
from backprop_studio.nn.sliding import Pooling
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class AvgPool1d(Pooling):
    """Takes the mean under each place of a window over sequences."""

    info: ClassVar[Info] = Info(
        id="avg_pool1d",
        title="AvgPool1d",
        category=Category.PICTURE,
        summary="Takes the mean under each place of a window over sequences.",
        also="average pooling, mean pooling, downsample",
        latex=r"Y_p = \frac{1}{k} \sum_i X_{sp+i}",
        plain="Y = mean over window",
        shape="(N, channels, length) → (N, channels, ⌊(length + 2p − k)/s⌋ + 1)",
    )
    axes: ClassVar[int] = 1
    op: ClassVar[type[pooling.AvgPool]] = pooling.AvgPool
