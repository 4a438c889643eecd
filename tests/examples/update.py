"""Examples of what happens in the update phase: updates, rates, clipping, search."""

from __future__ import annotations

import zlib

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.clipping import ClipFactor, ClipValue, ScaleGradient, TotalNorm
from backprop_studio.autograd.ops.momentum import (
    FollowSpeed,
    GatherScaledSpeed,
    GatherSpeed,
    LookAhead,
)
from backprop_studio.autograd.ops.scaled import Decay, ScaledDescend, SignDescend, SumSquares
from backprop_studio.autograd.ops.schedule import (
    ConstantRate,
    CosineRate,
    PlateauRate,
    StepRate,
    WarmUp,
    WatchLoss,
)
from backprop_studio.autograd.ops.search import (
    FollowSlope,
    KeepBetter,
    NormalDirection,
    Probe,
    Propose,
    SignDirection,
    Slope,
)
from backprop_studio.autograd.ops.update import (
    AdamStep,
    AverageGradient,
    AverageSquare,
    Count,
    Descend,
)
from tests.examples import MOMENT, Example, N, some

EPOCH = 3
"""Finished epochs at `MOMENT`, whose batch is the last one of an epoch."""


def numbers(name: str) -> np.random.Generator:
    """The random numbers of an instruction at `MOMENT`, made from scratch."""
    key = [MOMENT.seed, zlib.crc32(name.encode()) | len(name) << 32]
    counter = [0, 0, MOMENT.iteration, 0]
    philox = np.random.Philox(key=np.array(key, np.uint64), counter=np.array(counter, np.uint64))
    return np.random.Generator(philox)


def adam_step(p: Array, m: Array, v: Array, t: Array, rate: Array) -> tuple[Array, ...]:
    mean, square = m / (1 - 0.9**t), v / (1 - 0.99**t)
    return (p - rate * mean / (np.sqrt(square) + 1e-3),)


def watched(before: list[float], after: list[float], patience: int) -> Example:
    """What the last loss of an epoch, 0.5, makes of the memory."""
    cut = PlateauRate(0.2, 0.5, 0.06)
    return Example(
        WatchLoss(cut, patience, 0.1),
        (np.array(before), np.array(0.5)),
        lambda memory, loss: (np.array(after),),
    )


def wide(*shape: int) -> Array:
    return 3.0 * some(*shape)


