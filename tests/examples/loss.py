"""Examples of the ops of losses and penalties; see `contract/test_ops.py`."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.divergence import (
    KLDivergence,
    KLDivergenceBackward,
    LogSoftmax,
    LogSoftmaxBackward,
    SmoothLabels,
)
from backprop_studio.autograd.ops.loss import (
    MeanSquaredError,
    MeanSquaredErrorBackward,
    SoftmaxCrossEntropy,
    SoftmaxCrossEntropyBackward,
)
from backprop_studio.autograd.ops.penalty import (
    L1Penalty,
    L1PenaltyBackward,
    L2Penalty,
    L2PenaltyBackward,
)
from backprop_studio.autograd.ops.robust import (
    AbsoluteError,
    AbsoluteErrorBackward,
    Huber,
    HuberBackward,
)
from backprop_studio.autograd.ops.scores import (
    BinaryCrossEntropy,
    BinaryCrossEntropyBackward,
    Hinge,
    HingeBackward,
)
from tests.examples import Example, N, sigmoid, softmax, some


def shares(*shape: int) -> Array:
    """Rows that sum to one."""
    x = np.abs(some(*shape, seed=9))
    return x / x.sum(axis=1, keepdims=True)


def huber(p: Array, t: Array) -> Array:
    d = np.abs(p - t)
    return np.where(d < 0.8, 0.5 * d * d, 0.8 * (d - 0.4))


def excess(z: Array, t: Array) -> Array:
    return np.maximum(0, 0.6 + z - (z * t).sum(1, keepdims=True)) * (1 - t)


def hinge_gradient(h: Array, t: Array, g: Array) -> Array:
    on = (h > 0) * (1 - t)
    return (on - t * on.sum(1, keepdims=True)) * g / h.shape[1]


def binary(z: Array, t: Array) -> Array:
    return -(t * np.log(sigmoid(z)) + (1 - t) * np.log(sigmoid(-z)))


def row_mean(terms: Array) -> Array:
    return np.array(terms.sum() / max(len(terms), 1))


def entry_mean(terms: Array) -> Array:
    return np.array(terms.sum() / max(terms.size, 1))


classes = np.eye(3)[np.arange(N) % 3]


scalar = np.array(0.7)


EXAMPLES: dict[str, list[Example]] = {
    "mse": [
        Example(
            MeanSquaredError(),
            (some(N, 3), some(N, 3, seed=1)),
            lambda p, t: (((p - t) ** 2).sum() / max(p.size, 1), p - t),
            (0,),
        )
    ],
    "mse_backward": [
        Example(
            MeanSquaredErrorBackward(),
            (some(N, 3), scalar),
            lambda d, g: (2 / max(d.size, 1) * d * g,),
        )
    ],
    "softmax_cross_entropy": [
        Example(
            SoftmaxCrossEntropy(),
            (some(N, 3), shares(N, 3)),
            lambda z, t: (-(t * np.log(softmax(z))).sum() / max(len(z), 1), softmax(z)),
            (0,),
        )
    ],
    "softmax_cross_entropy_backward": [
        Example(
            SoftmaxCrossEntropyBackward(),
            (shares(N, 3), shares(N, 3)[::-1].copy(), scalar),
            lambda p, t, g: ((p - t) / max(len(p), 1) * g,),
        )
    ],
    "smooth_labels": [Example(SmoothLabels(0.1), (classes,), lambda t: (0.9 * t + 0.1 / 3,))],
    "mae": [
        Example(
            AbsoluteError(),
            (some(N, 3), some(N, 3, seed=1)),
            lambda p, t: (entry_mean(np.abs(p - t)), p - t),
            (0,),
        ),
        Example(
            AbsoluteError("sum"),
            (some(N, 3), some(N, 3, seed=1)),
            lambda p, t: (np.abs(p - t).sum(), p - t),
            (0,),
        ),
    ],
    "mae_backward": [
        Example(
            AbsoluteErrorBackward(),
            (np.maximum(some(N, 3), 0), scalar),
            lambda d, g: (np.sign(d) * g / max(d.size, 1),),
        ),
        Example(AbsoluteErrorBackward("sum"), (some(N, 3), scalar), lambda d, g: (np.sign(d) * g,)),
    ],
    "huber": [
        Example(
            Huber(0.8),
            (some(N, 3), some(N, 3, seed=1)),
            lambda p, t: (entry_mean(huber(p, t)), np.clip(p - t, -0.8, 0.8)),
            (0,),
        ),
        Example(
            Huber(0.8, "sum"),
            (some(N, 3), some(N, 3, seed=1)),
            lambda p, t: (huber(p, t).sum(), np.clip(p - t, -0.8, 0.8)),
            (0,),
        ),
    ],
    "huber_backward": [
        Example(HuberBackward(), (some(N, 3), scalar), lambda c, g: (c * g / max(c.size, 1),)),
        Example(HuberBackward("sum"), (some(N, 3), scalar), lambda c, g: (c * g,)),
    ],
    "binary_cross_entropy": [
        Example(
            BinaryCrossEntropy(),
            (some(N, 3), shares(N, 3)),
            lambda z, t: (entry_mean(binary(z, t)), sigmoid(z)),
            (0,),
        ),
        Example(
            BinaryCrossEntropy("sum"),
            (some(N, 1), np.arange(N).reshape(N, 1) % 2 * 1.0),
            lambda z, t: (binary(z, t).sum(), sigmoid(z)),
            (0,),
        ),
    ],
    "binary_cross_entropy_backward": [
        Example(
            BinaryCrossEntropyBackward(),
            (shares(N, 3), classes, scalar),
            lambda p, t, g: ((p - t) / max(p.size, 1) * g,),
        ),
        Example(
            BinaryCrossEntropyBackward("sum"),
            (shares(N, 3), classes, scalar),
            lambda p, t, g: ((p - t) * g,),
        ),
    ],
    "hinge": [
        Example(
            Hinge(0.6),
            (some(N, 3), classes),
            lambda z, t: (row_mean(excess(z, t)) / 3, excess(z, t)),
            (0,),
        ),
        Example(
            Hinge(0.6, "sum"),
            (some(N, 3), shares(N, 3)),
            lambda z, t: (excess(z, t).sum() / 3, excess(z, t)),
            (0,),
        ),
    ],
    "hinge_backward": [
        Example(
            HingeBackward(),
            (np.maximum(some(N, 3), 0), classes, scalar),
            lambda h, t, g: (hinge_gradient(h, t, g) / max(len(h), 1),),
        ),
        Example(
            HingeBackward("sum"),
            (np.maximum(some(N, 3), 0), shares(N, 3), scalar),
            lambda h, t, g: (hinge_gradient(h, t, g),),
        ),
    ],
    "log_softmax": [
        Example(LogSoftmax(), (some(N, 3),), lambda z: (np.log(softmax(z)),), (0,)),
    ],
    "log_softmax_backward": [
        Example(
            LogSoftmaxBackward(),
            (np.log(shares(N, 3)), some(N, 3)),
            lambda y, g: (g - np.exp(y) * g.sum(1, keepdims=True),),
        )
    ],
    "kl_divergence": [
        Example(
            KLDivergence(),
            (np.log(shares(N, 3)), shares(N, 3)[::-1].copy()),
            lambda q, t: (row_mean(t * (np.log(t) - q)), t * (np.log(t) - q)),
            (0,),
        ),
        Example(
            KLDivergence("sum"),
            (some(N, 3), classes),
            lambda q, t: (-(t * q).sum(), -t * q),
            (0,),
        ),
    ],
    "kl_divergence_backward": [
        Example(
            KLDivergenceBackward(),
            (shares(N, 3), scalar),
            lambda t, g: (-t / max(len(t), 1) * g,),
        ),
        Example(KLDivergenceBackward("sum"), (shares(N, 3), scalar), lambda t, g: (-t * g,)),
    ],
    "l2_penalty": [Example(L2Penalty(0.3), (some(4, 3),), lambda w: (0.15 * (w * w).sum(),), (0,))],
    "l2_penalty_backward": [
        Example(L2PenaltyBackward(0.3), (some(4, 3), scalar), lambda w, g: (0.3 * w * g,))
    ],
    "l1_penalty": [
        Example(L1Penalty(0.3), (some(4, 3),), lambda w: (0.3 * np.abs(w).sum(),), (0,))
    ],
    "l1_penalty_backward": [
        Example(
            L1PenaltyBackward(0.3),
            (np.maximum(some(4, 3), 0), scalar),
            lambda w, g: (0.3 * np.sign(w) * g,),
        )
    ],
}
