"""A learned number, or a few of them, for networks made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value, format_shape
from backprop_studio.nn import initializers
from backprop_studio.nn.operation import LARGEST, columns, made_shape, rows
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, number


@dataclass(frozen=True)
class Parameter(LayerSpec):
    """Numbers that are learned: a weight or a bias on its own. They have no batch axis.

    Its shape is (columns) or (rows, columns). The ways to draw first values that look at a
    layer's size take rows for its inputs and columns for its outputs; a list is one row.
    """

    value: float = number(
        1.0,
        low=-LARGEST,
        high=LARGEST,
        label="Start value",
        doc="What all of them start at, if they start alike. Otherwise the standard deviation of "
        "normal and the limit of uniform first values; the other ways do not use it.",
    )
    rows: int = rows()
    columns: int = columns()
    init: str = choice(
        "constant",
        choices=initializers.CHOICES,
        label="First values",
        doc="How they are drawn at the start.",
    )

    info: ClassVar[Info] = Info(
        id="parameter",
        title="Parameter",
        category=Category.OPERATION,
        summary="A number, or a few of them, that training changes: a weight on its own.",
        also="weight, variable, learnable number",
        latex=r"Y = W",
        plain="Y = W",
        shape="→ (columns) or (rows, columns)",
        rank=0,
    )
    ports: ClassVar[tuple[str, ...]] = ()

    @property
    def caption(self) -> str:
        start = f"{self.value:g}" if self.init == "constant" else self.init.replace("_", " ")
        shape = made_shape(self.rows, self.columns)
        return f"from {start}" + ("" if shape == (1,) else f", {format_shape(shape)}")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        scale = self.value if self.init == "constant" else abs(self.value)
        init = initializers.scheme(self.init, max(self.rows, 1), self.columns, scale)
        return b.parameter("value", made_shape(self.rows, self.columns), init)
