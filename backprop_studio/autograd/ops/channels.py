"""A gain and a shift for each channel: what batch normalisation ends with.

Ioffe and Szegedy 2015, algorithm 1 and, for the gradients, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.ops.convolution import ChannelSum
from backprop_studio.autograd.ops.normalize import Layout
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def by_channel(x: Array) -> Layout:
    """How (N, channels, …) falls apart into channels."""
    return Layout(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def check_channels(name: str, x: Shape, *others: Shape) -> None:
    """Refuse an `x` without channels, and others that are not one number a channel.

    Raises
    ------
    ShapeError
        `x` is not (N, channels, …), or another shape is not (channels,).
    """
    if len(x) < 2:
        raise ShapeError.of(name, "N×channels×…", x)
    for other in others:
        if other != (x[1],):
            raise ShapeError.of(name, (x[1],), other)


@dataclass(frozen=True)
class ScaleChannelsToInput(Op):
    """`dY · w`: the gradient by what was scaled, channel by channel."""

    name: ClassVar[str] = "scale_channels_to_input"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, weight = inputs
        check_channels(self.name, g.shape, weight.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g, weight), (out,) = inputs, outputs
        layout = by_channel(g)
        return [(np.multiply, (layout.view(g), layout.spread(weight), layout.view(out)))]

    def formula(self) -> Formula:
        return Formula(
            r"dX_{n,c,p} = dY_{n,c,p}\, w_c",
            "dX[n, c, p] = dY[n, c, p] × w[c]",
            ("dY", "w"),
            ("dX",),
            "The error signal of a channel grows as its numbers grew.",
        )


@dataclass(frozen=True)
class ScaleChannelsToWeight(Op):
    """`Σ dY · X` over each channel: the gradient by the gains."""

    name: ClassVar[str] = "scale_channels_to_weight"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, x = inputs
        check_channels(self.name, g.shape)
        if g.shape != x.shape:
            raise ShapeError.of(self.name, g.shape, x.shape)
        return (TensorType((g.shape[1],)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g, x), (out,) = inputs, outputs
        part = np.empty_like(g)
        return [(np.multiply, (g, x, part)), *by_channel(g).sum(part, out)]

    def formula(self) -> Formula:
        return Formula(
            r"dw_c = \sum_{n,p} dY_{n,c,p}\, X_{n,c,p}",
            "dw[c] = Σ_{n,p} dY[n, c, p] × X[n, c, p]",
            ("dY", "X"),
            ("dw",),
            "A gain touched every number of its channel, so it collects what each asks for.",
        )


@dataclass(frozen=True)
class ScaleChannels(Op):
    """`X · w + b` with one `w` and one `b` for each channel of (N, channels, …)."""

    name: ClassVar[str] = "scale_channels"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, weight, bias = inputs
        check_channels(self.name, x.shape, weight.shape, bias.shape)
        return (x,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, weight, bias), (out,) = inputs, outputs
        layout = by_channel(x)
        x, out = layout.view(x), layout.view(out)
        return [
            (np.multiply, (x, layout.spread(weight), out)),
            (np.add, (out, layout.spread(bias), out)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,), (x, weight, _) = upstream, inputs
        assert g is not None
        return [
            b.apply(ScaleChannelsToInput(), g, weight) if needs[0] else None,
            b.apply(ScaleChannelsToWeight(), g, x) if needs[1] else None,
            b.apply(ChannelSum(), g) if needs[2] else None,
        ]

    def formula(self) -> Formula:
        return Formula(
            r"Y_{n,c,p} = X_{n,c,p}\, w_c + b_c",
            "Y[n, c, p] = X[n, c, p] × w[c] + b[c]",
            ("X", "w", "b"),
            ("Y",),
            "Gives each channel the spread and the mean that suit the layers after it.",
        )
