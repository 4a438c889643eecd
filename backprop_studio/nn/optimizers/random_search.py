"""Random search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder
from backprop_studio.autograd.ops.search import KeepBetter, NormalDirection, Propose
from backprop_studio.nn.spec import OptimizerSpec
from backprop_studio.specs import Category, Info, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class RandomSearch(OptimizerSpec):
    """Guesses other weights, and keeps them if they do better on the batch.

    Matyas 1965, *Random optimization*. There is no backward phase. What is better on one batch
    may be worse on all: the larger the batches, the surer each step. PyTorch has nothing like it.
    """

    sigma: float = number(
        0.02, above=0.0, high=1e6, label="Sigma", doc="How far a guess goes, for each weight."
    )

    info: ClassVar[Info] = Info(
        id="random_search",
        title="Random search",
        category=Category.OPTIMIZER,
        summary="Guesses, and keeps what does better. It needs no gradient.",
        latex=r"W \leftarrow W + \sigma U \mathrm{\ if\ } L(W + \sigma U) < L(W)",
        plain="W ← W + σ · U if L(W + σ · U) < L(W)",
        shape="",
    )
    rate_field: ClassVar[str] = "sigma"

    def lower(self, b: Builder, step: Step) -> None:
        sigma = step.rate
        guesses = {}
        for p, u in step.directions(NormalDirection):
            with b.scope(node=p.node):
                guesses[p.id] = b.apply(Propose(), p, u, sigma, of=p)
        loss = step.forward(guesses)
        for p in step.parameters:
            with b.scope(node=p.node):
                b.apply(KeepBetter(), p, guesses[p.id], step.loss, loss)
