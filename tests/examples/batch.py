"""Examples of the ops of batch normalisation, dropout and noise; see `contract/test_ops.py`."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.chance import AddNoise, Dropout, DropoutBackward
from backprop_studio.autograd.ops.channels import (
    ScaleChannels,
    ScaleChannelsToInput,
    ScaleChannelsToWeight,
)
from backprop_studio.autograd.ops.running import (
    NormalizeBy,
    NormalizeByBackward,
    TrackMean,
    TrackVariance,
)
from tests.examples import Example, N, some
from tests.examples.update import numbers

TAILS = ((3,), (3, 4), (3, 2, 4))
"""Shapes of one row: features, a sequence, a picture."""


def across(values: Array, x: Array) -> Array:
    """One number for each channel, in a shape that goes with `x`."""
    return values.reshape(-1, *(1 for _ in x.shape[2:]))


def others(x: Array) -> tuple[int, ...]:
    """All axes but the channels."""
    return (0, *range(2, x.ndim))


def dropped(x: Array, p: float) -> tuple[Array, ...]:
    u = numbers("dropout:here").random(x.shape, np.float32)
    mask = np.where(u < np.float32(p), 0.0, 1.0 / (1.0 - p) if p < 1 else 0.0)
    return x * mask, mask


def noisy(x: Array, deviation: float) -> tuple[Array, ...]:
    noise = deviation * numbers("add_noise:here").standard_normal(x.shape, np.float32).astype(
        np.float64
    )
    return x + noise, noise


def tracked(r: Array, v: Array, x: Array, momentum: float) -> tuple[Array, ...]:
    n = x.size // x.shape[1]
    return ((1 - momentum) * r + momentum * v * n / (n - 1) if n > 1 else r,)


def chance() -> dict[str, list[Example]]:
    shapes = ((N,), (N, 3), (N, 3, 2, 4))
    g, mask = some(N, 3), dropped(some(N, 3), 0.25)[1]
    return {
        Dropout.name: [
            *(
                Example(Dropout(0.25, "here"), (some(*s),), lambda x: dropped(x, 0.25), (0,))
                for s in shapes
            ),
            *(
                Example(Dropout(p, "here"), (some(N, 3),), lambda x, p=p: dropped(x, p))
                for p in (0.0, 1.0)
            ),
        ],
        DropoutBackward.name: [Example(DropoutBackward(), (g, mask), lambda g, m: (g * m,))],
        AddNoise.name: [
            Example(AddNoise(d, "here"), (some(*s),), lambda x, d=d: noisy(x, d), (0,))
            for s, d in zip(shapes, (0.5, 0.0, 3.0), strict=True)
        ],
    }


def normalized_by(x: Array, m: Array, v: Array) -> tuple[Array, ...]:
    return ((x - across(m, x)) / np.sqrt(across(v, x) + 0.1),)


def channels() -> dict[str, list[Example]]:
    w, b, r = some(3), some(3, seed=1), some(3, seed=2)
    v = np.abs(some(3, seed=3))
    xs, gs = [some(N, *t) for t in TAILS], [some(N, *t, seed=4) for t in TAILS]
    return {
        ScaleChannels.name: [
            Example(
                ScaleChannels(),
                (x, w, b),
                lambda x, w, b: (x * across(w, x) + across(b, x),),
                (0, 1, 2),
            )
            for x in xs
        ],
        ScaleChannelsToInput.name: [
            Example(ScaleChannelsToInput(), (g, w), lambda g, w: (g * across(w, g),)) for g in gs
        ],
        ScaleChannelsToWeight.name: [
            Example(ScaleChannelsToWeight(), (g, x), lambda g, x: ((g * x).sum(others(x)),))
            for g, x in zip(gs, xs, strict=True)
        ],
        NormalizeBy.name: [Example(NormalizeBy(0.1), (x, b, v), normalized_by, (0,)) for x in xs],
        NormalizeByBackward.name: [
            Example(
                NormalizeByBackward(0.1), (g, v), lambda g, v: (g / np.sqrt(across(v, g) + 0.1),)
            )
            for g in gs
        ],
        TrackMean.name: [
            Example(TrackMean(m), (r, b), lambda r, b, m=m: ((1 - m) * r + m * b,))
            for m in (0.0, 0.3, 1.0)
        ],
        TrackVariance.name: [
            Example(TrackVariance(m), (r, v, x), lambda r, v, x, m=m: tracked(r, v, x, m))
            for x, m in zip(
                (*xs, some(1, 3), some(1, 3, 1, 1)), (0.0, 0.3, 1.0, 0.3, 0.3), strict=True
            )
        ],
    }


EXAMPLES = {**chance(), **channels()}
