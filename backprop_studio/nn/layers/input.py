"""Where the data enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.nn.fields import choice
from backprop_studio.nn.spec import Category, Info, LayerSpec


@dataclass(frozen=True)
class Input(LayerSpec):
    """The features of the current batch, as the data set gives them or as pictures."""

    shape: str = choice(
        "flat",
        choices={"flat": "Rows of numbers", "image": "Pictures"},
        label="Shape",
        doc="Rows for Dense layers, or pictures (channels, height, width) for convolutions.",
    )

    info: ClassVar[Info] = Info(
        id="input",
        title="Input",
        category=Category.DATA,
        summary="Brings the rows of the data set into the network.",
        latex=r"X = \mathrm{batch}",
        plain="X = batch",
        shape="→ (N, features of the data set) or (N, 1, height, width)",
    )
    ports: ClassVar[tuple[str, ...]] = ()

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return x
