"""What an optimizer finds when it writes its updates: parameters, gradients, losses, the rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from backprop_studio.autograd import Builder, Op, Phase, Program, Value, differentiate
from backprop_studio.autograd.ops.clipping import ClipFactor, ClipValue, ScaleGradient, TotalNorm
from backprop_studio.autograd.ops.schedule import WarmUp
from backprop_studio.nn.schedules.constant import Constant
from backprop_studio.nn.spec import OptimizerSpec, ScheduleSpec


class Step:
    """A training step up to its loss, and what can be added to it.

    What an optimizer asks for is emitted when it asks for it first; what it does not ask for is
    not there. So an optimizer without gradients has no backward phase. Ask for the rate before
    the loop over the parameters: updates are run together only where nothing stands between.

    Parameters
    ----------
    b
        Holds the forward pass and the loss; what is asked for is emitted there.
    loss
        What is to become smaller, penalties included.
    parameters
        The values to train.
    rate
        The learning rate that the schedule starts from.
    schedule
        How it goes on.
    warmup
        Iterations in which it grows to its full length; 0 is none.
    clip
        How gradients are limited: `none`, `value` or `norm`.
    clip_at
        To what.
    """

    def __init__(
        self,
        b: Builder,
        loss: Value,
        parameters: Sequence[Value],
        *,
        rate: float,
        schedule: ScheduleSpec,
        warmup: int = 0,
        clip: str = "none",
        clip_at: float = 1.0,
    ) -> None:
        self.loss = loss
        self.parameters = tuple(parameters)
        self._b = b
        self._base, self._schedule, self._warmup = rate, schedule, warmup
        self._clip, self._clip_at = clip, clip_at

    @cached_property
    def rate(self) -> Value:
        """The learning rate of this step, a scalar."""
        b = self._b
        with b.scope(node="", phase=Phase.UPDATE, keeper=self._schedule.info.id):
            rate = self._schedule.lower(b, self._base, self.loss)
            return b.apply(WarmUp(self._warmup), rate) if self._warmup else rate

    def gradients(self) -> Mapping[int, Value]:
        """Id of each parameter to its gradient; those that the loss does not depend on have none.

        These are the gradients as they are, before any clipping.
        """
        return {p.id: self._derived[p.id] for p in self.parameters if p.id in self._derived}

    def pairs(self) -> Sequence[tuple[Value, Value]]:
        """Each parameter that has a gradient, with the one to follow: clipped if that is asked."""
        return self._pairs

    def directions(self, op: Callable[[str, str], Op]) -> Sequence[tuple[Value, Value]]:
        """Each parameter with random numbers in its shape, by an op made of node and name."""
        found = []
        for p in self.parameters:
            with self._b.scope(node=p.node):
                found.append((p, self._b.apply(op(p.node, p.name), p, of=p)))
        return found

    def forward(self, replacements: Mapping[int, Value]) -> Value:
        """The loss of the same batch with other values in place of some parameters.

        Parameters
        ----------
        replacements
            Id of a parameter to the value that takes its place.
        """
        return self._b.repeat(self.loss, replacements)

    @cached_property
    def _derived(self) -> Mapping[int, Value]:
        return differentiate(self._b, self.loss, self.parameters)

    @cached_property
    def _pairs(self) -> Sequence[tuple[Value, Value]]:
        b, gradients = self._b, self.gradients()
        pairs = [(p, gradients[p.id]) for p in self.parameters if p.id in gradients]
        if self._clip == "none" or not pairs:
            return pairs
        factor: tuple[Value, ...] = ()
        op: Op = ClipValue(self._clip_at)
        with b.scope(node="", phase=Phase.UPDATE):
            if self._clip == "norm":
                norm = b.apply(TotalNorm(len(pairs)), *(g for _, g in pairs))
                factor, op = (b.apply(ClipFactor(self._clip_at), norm),), ScaleGradient()
            clipped = []
            for p, g in pairs:
                with b.scope(node=p.node):
                    clipped.append((p, b.apply(op, g, *factor, of=p)))
        return clipped


def add_updates(
    b: Builder,
    loss: Value,
    parameters: Sequence[Value],
    optimizer: OptimizerSpec,
    *,
    schedule: ScheduleSpec | None = None,
    warmup: int = 0,
    clip: str = "none",
    clip_at: float = 1.0,
) -> None:
    """Emit what an optimizer needs and does, after the loss; nothing if there is no parameter.

    Parameters
    ----------
    b
        Holds the forward pass and the loss.
    optimizer
        What to do.
    loss, parameters, schedule, warmup, clip, clip_at
        See `Step`; without a schedule the rate is constant.
    """
    if not parameters:
        return
    step = Step(
        b,
        loss,
        parameters,
        rate=optimizer.rate,
        schedule=schedule or Constant(),
        warmup=warmup,
        clip=clip,
        clip_at=clip_at,
    )
    with b.scope(phase=Phase.UPDATE, keeper=optimizer.info.id):
        optimizer.lower(b, step)


def training_step(
    b: Builder, loss: Value, optimizer: OptimizerSpec, *, schedule: ScheduleSpec | None = None
) -> Program:
    """The program that lowers `loss`: gradients of all trainable parameters, and their updates.

    Parameters
    ----------
    b
        Holds the forward pass and the loss.
    loss
        Scalar to make small.
    optimizer
        What to do.
    schedule
        How the learning rate goes on; without one it is constant.

    Raises
    ------
    ValueError
        `loss` is not a scalar.

    Examples
    --------
    >>> from backprop_studio import nn
    >>> from backprop_studio.autograd import BATCH, Builder
    >>> b = Builder()
    >>> x, t = b.input("x", (BATCH, 3)), b.input("t", (BATCH, 1))
    >>> y = nn.layers()["dense"](units=1, bias=False).add(b, x)
    >>> loss = nn.losses()["mse"]().add(b, y, t)
    >>> program = nn.training_step(b, loss, nn.optimizers()["sgd"]())
    >>> for instr in program.instructions:
    ...     print(instr.phase.name, instr.op.name)
    DATA load
    DATA load
    FORWARD matmul
    LOSS mse
    BACKWARD fill
    BACKWARD mse_backward
    BACKWARD matmul
    UPDATE rate
    UPDATE descend
    """
    trainable = [p for p in b.parameters if p.trainable]
    add_updates(b, loss, trainable, optimizer, schedule=schedule)
    return b.build(loss)
