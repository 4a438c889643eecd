"""Puts the axes in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import arrange
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice


@dataclass(frozen=True)
class Permute(LayerSpec):
    """The same numbers with the axes after the batch in another order.

    As PyTorch's `permute`; the batch always stays in front.
    """

    order: str = choice(
        "ba",
        choices={
            "ba": "A×B → B×A",
            "acb": "A×B×C → A×C×B",
            "bac": "A×B×C → B×A×C",
            "bca": "A×B×C → B×C×A",
            "cab": "A×B×C → C×A×B",
            "cba": "A×B×C → C×B×A",
        },
        label="Order",
        doc="The axes after the batch, before and after.",
    )

    info: ClassVar[Info] = Info(
        id="permute",
        title="Permute",
        category=Category.SHAPE,
        summary="Puts the axes of each row in another order.",
        also="transpose, swap axes",
        latex=r"Y_{ij} = X_{ji}",
        plain="Y[i, j] = X[j, i]",
        shape="(N, a, b) → (N, b, a)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if len(x.shape) != len(self.order) + 1:
            expected = "×".join(("N", *sorted(self.order.upper())))
            raise ShapeError.of("permute", expected, x.shape)
        return b.apply(arrange.Permute((0, *("_abc".index(axis) for axis in self.order))), x)

    @property
    def caption(self) -> str:
        return "×".join(self.order.upper())
