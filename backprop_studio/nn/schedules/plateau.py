"""Rate cut when the loss stops falling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.schedule import MEMORY, PlateauRate, WatchLoss
from backprop_studio.nn.spec import ScheduleSpec
from backprop_studio.specs import Category, Info, integer, number


@dataclass(frozen=True)
class Plateau(ScheduleSpec):
    """The learning rate is cut when the training loss of whole epochs has stopped falling.

    `torch.optim.lr_scheduler.ReduceLROnPlateau` with its defaults, on the mean training loss of
    each epoch; `autograd.ops.schedule.WatchLoss` lists the differences.
    """

    factor: float = number(
        0.1, above=0.0, high=0.999999, label="Factor", doc="What the rate is multiplied by."
    )
    patience: int = integer(
        10,
        low=0,
        high=1_000_000,
        label="Patience",
        doc="Epochs without a new best loss that are put up with before a cut.",
    )
    threshold: float = number(
        1e-4,
        low=0.0,
        high=1.0,
        label="Threshold",
        doc="Share of the best loss that a new best must be lower by.",
    )
    minimum: float = number(
        0.0, low=0.0, high=1e6, label="Minimum", doc="The rate is never cut below this."
    )

    info: ClassVar[Info] = Info(
        id="plateau",
        title="On a plateau",
        category=Category.SCHEDULE,
        summary="Cuts the learning rate when the training loss stops falling.",
        latex=r"\eta \leftarrow \max(f\, \eta,\, \eta_0)",
        plain="η ← max(f · η, η₀)",
        shape="",
    )

    def lower(self, b: Builder, rate: float, loss: Value) -> Value:
        cut = PlateauRate(rate, self.factor, self.minimum)
        memory = b.state("plateau", (len(MEMORY),))
        now = b.apply(cut, memory)
        # After the rate is taken: what the last batch of an epoch tells is for the next epoch.
        b.apply(WatchLoss(cut, self.patience, self.threshold), memory, loss)
        return now
