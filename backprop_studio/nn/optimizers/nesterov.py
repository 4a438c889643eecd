"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.momentum import GatherSpeed, LookAhead
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class Nesterov(OptimizerSpec):
    """Momentum that looks one step ahead.

    Sutskever et al. 2013, *On the importance of initialization and momentum in deep learning*,
    in the form of `torch.optim.SGD` with `nesterov=True`, which takes the gradient where the
    weights are. Momentum and rate start as in `momentum`, for the same reasons.
    """

    learning_rate: float = number(
        0.01, above=0.0, high=1e6, label="Learning rate", doc="Length of a step per unit velocity."
    )
    momentum: float = number(
        0.9,
        above=0.0,
        high=0.999999,
        label="Momentum",
        doc="Share of the velocity that is left after each step.",
    )

    info: ClassVar[Info] = Info(
        id="nesterov",
        title="SGD with Nesterov momentum",
        category=Category.OPTIMIZER,
        summary="Gathers speed, and looks one step ahead so as to brake in time.",
        latex=r"V \leftarrow \mu V + dW, \quad W \leftarrow W - \eta\,(dW + \mu V)",
        plain="V ← μ · V + dW, W ← W − η · (dW + μ · V)",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        for p, g in step.pairs():
            with b.scope(node=p.node):
                velocity = b.state("velocity", p.shape, of=p)
                b.apply(GatherSpeed(self.momentum), velocity, g)
                b.apply(LookAhead(self.momentum), p, g, velocity, rate)
