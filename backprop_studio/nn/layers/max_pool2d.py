"""Maxima over windows of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.ops import pooling
from backprop_studio.nn.sliding import Pooling
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class MaxPool2d(Pooling):
    """Keeps the largest number under each place of a window over pictures."""

    info: ClassVar[Info] = Info(
        id="max_pool2d",
        title="MaxPool2d",
        category=Category.PICTURE,
        summary="Keeps the largest number under each place of a window over pictures.",
        also="max pooling, downsample, subsampling",
        latex=r"Y_{p,q} = \max_{i,j} X_{sp+i,\,sq+j}",
        plain="Y = max over window",
        shape="(N, channels, height, width) → (N, channels, ⌊(height + 2p − k)/s⌋ + 1, …)",
    )
    axes: ClassVar[int] = 2
    op: ClassVar[type[pooling.MaxPool]] = pooling.MaxPool
