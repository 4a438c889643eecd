"""Maxima over windows of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.ops import pooling
from backprop_studio.nn.sliding import Pooling
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class MaxPool1d(Pooling):
    """Keeps the largest number under each place of a window over sequences."""

    info: ClassVar[Info] = Info(
        id="max_pool1d",
        title="MaxPool1d",
        category=Category.PICTURE,
        summary="Keeps the largest number under each place of a window over sequences.",
        also="max pooling, downsample, subsampling",
        latex=r"Y_p = \max_i X_{sp+i}",
        plain="Y = max over window",
        shape="(N, channels, length) → (N, channels, ⌊(length + 2p − k)/s⌋ + 1)",
    )
    axes: ClassVar[int] = 1
    op: ClassVar[type[pooling.MaxPool]] = pooling.MaxPool
