"""Examples of the ops of activations; see `contract/test_ops.py`."""

from __future__ import annotations

import math

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.activation import (
    ReLU,
    ReLUBackward,
    Sigmoid,
    SigmoidBackward,
    Tanh,
    TanhBackward,
)
from backprop_studio.autograd.ops.gated import GELU, GELUBackward, SiLU, SiLUBackward
from backprop_studio.autograd.ops.pointwise import Identity, IdentityBackward
from backprop_studio.autograd.ops.rectifier import (
    ELU,
    ELUBackward,
    LeakyReLU,
    LeakyReLUBackward,
    Softplus,
    SoftplusBackward,
)
from backprop_studio.autograd.ops.softmax import Softmax, SoftmaxBackward
from tests.examples import Example, N, sigmoid, softmax, some


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


EXAMPLES: dict[str, list[Example]] = {
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
}
