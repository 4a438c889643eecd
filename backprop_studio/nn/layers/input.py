"""Where the data enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, integer


@dataclass(frozen=True)
class Input(LayerSpec):
    """The features of the current batch, as the data set gives them or as pictures."""

    shape: str = choice(
        "flat",
        choices={"flat": "Rows of numbers", "image": "Pictures"},
        label="Shape",
        doc="Rows for Dense layers, or pictures (channels, height, width) for convolutions.",
    )
    first: int = integer(
        1, low=1, high=1_000_000, label="First column", doc="Where the columns begin that it takes."
    )
    columns: int = integer(
        0,
        low=0,
        high=1_000_000,
        label="Columns",
        doc="How many columns it takes; 0 takes all from the first one on. Pictures are whole.",
    )

    info: ClassVar[Info] = Info(
        id="input",
        title="Input",
        category=Category.DATA,
        summary="Brings the rows of the data set into the network.",
        also="data, features, placeholder",
        latex=r"X = \mathrm{batch}",
        plain="X = batch",
        shape="→ (N, features of the data set) or (N, 1, height, width)",
    )
    ports: ClassVar[tuple[str, ...]] = ()

    @property
    def takes_all(self) -> bool:
        """Whether it takes whole rows."""
        return self.shape != "flat" or (self.first == 1 and self.columns == 0)

    @property
    def caption(self) -> str:
        """Which columns it takes, unless it takes all."""
        if self.takes_all:
            return ""
        last = self.first + self.columns - 1
        return f"columns {self.first}–{last}" if self.columns else f"columns {self.first}–"

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return x
