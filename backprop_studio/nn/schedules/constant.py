"""No schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.schedule import ConstantRate
from backprop_studio.nn.spec import ScheduleSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class Constant(ScheduleSpec):
    """The learning rate as it is."""

    info: ClassVar[Info] = Info(
        id="constant",
        title="Constant",
        category=Category.SCHEDULE,
        summary="Keeps the learning rate as it is.",
        latex=r"\eta_e = \eta",
        plain="ηₑ = η",
        shape="",
        rank=0,
    )

    def lower(self, b: Builder, rate: float, loss: Value) -> Value:
        return b.apply(ConstantRate(rate))
