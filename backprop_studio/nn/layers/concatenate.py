"""Joins two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import part
from backprop_studio.errors import ShapeError
from backprop_studio.nn import axes
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice


@dataclass(frozen=True)
class Concatenate(LayerSpec):
    """Puts the entries of the second input after those of the first, along one axis.

    As PyTorch's `cat`, but never along the batch.
    """

    axis: str = choice(
        "last",
        choices=axes.CHOICES,
        label="Axis",
        doc="Along which axis they are joined; the others must have the same sizes.",
    )

    info: ClassVar[Info] = Info(
        id="concatenate",
        title="Concatenate",
        category=Category.COMBINE,
        summary="Puts the features of two inputs one after the other.",
        also="concat, join, merge, stack",
        latex=r"Y = [\,A \mid B\,]",
        plain="Y = [A | B]",
        shape="(N, p) and (N, q) → (N, p + q)",
    )
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        first, second = (v.shape for v in inputs)
        axis = axes.index("concatenate", self.axis, first)
        if len(first) != len(second) or any(
            p != q for i, (p, q) in enumerate(zip(first, second, strict=True)) if i != axis
        ):
            raise ShapeError.differ("concatenate", first, second, axis=axis)
        return b.apply(part.Concatenate(axis), *inputs)
