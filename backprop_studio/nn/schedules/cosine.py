"""Rate along a cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.schedule import CosineRate
from backprop_studio.nn.spec import ScheduleSpec
from backprop_studio.specs import Category, Info, integer, number


@dataclass(frozen=True)
class Cosine(ScheduleSpec):
    """The learning rate falls along half a cosine, then stays at the minimum.

    Loshchilov and Hutter 2017, *SGDR*. `torch.optim.lr_scheduler.CosineAnnealingLR` is the same
    up to its `T_max` epochs and rises again afterwards.
    """

    epochs: int = integer(
        50, low=1, high=1_000_000, label="Epochs", doc="How long the rate takes to its minimum."
    )
    minimum: float = number(
        0.0, low=0.0, high=1e6, label="Minimum", doc="The rate that is reached, and kept."
    )

    info: ClassVar[Info] = Info(
        id="cosine",
        title="Cosine",
        category=Category.SCHEDULE,
        summary="Lowers the learning rate along half a cosine.",
        latex=r"\eta_e = \eta_0 + \frac{\eta - \eta_0}{2}\left(1 + \cos\frac{\pi e}{k}\right)",
        plain="ηₑ = η₀ + (η − η₀) · (1 + cos(π · e / k)) / 2",
        shape="",
    )

    def lower(self, b: Builder, rate: float, loss: Value) -> Value:
        return b.apply(CosineRate(rate, self.epochs, self.minimum))
