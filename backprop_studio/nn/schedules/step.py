"""Rate cut in stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.schedule import StepRate
from backprop_studio.nn.spec import ScheduleSpec
from backprop_studio.specs import Category, Info, integer, number


@dataclass(frozen=True)
class StepDecay(ScheduleSpec):
    """The learning rate times `gamma` after every few epochs: `torch.optim.lr_scheduler.StepLR`.

    PyTorch has no default for the number of epochs.
    """

    every: int = integer(
        10, low=1, high=1_000_000, label="Every", doc="Epochs from one cut to the next."
    )
    gamma: float = number(
        0.1, above=0.0, high=1.0, label="Gamma", doc="What the rate is multiplied by."
    )

    info: ClassVar[Info] = Info(
        id="step",
        title="Steps",
        category=Category.SCHEDULE,
        summary="Cuts the learning rate after every few epochs.",
        latex=r"\eta_e = \eta\, \gamma^{\lfloor e / k \rfloor}",
        plain="ηₑ = η · γ^⌊e / k⌋",
        shape="",
    )

    def lower(self, b: Builder, rate: float, loss: Value) -> Value:
        return b.apply(StepRate(rate, self.every, self.gamma))
