"""Simultaneous perturbation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.search import FollowSlope, Probe, SignDirection, Slope
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class Perturbation(OptimizerSpec):
    """Steps along a random direction, down the slope that two losses show.

    Spall 1992, *Multivariate Stochastic Approximation Using a Simultaneous Perturbation Gradient
    Approximation* (SPSA): the two-sided estimator with directions of ±1, equation 2.2. Rate and
    perturbation stay as they are; his shrink with the iterations, which a schedule can do for
    the rate. There is no backward phase. PyTorch has nothing like it.
    """

    learning_rate: float = number(
        0.01, above=0.0, high=1e6, label="Learning rate", doc="Length of a step per unit slope."
    )
    perturbation: float = number(
        0.01,
        above=0.0,
        high=1e6,
        label="Perturbation",
        doc="How far to either side the loss is looked at, for each weight.",
    )

    info: ClassVar[Info] = Info(
        id="perturbation",
        title="Perturbation (SPSA)",
        category=Category.OPTIMIZER,
        summary="Tries a random direction both ways, and goes down. It needs no gradient.",
        latex=r"W \leftarrow W - \eta\, \frac{L(W + cU) - L(W - cU)}{2c}\, U",
        plain="W ← W − η · (L(W + c · U) − L(W − c · U)) / (2 · c) · U",
        shape="",
    )

    def lower(self, b: Builder, step: Step) -> None:
        rate = step.rate
        directions = step.directions(SignDirection)
        losses = []
        for amount in (self.perturbation, -self.perturbation):
            moved = {}
            for p, u in directions:
                with b.scope(node=p.node):
                    moved[p.id] = b.apply(Probe(amount), p, u, of=p)
            losses.append(step.forward(moved))
        with b.scope(node=""):
            slope = b.apply(Slope(self.perturbation), *losses)
        for p, u in directions:
            with b.scope(node=p.node):
                b.apply(FollowSlope(), p, u, slope, rate)
