"""Examples of the ops of convolution, pooling and upsampling; see `contract/test_ops.py`."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.convolution import (
    ChannelSum,
    Conv1d,
    Conv1dInputGradient,
    Conv1dWeightGradient,
    Conv2d,
    Conv2dInputGradient,
    Conv2dWeightGradient,
)
from backprop_studio.autograd.ops.pooling import (
    AvgPool,
    AvgPoolBackward,
    GlobalAvgPool,
    GlobalAvgPoolBackward,
    MaxPool,
    MaxPoolBackward,
)
from backprop_studio.autograd.ops.upsampling import Upsample, UpsampleBackward
from backprop_studio.autograd.windows import Window
from tests import naive_windows as naive
from tests.examples import Example, N, some


def convolutions(axes: int) -> dict[str, list[Example]]:
    """The three ops of a convolution: plain, strided with gaps, grouped, without bias."""
    ops = (
        (Conv1d, Conv1dInputGradient, Conv1dWeightGradient)
        if axes == 1
        else (Conv2d, Conv2dInputGradient, Conv2dWeightGradient)
    )
    found: dict[str, list[Example]] = {op.name: [] for op in ops}
    size = (5, 6)[:axes]
    for window, groups, bias in (
        (Window.of(axes, 3, padding=1), 1, True),
        (Window.of(axes, 2, stride=2, padding=2, dilation=2), 1, False),
        (Window((2, 3)[:axes], (1, 2)[:axes], (0, 1)[:axes], (2, 1)[:axes]), 2, True),
    ):
        x, w = some(N, 4, *size), some(6, 4 // groups, *window.kernel)
        g = some(N, 6, *window.places(size), seed=1)

        def forward(
            x: Array, w: Array, *b: Array, at: Window = window, cut: int = groups
        ) -> tuple[Array, ...]:
            return (naive.convolve(at, cut, x, w, *b),)

        def to_input(
            w: Array, g: Array, at: Window = window, cut: int = groups
        ) -> tuple[Array, ...]:
            return naive.convolve_back(at, cut, np.zeros((len(g), 4, *size)), w, g)[:1]

        def to_weight(
            x: Array, g: Array, at: Window = window, cut: int = groups
        ) -> tuple[Array, ...]:
            w = np.zeros((6, 4 // cut, *at.kernel))
            return naive.convolve_back(at, cut, x, w, g)[1:]

        whole = (x, w, some(6)) if bias else (x, w)
        wrt = tuple(range(len(whole)))
        found[ops[0].name].append(Example(ops[0](window, groups, bias), whole, forward, wrt))
        found[ops[1].name].append(Example(ops[1](window, size, groups), (w, g), to_input))
        found[ops[2].name].append(Example(ops[2](window, groups), (x, g), to_weight))
    return found


def poolings() -> dict[str, list[Example]]:
    """Windows that touch, overlap, leave gaps and reach over the edge, on one axis and two."""
    found: dict[str, list[Example]] = {
        op.name: [] for op in (MaxPool, MaxPoolBackward, AvgPool, AvgPoolBackward)
    }
    for window, size in (
        (Window.of(2, 2, 2), (4, 6)),
        (Window.of(2, 3, 2, 1), (5, 6)),
        (Window((1, 2), (2, 3), (0, 1), (1, 1)), (5, 6)),
        (Window.of(1, 2, 2), (6,)),
        (Window.of(1, 3, 1, 1), (5,)),
    ):
        x = some(N, 2, *size)
        y, g = naive.pool(window, "max", x), some(N, 2, *window.places(size), seed=1)
        for op, back, kind in (
            (MaxPool(window), MaxPoolBackward(window), "max"),
            (AvgPool(window), AvgPoolBackward(window, size), "mean"),
        ):

            def forward(x: Array, at: Window = window, kind: str = kind) -> tuple[Array, ...]:
                return (naive.pool(at, kind, x),)

            def backward(*given: Array, at: Window = window, like: Array = x) -> tuple[Array, ...]:
                x = given[0] if len(given) == 3 else np.zeros((len(given[0]), *like.shape[1:]))
                return (naive.pool(at, "max" if len(given) == 3 else "mean", x, given[-1]),)

            found[op.name].append(Example(op, (x,), forward, (0,)))
            inputs = (x, y, g) if kind == "max" else (g,)
            found[back.name].append(Example(back, inputs, backward))
    return found


EXAMPLES: dict[str, list[Example]] = {
    **convolutions(1),
    **convolutions(2),
    **poolings(),
    "channel_sum": [
        Example(ChannelSum(), (some(N, 3, 4, 5),), lambda g: (g.sum((0, 2, 3)),)),
        Example(ChannelSum(), (some(N, 3, 4),), lambda g: (g.sum((0, 2)),)),
        Example(ChannelSum(), (some(N, 3),), lambda g: (g.sum(0),)),
    ],
    "global_avg_pool": [
        Example(GlobalAvgPool(), (some(N, 3, 4, 5),), lambda x: (x.mean((2, 3)),), (0,)),
        Example(GlobalAvgPool(), (some(N, 3, 4),), lambda x: (x.mean(2),), (0,)),
    ],
    "global_avg_pool_backward": [
        Example(
            GlobalAvgPoolBackward((4, 5)),
            (some(N, 3),),
            lambda g: (np.broadcast_to(g[..., None, None] / 20, (len(g), 3, 4, 5)),),
        )
    ],
    "upsample": [
        Example(
            Upsample(3),
            (some(N, 2, 4, 5),),
            lambda x: (x.repeat(3, axis=2).repeat(3, axis=3),),
            (0,),
        ),
        Example(Upsample(2), (some(N, 2, 4),), lambda x: (x.repeat(2, axis=2),), (0,)),
    ],
    "upsample_backward": [
        Example(
            UpsampleBackward(2),
            (some(N, 3, 4, 6),),
            lambda g: (g.reshape(len(g), 3, 2, 2, 3, 2).sum((3, 5)),),
        ),
        Example(
            UpsampleBackward(2), (some(N, 3, 4),), lambda g: (g.reshape(len(g), 3, 2, 2).sum(3),)
        ),
    ],
}