rate = np.array(0.7)
EXAMPLES: dict[str, list[Example]] = {
    "descend": [
        Example(Descend(), (some(N, 3), some(N, 3, seed=1), rate), lambda p, g, r: (p - r * g,))
    ],
    "count": [Example(Count(), (np.array(4.0),), lambda t: (t + 1,))],
    "average_gradient": [
        Example(
            AverageGradient(0.9),
            (some(N, 3), some(N, 3, seed=1)),
            lambda m, g: (0.9 * m + 0.1 * g,),
        )
    ],
    "average_square": [
        Example(
            AverageSquare(0.9),
            (np.abs(some(N, 3)), some(N, 3, seed=1)),
            lambda v, g: (0.9 * v + 0.1 * g**2,),
        )
    ],
    "adam_step": [
        Example(
            AdamStep(0.9, 0.99, 1e-3),
            (some(N, 3), some(N, 3, seed=1), np.abs(some(N, 3, seed=2)), np.array(3.0), rate),
            adam_step,
        )
    ],
    "gather_speed": [
        Example(GatherSpeed(0.9), (some(N, 3), some(N, 3, seed=1)), lambda v, g: (0.9 * v + g,))
    ],
    "gather_scaled_speed": [
        Example(
            GatherScaledSpeed(0.9, 1e-3),
            (some(N, 3), some(N, 3, seed=1), np.abs(some(N, 3, seed=2))),
            lambda v, g, s: (0.9 * v + g / (np.sqrt(s) + 1e-3),),
        )
    ],
    "follow_speed": [
        Example(FollowSpeed(), (some(N, 3), some(N, 3, seed=1), rate), lambda p, v, r: (p - r * v,))
    ],
    "look_ahead": [
        Example(
            LookAhead(0.9),
            (some(N, 3), some(N, 3, seed=1), some(N, 3, seed=2), rate),
            lambda p, g, v, r: (p - r * (g + 0.9 * v),),
        )
    ],
    "sum_squares": [
        Example(SumSquares(), (np.abs(some(N, 3)), some(N, 3, seed=1)), lambda s, g: (s + g**2,))
    ],
    "scaled_descend": [
        Example(
            ScaledDescend(1e-3),
            (some(N, 3), some(N, 3, seed=1), np.abs(some(N, 3, seed=2)), rate),
            lambda p, g, s, r: (p - r * g / (np.sqrt(s) + 1e-3),),
        )
    ],
    "sign_descend": [
        Example(
            SignDescend(),
            (some(N, 3), np.maximum(some(N, 3, seed=1), 0), rate),
            lambda p, g, r: (p - r * np.sign(g),),
        )
    ],
    "decay": [Example(Decay(0.5), (some(N, 3), rate), lambda p, r: ((1 - 0.5 * r) * p,))],
    "rate": [Example(ConstantRate(0.3), (), lambda: (np.array(0.3),))],
    "step_rate": [
        Example(StepRate(0.3, 2, 0.1), (), lambda: (np.array(0.03),)),
        Example(StepRate(0.3, 1, 0.5), (), lambda: (np.array(0.3 / 2**EPOCH),)),
        Example(StepRate(0.3, 4, 0.5), (), lambda: (np.array(0.3),)),
    ],
    "cosine_rate": [
        Example(CosineRate(0.3, 6, 0.1), (), lambda: (np.array(0.2),)),
        Example(CosineRate(0.3, 5, 0.1), (), lambda: (np.array(0.2 + 0.1 * np.cos(0.6 * np.pi)),)),
        Example(CosineRate(0.3, 2, 0.1), (), lambda: (np.array(0.1),)),
    ],
    "warm_up": [
        Example(WarmUp(24), (rate,), lambda r: (r / 2,)),
        Example(WarmUp(12), (rate,), lambda r: (r,)),
        Example(WarmUp(1), (rate,), lambda r: (r,)),
    ],
    "plateau_rate": [
        Example(
            PlateauRate(0.2, 0.5, 0.06),
            (np.array([0.0, 0.0, 1.0, 2.0, cuts, 9.0]),),
            lambda memory, now=now: (np.array(now),),
        )
        for cuts, now in ((0.0, 0.2), (1.0, 0.1), (2.0, 0.06))
    ],
    # sum, batches, best, bad, cuts, epochs; the mean of this epoch is (1 + 0.5) / 3.
    "watch_loss": [
        watched([1.0, 2.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0, 0.0, 1.0], 2),
        watched([1.0, 2.0, 0.6, 2.0, 0.0, 4.0], [0.0, 0.0, 0.5, 0.0, 0.0, 5.0], 2),
        watched([1.0, 2.0, 0.55, 1.0, 0.0, 4.0], [0.0, 0.0, 0.55, 2.0, 0.0, 5.0], 2),
        watched([1.0, 2.0, 0.4, 2.0, 0.0, 4.0], [0.0, 0.0, 0.4, 0.0, 1.0, 5.0], 2),
        watched([1.0, 2.0, 0.4, 0.0, 2.0, 4.0], [0.0, 0.0, 0.4, 0.0, 2.0, 5.0], 0),
    ],
    "clip_value": [Example(ClipValue(0.8), (wide(N, 3),), lambda g: (np.clip(g, -0.8, 0.8),))],
    "total_norm": [
        Example(
            TotalNorm(2),
            (some(4, 3), some(3)),
            lambda a, b: (np.sqrt((a * a).sum() + (b * b).sum()),),
        ),
        Example(TotalNorm(1), (some(4, 3),), lambda a: (np.linalg.norm(a),)),
    ],
    "clip_factor": [
        Example(ClipFactor(0.5), (np.array(2.0),), lambda n: (0.5 / (n + 1e-6),)),
        Example(ClipFactor(0.5), (np.array(0.1),), lambda n: (np.array(1.0),)),
        Example(ClipFactor(0.5), (np.array(0.0),), lambda n: (np.array(1.0),)),
    ],
    "scale_gradient": [Example(ScaleGradient(), (some(N, 3), rate), lambda g, c: (g * c,))],
    "normal_direction": [
        Example(
            NormalDirection("dense_1", "weight"),
            (some(4, 3),),
            lambda w: (numbers("normal_direction:dense_1/weight").standard_normal(w.shape),),
        )
    ],
    "sign_direction": [
        Example(
            SignDirection("dense_1", "weight"),
            (some(4, 3),),
            lambda w: (
                np.where(numbers("sign_direction:dense_1/weight").random(w.shape) < 0.5, -1, 1),
            ),
        )
    ],
    "propose": [
        Example(Propose(), (some(N, 3), some(N, 3, seed=1), rate), lambda w, u, s: (w + s * u,))
    ],
    "probe": [
        Example(Probe(c), (some(N, 3), some(N, 3, seed=1)), lambda w, u, c=c: (w + c * u,))
        for c in (0.1, -0.1)
    ],
    "keep_better": [
        Example(
            KeepBetter(),
            (some(N, 3), some(N, 3, seed=1), rate, np.array(other)),
            lambda p, q, loss, new, better=better: (q if better else p,),
        )
        for other, better in ((0.6, True), (0.7, False), (0.8, False), (np.inf, False))
    ],
    "slope": [
        Example(Slope(0.1), (np.array(0.7), np.array(0.5)), lambda a, b: ((a - b) / 0.2,)),
    ],
    "follow_slope": [
        Example(
            FollowSlope(),
            (some(N, 3), np.sign(some(N, 3, seed=1)), np.array(0.4), rate),
            lambda p, u, s, r: (p - r * s * u,),
        )
    ],
}
