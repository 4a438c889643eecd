"""A fixed number, or a few of them, for networks made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value, format_shape
from backprop_studio.autograd.ops import data
from backprop_studio.nn.operation import LARGEST, columns, made_shape, rows
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class ConstantValue(LayerSpec):
    """The same number at every place, never changed. It has no batch axis."""

    value: float = number(
        1.0, low=-LARGEST, high=LARGEST, label="Value", doc="The number, at every place."
    )
    rows: int = rows()
    columns: int = columns()

    info: ClassVar[Info] = Info(
        id="constant_value",
        title="Constant value",
        category=Category.OPERATION,
        summary="A fixed number, or a few that are all the same; training does not change it.",
        also="fixed, number, literal",
        latex=r"Y = c",
        plain="Y = c",
        shape="→ (columns) or (rows, columns)",
        rank=0,
    )
    ports: ClassVar[tuple[str, ...]] = ()

    @property
    def caption(self) -> str:
        shape = made_shape(self.rows, self.columns)
        return "" if shape == (1,) else format_shape(shape)

    def formula(self) -> tuple[str, str]:
        value = f"{self.value:g}"
        return f"Y = {value}", f"Y = {value}"

    def lower(self, b: Builder, *inputs: Value) -> Value:
        return b.apply(data.Constant(self.value, made_shape(self.rows, self.columns)))
