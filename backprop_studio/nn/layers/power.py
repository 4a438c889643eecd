"""A fixed power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import elementary
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Power(LayerSpec):
    """Raises each number to the same power, as `torch.pow` with a number for its exponent.

    Below zero, a power that is no whole number is NaN; the power 0 is 1, and its slope 0,
    everywhere.
    """

    exponent: float = number(
        3.0, low=-100.0, high=100.0, label="Exponent", doc="The power that numbers are raised to."
    )

    info: ClassVar[Info] = Info(
        id="power",
        title="Power",
        category=Category.OPERATION,
        summary="Raises each number to a fixed power.",
        also="exponent, pow",
        latex=r"Y = X^{p}",
        plain="Y = X^p",
        shape="any shape → the same shape",
    )

    def formula(self) -> tuple[str, str]:
        made = elementary.Power(self.exponent).formula()
        return made.latex, made.plain

    def lower(self, b: Builder, *inputs: Value) -> Value:
        return b.apply(elementary.Power(self.exponent), *inputs)
