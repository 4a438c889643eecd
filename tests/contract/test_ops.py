"""What every op promises; a new one fails here until it has an example in `EXAMPLES`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable

import numpy as np
import pytest

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Op,
    Phase,
    Role,
    Shape,
    Storage,
    TensorType,
    differentiate,
    gradcheck,
    ops,
    resolve,
)
from backprop_studio.autograd.ops.activation import (
    ReLU,
    ReLUBackward,
    Sigmoid,
    SigmoidBackward,
    Tanh,
    TanhBackward,
)
from backprop_studio.autograd.ops.affine import Affine, AffineGradient
from backprop_studio.autograd.ops.arithmetic import Accumulate, Add, Fill, SumTo
from backprop_studio.autograd.ops.arrange import Permute, Reshape
from backprop_studio.autograd.ops.convolution import (
    ChannelSum,
    Conv1d,
    Conv1dInputGradient,
    Conv1dWeightGradient,
    Conv2d,
    Conv2dInputGradient,
    Conv2dWeightGradient,
)
from backprop_studio.autograd.ops.data import Column, Load, OneHot
from backprop_studio.autograd.ops.divergence import (
    KLDivergence,
    KLDivergenceBackward,
    LogSoftmax,
    LogSoftmaxBackward,
    SmoothLabels,
)
from backprop_studio.autograd.ops.gated import GELU, GELUBackward, SiLU, SiLUBackward
from backprop_studio.autograd.ops.loss import (
    MeanSquaredError,
    MeanSquaredErrorBackward,
    SoftmaxCrossEntropy,
    SoftmaxCrossEntropyBackward,
)
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.multiply import Multiply, MultiplyBackward
from backprop_studio.autograd.ops.part import (
    Concatenate,
    ConcatenateBackward,
    Slice,
    SliceBackward,
)
from backprop_studio.autograd.ops.penalty import (
    L1Penalty,
    L1PenaltyBackward,
    L2Penalty,
    L2PenaltyBackward,
)
from backprop_studio.autograd.ops.pointwise import Identity, IdentityBackward
from backprop_studio.autograd.ops.pooling import (
    AvgPool,
    AvgPoolBackward,
    GlobalAvgPool,
    GlobalAvgPoolBackward,
    MaxPool,
    MaxPoolBackward,
)
from backprop_studio.autograd.ops.rectifier import (
    ELU,
    ELUBackward,
    LeakyReLU,
    LeakyReLUBackward,
    Softplus,
    SoftplusBackward,
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
from backprop_studio.autograd.ops.softmax import Softmax, SoftmaxBackward
from backprop_studio.autograd.ops.upsampling import Upsample, UpsampleBackward
from backprop_studio.autograd.ops.weigh import Weigh
from backprop_studio.autograd.windows import Window
from tests import attention_examples as attention
from tests import batch_examples as batch
from tests import naive_windows as naive
from tests import operation_examples, update_examples
from tests import recurrent_examples as recurrent
from tests.examples import MOMENT, Example, N, softmax, some
from tests.programs import Contract


def shares(*shape: int) -> Array:
    """Rows that sum to one."""
    x = np.abs(some(*shape, seed=9))
    return x / x.sum(axis=1, keepdims=True)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def phi(x: Array) -> Array:
    """The normal distribution function, one entry after the other."""
    cdf = [0.5 * math.erfc(-v / math.sqrt(2)) for v in x.ravel()]
    return np.array(cdf).reshape(x.shape)


def phi_tanh(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def bell(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def phi_tanh_slope(x: Array) -> Array:
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 / np.cosh(u) ** 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)


def spread(g: Array, part: slice, size: int) -> Array:
    out = np.zeros((*g.shape[:-1], size))
    out[..., part] = g
    return out


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


scalar = np.array(0.7)
EXAMPLES: dict[str, list[Example]] = {
    "add": [
        Example(Add(), (some(N, 3), some(3)), lambda a, b: (a + b,), (0, 1)),
        Example(Add(), (some(N, 3), some(N, 3, seed=1)), lambda a, b: (a + b,), (0, 1)),
        Example(Add(), (some(1), some(N, 3)), lambda a, b: (a + b,), (0, 1)),
        Example(Add(), (some(N, 1), some(1, 3)), lambda a, b: (a + b,), (0, 1)),
        Example(Add(), (scalar, some(N, 3)), lambda a, b: (a + b,), (0, 1)),
        Example(Add(), (some(N, 2, 3), some(2, 1)), lambda a, b: (a + b,), (0, 1)),
    ],
    "sum_to": [
        Example(SumTo((3,)), (some(N, 3),), lambda x: (x.sum(0),)),
        Example(SumTo((1,)), (some(N, 3),), lambda x: (x.sum().reshape(1),)),
        Example(SumTo(()), (some(N, 3),), lambda x: (x.sum(),)),
        Example(SumTo((1, 3)), (some(N, 3),), lambda x: (x.sum(0, keepdims=True),)),
        Example(SumTo((2, 1)), (some(N, 2, 3),), lambda x: (x.sum((0, 2)).reshape(2, 1),)),
        Example(SumTo((3,)), (some(N, 2, 3),), lambda x: (x.sum((0, 1)),)),
    ],
    "weigh": [Example(Weigh(0.3), (some(N, 3),), lambda x: (0.3 * x,), wrt=(0,))],
    "accumulate": [
        Example(Accumulate(), (some(N, 3), some(N, 3, seed=1)), lambda a, b: (a + b,)),
    ],
    "fill": [
        Example(Fill(2.5), (some(N, 3),), lambda x: (np.full_like(x, 2.5),)),
        Example(Fill(1.0), (scalar,), lambda x: (np.ones(()),)),
    ],
    "load": [],  # bound by the machine; see the test of its own below
    "one_hot": [Example(OneHot(4), (np.arange(N) % 4,), lambda y: (np.eye(4)[y],))],
    "matmul": [
        Example(MatMul(), (some(N, 3), some(3, 4)), lambda a, b: (a @ b,), (0, 1)),
        Example(MatMul(), (some(N, 1), some(1, 1)), lambda a, b: (a @ b,), (0, 1)),
        Example(
            MatMul(transpose_a=True), (some(N, 3), some(N, 4)), lambda a, b: (a.T @ b,), (0, 1)
        ),
        Example(
            MatMul(transpose_b=True), (some(N, 3), some(4, 3)), lambda a, b: (a @ b.T,), (0, 1)
        ),
        Example(MatMul(True, True), (some(3, N), some(4, 3)), lambda a, b: (a.T @ b.T,), (0, 1)),
        *attention.MATMUL,
    ],
    "affine": [
        Example(
            Affine(), (some(N, 3), some(3, 4), some(4)), lambda x, w, b: (x @ w + b,), (0, 1, 2)
        ),
        Example(
            Affine(), (some(N, 1), some(1, 1), some(1)), lambda x, w, b: (x @ w + b,), (0, 1, 2)
        ),
    ],
    "affine_gradient": [
        Example(AffineGradient(), (some(N, 3), some(N, 4)), lambda x, g: (x.T @ g, g.sum(0))),
    ],
    "relu": [Example(ReLU(), (some(N, 3),), lambda x: (np.where(x > 0, x, 0),), (0,))],
    "relu_backward": [
        Example(
            ReLUBackward(),
            (np.maximum(some(N, 3), 0), some(N, 3, seed=1)),
            lambda y, g: (np.where(y > 0, g, 0),),
        )
    ],
    "tanh": [Example(Tanh(), (some(N, 3),), lambda x: (np.tanh(x),), (0,))],
    "tanh_backward": [
        Example(TanhBackward(), (some(N, 3), some(N, 3, seed=1)), lambda y, g: (g * (1 - y * y),))
    ],
    "sigmoid": [Example(Sigmoid(), (some(N, 3),), lambda x: (1 / (1 + np.exp(-x)),), (0,))],
    "sigmoid_backward": [
        Example(
            SigmoidBackward(), (some(N, 3), some(N, 3, seed=1)), lambda y, g: (g * y * (1 - y),)
        )
    ],
    **convolutions(1),
    **convolutions(2),
    **poolings(),
    **attention.EXAMPLES,
    **batch.EXAMPLES,
    **operation_examples.EXAMPLES,
    **update_examples.EXAMPLES,
    **recurrent.EXAMPLES,
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
    "identity": [Example(Identity(), (some(N, 3),), lambda x: (x,), (0,))],
    "identity_backward": [Example(IdentityBackward(), (some(N, 3),), lambda g: (g,))],
    "leaky_relu": [
        Example(LeakyReLU(s), (some(N, 3),), lambda x, s=s: (np.where(x > 0, x, s * x),), (0,))
        for s in (0.01, 0.3, 0.0, 1.0)
    ],
    "leaky_relu_backward": [
        Example(
            LeakyReLUBackward(s),
            (some(N, 3), some(N, 3, seed=1)),
            lambda x, g, s=s: (np.where(x > 0, g, s * g),),
        )
        for s in (0.01, 0.0, 1.0)
    ],
    "elu": [
        Example(ELU(a), (some(N, 3),), lambda x, a=a: (np.where(x > 0, x, a * np.expm1(x)),), (0,))
        for a in (1.0, 0.4, 0.0)
    ],
    "elu_backward": [
        Example(
            ELUBackward(0.4),
            (some(N, 3), some(N, 3, seed=1)),
            lambda x, g: (np.where(x > 0, g, 0.4 * np.exp(x) * g),),
        )
    ],
    "softplus": [
        Example(
            Softplus(beta, 20.0),
            (some(N, 3),),
            lambda x, k=beta: (np.log1p(np.exp(k * x)) / k,),
            (0,),
        )
        for beta in (1.0, 0.5, 3.0)
    ]
    + [
        Example(
            Softplus(2.0, 1.0),
            (some(N, 3),),
            lambda x: (np.where(2 * x > 1, x, np.log1p(np.exp(2 * x)) / 2),),
            (0,),
        )
    ],
    "softplus_backward": [
        Example(
            SoftplusBackward(2.0, limit),
            (some(N, 3), some(N, 3, seed=1)),
            lambda x, g, limit=limit: (np.where(2 * x > limit, g, g * sigmoid(2 * x)),),
        )
        for limit in (20.0, 1.0)
    ],
    "silu": [Example(SiLU(), (some(N, 3),), lambda x: (x * sigmoid(x), sigmoid(x)), (0,))],
    "silu_backward": [
        Example(
            SiLUBackward(),
            (some(N, 3), sigmoid(some(N, 3)), some(N, 3, seed=1)),
            lambda x, s, g: (g * (s + x * s * (1 - s)),),
        )
    ],
    "gelu": [
        Example(GELU(), (some(N, 3),), lambda x: (x * phi(x), phi(x)), (0,)),
        Example(GELU(), (3 * some(N, 2, 3),), lambda x: (x * phi(x), phi(x)), (0,)),
        Example(GELU(tanh=True), (some(N, 3),), lambda x: (x * phi_tanh(x), phi_tanh(x)), (0,)),
    ],
    "gelu_backward": [
        Example(
            GELUBackward(),
            (some(N, 3), phi(some(N, 3)), some(N, 3, seed=1)),
            lambda x, p, g: (g * (p + x * bell(x)),),
        ),
        Example(
            GELUBackward(tanh=True),
            (some(N, 3), phi_tanh(some(N, 3)), some(N, 3, seed=1)),
            lambda x, p, g: (g * (p + x * phi_tanh_slope(x)),),
        ),
    ],
    "softmax": [
        Example(Softmax(), (some(N, 3),), lambda x: (softmax(x),), (0,)),
        Example(Softmax(), (some(N, 2, 3),), lambda x: (softmax(x),), (0,)),
    ],
    "softmax_backward": [
        Example(
            SoftmaxBackward(),
            (softmax(some(*shape)), some(*shape, seed=1)),
            lambda y, g: (y * (g - (g * y).sum(-1, keepdims=True)),),
        )
        for shape in ((N, 3), (N, 2, 3))
    ],
    "multiply": [
        Example(Multiply(), (some(N, 3), some(N, 3, seed=1)), lambda a, b: (a * b,), (0, 1)),
        Example(Multiply(), (some(N, 3), some(3)), lambda a, b: (a * b,), (0, 1)),
        Example(Multiply(), (some(N, 2, 3), some(2, 1)), lambda a, b: (a * b,), (0, 1)),
        Example(Multiply(), (scalar, some(N, 3)), lambda a, b: (a * b,), (0, 1)),
    ],
    "multiply_backward": [
        Example(MultiplyBackward(), (some(N, 3), some(3)), lambda g, b: (g * b,)),
    ],
    "concatenate": [
        Example(
            Concatenate(1),
            (some(N, 3), some(N, 2)),
            lambda a, b: (np.concatenate([a, b], 1),),
            (0, 1),
        ),
        Example(
            Concatenate(1),
            (some(N, 2, 4), some(N, 1, 4)),
            lambda a, b: (np.concatenate([a, b], 1),),
            (0, 1),
        ),
        Example(
            Concatenate(2),
            (some(N, 2, 1), some(N, 2, 4)),
            lambda a, b: (np.concatenate([a, b], 2),),
            (0, 1),
        ),
    ],
    "concatenate_backward": [
        Example(ConcatenateBackward(1, 2, 5), (some(N, 5),), lambda g: (g[:, 2:5],))
    ],
    "slice": [
        Example(Slice(1, 1, 3), (some(N, 4),), lambda x: (x[:, 1:3],), (0,)),
        Example(Slice(1, 0, 5, 2), (some(N, 5),), lambda x: (x[:, ::2],), (0,)),
        Example(Slice(2, 1, 6, 3), (some(N, 2, 6),), lambda x: (x[..., 1:6:3],), (0,)),
    ],
    "slice_backward": [
        Example(SliceBackward(1, 4, 1, 3), (some(N, 2),), lambda g: (spread(g, slice(1, 3), 4),)),
        Example(
            SliceBackward(2, 6, 1, 6, 3),
            (some(N, 2, 2),),
            lambda g: (spread(g, slice(1, 6, 3), 6),),
        ),
    ],
    "reshape": [
        Example(Reshape((2, 3)), (some(N, 6),), lambda x: (x.reshape(len(x), 2, 3),), (0,)),
        Example(Reshape((12,)), (some(N, 3, 4),), lambda x: (x.reshape(len(x), 12),), (0,)),
        Example(Reshape(()), (some(N, 1),), lambda x: (x[:, 0],), (0,)),
    ],
    "permute": [
        Example(Permute((0, 2, 1)), (some(N, 2, 3),), lambda x: (x.transpose(0, 2, 1),), (0,)),
        Example(
            Permute((0, 3, 1, 2)),
            (some(N, 2, 3, 4),),
            lambda x: (x.transpose(0, 3, 1, 2),),
            (0,),
        ),
    ],
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
    "column": [Example(Column(), (np.arange(N) % 2,), lambda y: (y.reshape(-1, 1) * 1.0,))],
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


def all_ops() -> dict[str, type[Op]]:
    """Every op of the engine: each class in `autograd.ops` that has a name of its own."""
    found: dict[str, type[Op]] = {}
    for entry in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"{ops.__name__}.{entry.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Op) and cls.__module__ == module.__name__ and "name" in vars(cls):
                assert cls.name not in found, f"two ops are called '{cls.name}'"
                found[cls.name] = cls
    return found


OPS = all_ops()
every_op = pytest.mark.parametrize("name", sorted(OPS))
ALL = [pytest.param(e, id=f"{n}-{i}") for n, es in EXAMPLES.items() for i, e in enumerate(es)]


def examples_where(
    chosen: Callable[[Example], object] = lambda _: True,
) -> pytest.MarkDecorator:
    params = [p for p in ALL if isinstance(p.values[0], Example) and chosen(p.values[0])]
    return pytest.mark.parametrize("example", params)


every_example = examples_where()


def type_of(array: Array, *, symbolic: bool = False) -> TensorType:
    shape: Shape = tuple(BATCH if symbolic and d == N else d for d in array.shape)
    return TensorType(shape, "int" if array.dtype == np.int64 else "float")


def compute(op: Op, inputs: tuple[Array, ...], dtype: type = np.float64) -> tuple[Array, ...]:
    """Outputs of `op` in buffers of the shapes that it infers; inputs are copied first."""
    given = [x.copy() if x.dtype == np.int64 else x.astype(dtype) for x in inputs]
    types = op.infer(*(type_of(x) for x in given))
    outputs = (
        [given[0]] if op.updates else [np.full(resolve(t.shape, {}), 77.0, dtype) for t in types]
    )
    for function, arguments in op.bind_in(MOMENT, given, outputs):
        function(*arguments)
    for index, (before, after) in enumerate(zip(inputs, given, strict=True)):
        if not (op.updates and index == 0):
            assert np.array_equal(before.astype(after.dtype), after), "an input was changed"
    return tuple(outputs)


@every_op
def test_that_every_op_has_an_example(name: str) -> None:
    assert name in EXAMPLES, f"give the op '{name}' an example in EXAMPLES"
    assert all(type(e.op) is OPS[name] for e in EXAMPLES[name])
    assert EXAMPLES[name] or name == Load.name


@every_op
def test_that_an_op_is_a_frozen_dataclass_so_that_equal_settings_are_equal_ops(name: str) -> None:
    cls = OPS[name]
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert cls.__doc__
    for example in EXAMPLES[name]:
        assert dataclasses.replace(example.op) == example.op
        assert hash(dataclasses.replace(example.op)) == hash(example.op)


@every_op
def test_that_an_op_can_be_explained(name: str) -> None:
    examples = EXAMPLES[name]
    for op in [e.op for e in examples] or [Load("x")]:
        formula = op.formula()
        assert formula.latex.count("{") == formula.latex.count("}")
        assert formula.plain
        assert formula.says.endswith(".")
        assert all(symbol in formula.latex for symbol in formula.inputs)
    for example in examples:
        formula = example.op.formula()
        types = example.op.infer(*(type_of(x) for x in example.inputs))
        assert len(formula.inputs) == len(example.inputs)
        assert len(formula.outputs) == len(types)


@every_example
def test_that_values_and_shapes_are_those_of_the_plain_formula(example: Example) -> None:
    outputs = compute(example.op, example.inputs)
    for out, expected in zip(outputs, example.expected(*example.inputs), strict=True):
        assert out.shape == np.shape(expected)
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


@every_example
def test_that_single_precision_is_the_same_computation(example: Example) -> None:
    outputs = compute(example.op, example.inputs, np.float32)
    for out, expected in zip(outputs, example.expected(*example.inputs), strict=True):
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@every_example
def test_that_the_shape_rule_holds_for_a_batch_of_unknown_size(example: Example) -> None:
    types = example.op.infer(*(type_of(x, symbolic=True) for x in example.inputs))
    outputs = compute(example.op, example.inputs)
    assert [resolve(t.shape, {BATCH: N}) for t in types] == [out.shape for out in outputs]


@every_example
def test_that_an_empty_batch_is_no_special_case(example: Example) -> None:
    empty = tuple(
        np.array(x[tuple(slice(0) if d == N else slice(None) for d in x.shape)])
        for x in example.inputs
    )
    outputs = compute(example.op, empty)
    for out, expected in zip(outputs, example.expected(*empty), strict=True):
        assert out.shape == np.shape(expected)
        np.testing.assert_allclose(out, expected, rtol=1e-12)


@every_example
def test_that_binding_twice_and_running_twice_give_the_same_bits(example: Example) -> None:
    first, second = compute(example.op, example.inputs), compute(example.op, example.inputs)
    assert [a.tobytes() for a in first] == [a.tobytes() for a in second]
    if not example.op.updates:
        types = example.op.infer(*(type_of(x) for x in example.inputs))
        outputs = [np.empty(resolve(t.shape, {})) for t in types]
        calls = example.op.bind_in(MOMENT, example.inputs, outputs)
        for function, arguments in [*calls, *calls]:
            function(*arguments)
        assert [a.tobytes() for a in outputs] == [a.tobytes() for a in first]


def takes_any_layout(example: Example) -> bool:
    types = example.op.infer(*(type_of(x) for x in example.inputs))
    shapes = [x.shape for x in example.inputs] + [resolve(t.shape, {}) for t in types]
    return example.op.any_layout(shapes) and not example.op.updates


@examples_where(takes_any_layout)
def test_that_an_op_that_takes_any_layout_does(example: Example) -> None:
    """The machine lays values out with the batch innermost, and with gaps between rows."""

    def laid_out(x: Array) -> Array:
        if x.ndim < 2 or len(x) != N:  # it has no batch
            return x.copy()
        gaps = np.full((*(n + 1 for n in x.shape[1:]), x.shape[0]), 55.0, x.dtype)
        view = np.moveaxis(gaps[tuple(slice(n) for n in x.shape[1:])], -1, 0)
        view[...] = x
        return view

    given = [laid_out(x) for x in example.inputs]
    outputs = [laid_out(np.full_like(e, 77.0)) for e in example.expected(*example.inputs)]
    for function, arguments in example.op.bind(given, outputs):
        function(*arguments)
    for out, expected in zip(outputs, compute(example.op, example.inputs), strict=True):
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


@examples_where(lambda e: e.op.elementwise)
def test_that_an_elementwise_op_gives_the_same_bits_in_pieces(example: Example) -> None:
    """The machine relies on it when it updates all parameters at once."""
    flat = [x.reshape(-1) if x.shape else x for x in example.inputs]
    whole = compute(example.op, tuple(flat))
    for cut in range(1, 5):
        pieces = [
            compute(example.op, tuple(x[part] if x.shape else x for x in flat))
            for part in (slice(cut), slice(cut, None))
            if whole[0].shape
        ]
        for index, out in enumerate(whole):
            if pieces:
                joined = np.concatenate([p[index] for p in pieces])
                assert joined.tobytes() == out.tobytes()


@examples_where(lambda e: e.wrt)
def test_that_the_vjp_of_a_random_vector_is_the_derivative(example: Example) -> None:
    for output in range(len(example.op.infer(*(type_of(x) for x in example.inputs)))):
        machine = contracted(example, output)
        if machine is None:
            assert output > 0, "the first output must have a gradient"
            continue
        errors = gradcheck(machine)
        for i in example.wrt:
            parameter = next(p for p in machine.program.parameters if p.name == f"x{i}")
            assert errors[parameter.id] <= 1e-7
            assert machine.array(machine.program.gradients[parameter.id]).any()


@examples_where(lambda e: e.wrt)
def test_that_a_gradient_nobody_needs_is_not_computed(example: Example) -> None:
    for wanted in example.wrt:
        b = Builder()
        values = [
            b.parameter(f"x{i}", x.shape)
            if i == wanted
            else b.input(f"x{i}", x.shape, type_of(x).kind)
            for i, x in enumerate(example.inputs)
        ]
        y = b.apply(example.op, *values)
        loss = b.apply(Contract(), y, b.input("c", y.shape))
        gradients = differentiate(b, loss, [values[wanted]])
        assert gradients[values[wanted].id].shape == example.inputs[wanted].shape
        assert not {v.id for i, v in enumerate(values) if i != wanted} & set(gradients)


@examples_where(lambda e: not e.wrt)
def test_that_an_op_without_gradient_refuses_to_be_differentiated(example: Example) -> None:
    b = Builder()
    values = [b.input(f"x{i}", x.shape, type_of(x).kind) for i, x in enumerate(example.inputs)]
    outputs = b.apply_all(example.op, *values)
    with pytest.raises(NotImplementedError):
        example.op.vjp(b, values, outputs, outputs, [True] * len(values))


def test_that_load_takes_the_rows_of_the_batch() -> None:
    b = Builder()
    x, y = b.input("x", (BATCH, 2)), b.input("y", (BATCH,), "int")
    program = b.build()
    assert [i.op for i in program.instructions] == [Load("x"), Load("y")]
    assert all(i.phase is Phase.DATA for i in program.instructions)
    machine = Machine(program, Storage(program, np.float64), batch=3)
    rows = np.array([4, 0, 4])
    features, labels = some(5, 2), np.arange(5) * 10
    machine.feed("x", features, rows)
    machine.feed("y", labels, rows)
    machine.run()
    assert np.array_equal(machine.array(x), features[rows])
    assert np.array_equal(machine.array(y), labels[rows])


def contracted(example: Example, output: int) -> Machine | None:
    """A machine for a random combination of one output's entries; None without gradient."""
    b = Builder()
    with b.scope(node="op"):
        values = [
            b.input(f"x{i}", x.shape, "int")
            if type_of(x).kind == "int"
            else b.parameter(f"x{i}", x.shape)
            for i, x in enumerate(example.inputs)
        ]
        y = b.apply_all(example.op, *values)[output]
    weights = b.parameter("weights", y.shape)
    loss = b.apply(Contract(), y, weights) if y.shape else y
    try:
        differentiate(b, loss, [values[i] for i in example.wrt])
    except NotImplementedError:
        return None
    storage = Storage(b.build(loss), np.float64)
    machine = Machine(storage.program, storage, batch=N)
    for value, x in zip(values, example.inputs, strict=True):
        if value.role is Role.INPUT:
            machine.feed(value.name, x, np.arange(N))
        else:
            storage.view(value)[...] = x
    storage.view(weights)[...] = some(*y.shape, seed=5)
    return machine
