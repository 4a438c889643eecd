"""Rows as vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import shaping
from backprop_studio.nn.spec import Category, Info, LayerSpec


@dataclass(frozen=True)
class Flatten(LayerSpec):
    """Writes each row as one vector, as fully connected layers want it."""

    info: ClassVar[Info] = Info(
        id="flatten",
        title="Flatten",
        category=Category.LAYER,
        summary="Writes each row as one vector, as fully connected layers want it.",
        latex=r"Y = \mathrm{reshape}(X)",
        plain="Y = reshape(X)",
        shape="(N, …) → (N, product of the others)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(shaping.Flatten(), x)
