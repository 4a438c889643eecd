"""Statistics that outlive a batch: how they follow the batches, and normalising by them.

Ioffe and Szegedy 2015, algorithm 2, with the moving averages of `torch.nn.BatchNorm1d`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.channels import by_channel, check_channels
from backprop_studio.autograd.ops.update import Update
from backprop_studio.autograd.symbol import Array, TensorType

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def _follow(running: Array, found: Array, share: float, momentum: float) -> list[Call]:
    """Calls for `running ← (1 - momentum) · running + share · found`."""
    part = np.empty_like(running)
    return [
        (np.multiply, (found, constant(share, found), part)),
        (np.multiply, (running, constant(1.0 - momentum, running), running)),
        (np.add, (running, part, running)),
    ]


@dataclass(frozen=True)
class TrackMean(Update):
    """Moves a running mean towards that of the batch, by the share `momentum`."""

    momentum: float
    name: ClassVar[str] = "track_mean"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        running, mean = inputs
        return _follow(running, mean, self.momentum, self.momentum)

    def formula(self) -> Formula:
        old, new = f"{1 - self.momentum:g}", f"{self.momentum:g}"
        return Formula(
            rf"r \leftarrow {old}\, r + {new}\, m",
            f"r ← {old} · r + {new} · m",
            ("r", "m"),
            ("r",),
            "Remembers the mean of the last batches, for when the network is used.",
        )


@dataclass(frozen=True)
class TrackVariance(Op):
    """Moves a running variance towards the unbiased one of the batch, by the share `momentum`.

    Inputs: the running variance, the biased variance of each channel, and what it is the variance
    of, (N, channels, …), which says how many entries each channel has. One entry has no unbiased
    variance (PyTorch refuses such a batch): the running variance then stays as it is.
    """

    momentum: float
    name: ClassVar[str] = "track_variance"
    updates: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        running, variance, x = inputs
        check_channels(self.name, x.shape, running.shape, variance.shape)
        return (running,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        running, variance, x = inputs
        layout = by_channel(x)
        n = layout.before * layout.after
        if n < 2:
            return []
        return _follow(running, variance, self.momentum * n / (n - 1), self.momentum)

    def formula(self) -> Formula:
        old, new = f"{1 - self.momentum:g}", f"{self.momentum:g}"
        return Formula(
            rf"r \leftarrow {old}\, r + {new}\, \frac{{n}}{{n - 1}}\, v, \quad "
            r"n = \text{entries of a channel of } X",
            f"r ← {old} · r + {new} · n / (n − 1) · v, n = entries of a channel of X",
            ("r", "v", "X"),
            ("r",),
            "Remembers the variance of the last batches; a sample's own is a little too small.",
        )


@dataclass(frozen=True)
class NormalizeByBackward(Op):
    """`dY / √(v + ε)`: mean and variance are fixed numbers here, so nothing is taken off."""

    epsilon: float
    name: ClassVar[str] = "normalize_by_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, variance = inputs
        check_channels(self.name, g.shape, variance.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g, variance), (out,) = inputs, outputs
        layout, root = by_channel(g), np.empty_like(variance)
        return [
            (np.add, (variance, constant(self.epsilon, root), root)),
            (np.sqrt, (root, root)),
            (np.divide, (layout.view(g), layout.spread(root), layout.view(out))),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"dX = \frac{{dY}}{{\sqrt{{v + {self.epsilon:g}}}}}",
            f"dX = dY / √(v + {self.epsilon:g})",
            ("dY", "v"),
            ("dX",),
            "The error signal is stretched as the numbers were.",
        )


@dataclass(frozen=True)
class NormalizeBy(Op):
    """`(X - m) / √(v + ε)` with a given mean and variance for each channel of (N, channels, …)."""

    epsilon: float
    name: ClassVar[str] = "normalize_by"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, mean, variance = inputs
        check_channels(self.name, x.shape, mean.shape, variance.shape)
        return (x,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, mean, variance), (out,) = inputs, outputs
        layout, root = by_channel(x), np.empty_like(variance)
        x, out = layout.view(x), layout.view(out)
        return [
            (np.add, (variance, constant(self.epsilon, root), root)),
            (np.sqrt, (root, root)),
            (np.subtract, (x, layout.spread(mean), out)),
            (np.divide, (out, layout.spread(root), out)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,) = upstream
        assert g is not None
        if any(needs[1:]):
            raise NotImplementedError("kept statistics have no gradient")
        return [b.apply(NormalizeByBackward(self.epsilon), g, inputs[2]), None, None]

    def formula(self) -> Formula:
        return Formula(
            rf"Y = \frac{{X - m}}{{\sqrt{{v + {self.epsilon:g}}}}}",
            f"Y = (X − m) / √(v + {self.epsilon:g})",
            ("X", "m", "v"),
            ("Y",),
            "Moves and stretches by what was learned of many batches, so rows stand alone.",
        )
