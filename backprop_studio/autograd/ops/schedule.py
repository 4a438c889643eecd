"""Learning rates: one scalar a step, which the updates take as an input.

The rate of a step is a function of the epoch and the iteration, as those of PyTorch's
`torch.optim.lr_scheduler` are of how often `step()` was called. So a rate is reached again by
replay, and only `WatchLoss` has anything to remember.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd.op import Call, Formula, Op, RunContext
from backprop_studio.autograd.ops.update import Update
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

MEMORY = ("sum", "batches", "best", "bad", "cuts", "epochs")
"""What `WatchLoss` keeps, in order: sum and number of this epoch's losses, the best mean of an
epoch so far, epochs in a row that were no better, how often the rate was cut, epochs seen."""


@dataclass(frozen=True)
class ConstantRate(Op):
    """The same learning rate in every step. It is written once, and costs nothing a step."""

    rate: float
    name: ClassVar[str] = "rate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(()),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        outputs[0][...] = self.rate
        return []

    def formula(self) -> Formula:
        return Formula(
            rf"η = {self.rate:g}",
            f"η = {self.rate:g}",
            (),
            ("η",),
            "The length of the steps, the same in each of them.",
        )


@dataclass(frozen=True)
class StepRate(Op):
    """A rate that is multiplied by `gamma` after every `every` epochs: PyTorch's `StepLR`."""

    rate: float
    every: int
    gamma: float
    name: ClassVar[str] = "step_rate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(()),)

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (out,) = outputs

        def set_rate() -> None:
            out[...] = self.rate * self.gamma ** (context.epoch // self.every)

        return [(set_rate, ())]

    def formula(self) -> Formula:
        return Formula(
            rf"η = {self.rate:g} \cdot {self.gamma:g}^{{\lfloor e / {self.every} \rfloor}}",
            f"η = {self.rate:g} · {self.gamma:g}^⌊e / {self.every}⌋, e epochs are done",
            (),
            ("η",),
            "Long steps at first, shorter ones stage by stage; e counts the finished epochs.",
        )


@dataclass(frozen=True)
class CosineRate(Op):
    """A rate that falls along half a cosine within `epochs`, to `minimum`.

    Loshchilov and Hutter 2017, *SGDR*, equation 5, without restarts: PyTorch's
    `CosineAnnealingLR`, whose rate however rises again after `T_max` epochs. This one stays at
    the minimum, since a run here has no last epoch.
    """

    rate: float
    epochs: int
    minimum: float
    name: ClassVar[str] = "cosine_rate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(()),)

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (out,) = outputs

        def set_rate() -> None:
            share = min(context.epoch / self.epochs, 1.0)
            above = 0.5 * (1.0 + math.cos(math.pi * share))
            out[...] = self.minimum + (self.rate - self.minimum) * above

        return [(set_rate, ())]

    def formula(self) -> Formula:
        span, share = f"({self.rate:g} - {self.minimum:g})", rf"\min(e / {self.epochs}, 1)"
        return Formula(
            rf"η = {self.minimum:g} + {span}\, \frac{{1 + \cos(\pi\, {share})}}{{2}}",
            f"η = {self.minimum:g} + ({self.rate:g} − {self.minimum:g})"
            f" · (1 + cos(π · min(e / {self.epochs}, 1))) / 2, e epochs are done",
            (),
            ("η",),
            "Shortens the steps slowly at first and at last; e counts the finished epochs.",
        )


@dataclass(frozen=True)
class WarmUp(Op):
    """A rate that grows linearly to its full length within the first `iterations` steps.

    PyTorch's `LinearLR` with `start_factor=1/iterations`, `end_factor=1` and
    `total_iters=iterations - 1`, stepped every iteration: the first step already moves.
    """

    iterations: int
    name: ClassVar[str] = "warm_up"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (rate,) = inputs
        if rate.shape != ():
            raise ShapeError.of(self.name, (), rate.shape)
        return inputs

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (rate,), (out,) = inputs, outputs

        def warm() -> None:
            out[...] = float(rate) * min((context.iteration + 1) / self.iterations, 1.0)

        return [(warm, ())]

    def formula(self) -> Formula:
        return Formula(
            rf"η_2 = η_1 \cdot \min(t / {self.iterations}, 1)",
            f"η₂ = η₁ · min(t / {self.iterations}, 1), this is step t",
            ("η_1",),
            ("η_2",),
            "Short steps at first, while gradients and their means say little; t counts the steps.",
        )


@dataclass(frozen=True)
class PlateauRate(Op):
    """A rate times `factor` for each time that `WatchLoss` cut it. Input: its memory."""

    rate: float
    factor: float
    minimum: float
    name: ClassVar[str] = "plateau_rate"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[0].shape != (len(MEMORY),):
            raise ShapeError.of(self.name, (len(MEMORY),), inputs[0].shape)
        return (TensorType(()),)

    def after(self, cuts: float) -> float:
        """The rate after so many cuts."""
        return max(self.rate * self.factor**cuts, self.minimum) if cuts else self.rate

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (memory,), (out,) = inputs, outputs

        def set_rate() -> None:
            out[...] = self.after(float(memory[4]))

        return [(set_rate, ())]

    def formula(self) -> Formula:
        return Formula(
            rf"η = \max({self.rate:g} \cdot {self.factor:g}^{{P_5}},\, {self.minimum:g})",
            f"η = max({self.rate:g} · {self.factor:g}^P[5], {self.minimum:g})",
            ("P",),
            ("η",),
            "The rate was cut each time that the loss of whole epochs had stopped falling.",
        )


RATES = (ConstantRate, StepRate, CosineRate, WarmUp, PlateauRate)
"""Ops whose result is a learning rate. The last one of a program is what its updates take."""


@dataclass(frozen=True)
class WatchLoss(Update):
    """Remembers the losses of an epoch, and at its end whether they still fall.

    Inputs: memory (see `MEMORY`) and loss. It is PyTorch's `ReduceLROnPlateau` with
    `mode='min'`, `threshold_mode='rel'`, `cooldown=0` and `eps=1e-8`, with these differences:

    - What is watched is the mean training loss of the epoch's batches, penalties included, each
      batch counting the same. There, it is whatever is handed to `step()`.
    - What is kept is how often the rate was cut, not the rate, so that another first rate can be
      chosen while training goes on.
    - Where a run starts in the middle of an epoch, the mean is that of the batches seen.
    """

    rate: PlateauRate
    patience: int
    threshold: float
    name: ClassVar[str] = "watch_loss"
    elementwise: ClassVar[bool] = False

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        memory, loss = inputs
        if memory.shape != (len(MEMORY),) or loss.shape != ():
            raise ShapeError.of(self.name, (len(MEMORY),), memory.shape)
        return (memory,)

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        memory, loss = inputs

        def watch() -> None:
            memory[0] += loss
            memory[1] += 1
            if (context.iteration + 1) % context.batches_per_epoch == 0:
                memory[:] = self._judge(*memory.tolist())

        return [(watch, ())]

    def _judge(
        self, total: float, batches: float, best: float, bad: float, cuts: float, epochs: float
    ) -> tuple[float, ...]:
        """The memory after the end of an epoch."""
        mean = total / batches
        if not epochs or mean < best * (1.0 - self.threshold):
            best, bad = mean, 0.0
        else:
            bad += 1.0
        if bad > self.patience:
            bad = 0.0
            if self.rate.after(cuts) - self.rate.after(cuts + 1.0) > 1e-8:
                cuts += 1.0
        return 0.0, 0.0, best, bad, cuts, epochs + 1.0

    def formula(self) -> Formula:
        return Formula(
            r"P_1 \leftarrow P_1 + L,\quad P_2 \leftarrow P_2 + 1,\quad P_1 / P_2"
            rf" < {1.0 - self.threshold:g}\, P_3\;?",
            f"P[1] ← P[1] + L, P[2] ← P[2] + 1; at the end of an epoch: "
            f"is P[1] / P[2] < {1.0 - self.threshold:g} · P[3]?",
            ("P", "L"),
            ("P",),
            "Adds up the loss; at the end of an epoch, notes whether the mean is a new best, and "
            f"cuts the rate after more than {self.patience} epochs that were none.",
        )
