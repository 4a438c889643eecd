"""Examples of the ops of arithmetic, matrix products and arranging; see `contract/test_ops.py`."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.affine import Affine, AffineGradient
from backprop_studio.autograd.ops.arithmetic import Accumulate, Add, Fill, SumTo
from backprop_studio.autograd.ops.arrange import Permute, Reshape
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.multiply import Multiply, MultiplyBackward
from backprop_studio.autograd.ops.part import Concatenate, ConcatenateBackward, Slice, SliceBackward
from backprop_studio.autograd.ops.weigh import Weigh
from tests.examples import Example, N, attention, some


def spread(g: Array, part: slice, size: int) -> Array:
    out = np.zeros((*g.shape[:-1], size))
    out[..., part] = g
    return out


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
    "column": [Example(Column(), (np.arange(N) % 2,), lambda y: (y.reshape(-1, 1) * 1.0,))],
}
