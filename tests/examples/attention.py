"""Examples of the ops of attention and of normalisation, by name; see `contract/test_ops.py`."""

from __future__ import annotations

import math

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.attention import (
    Attention,
    AttentionScores,
    AttentionScoresToKey,
    AttentionScoresToQuery,
    AttentionToValue,
    AttentionToWeights,
    AttentionWeights,
)
from backprop_studio.autograd.ops.heads import (
    MergeHeads,
    MergeHeadsBackward,
    SplitHeads,
    SplitHeadsBackward,
)
from backprop_studio.autograd.ops.matmul import MatMul, RowProduct
from backprop_studio.autograd.ops.normalize import Normalize, NormalizeBackward
from backprop_studio.autograd.ops.positions import Waves
from tests.examples import Example, N, softmax, some

ROOT = math.sqrt(3)
"""Root of the width of queries and keys in the examples."""


def turned(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def causal_softmax(s: Array) -> Array:
    """Row after row, over what it sees."""
    out = np.zeros_like(s)
    for i in range(s.shape[-2]):
        out[..., i, : i + 1] = softmax(s[..., i, : i + 1])
    return out


def packed(x: Array, heads: int) -> tuple[Array, ...]:
    """Queries, keys and values of (N, T, 3·heads·d), feature after feature."""
    n, steps, width = x.shape
    d = width // (3 * heads)
    parts = np.zeros((3, n, heads, steps, d))
    for feature in range(width):
        part, rest = divmod(feature, heads * d)
        parts[part, :, rest // d, :, rest % d] = x[..., feature]
    return tuple(parts)


def side_by_side(x: Array) -> Array:
    """The heads of (N, heads, T, d) one after the other along the features."""
    return np.concatenate([x[:, h] for h in range(x.shape[1])], axis=-1)


def mean(x: Array, axes: tuple[int, ...]) -> Array:
    """The mean with the axes kept; zero over nothing."""
    count = max(math.prod(x.shape[a] for a in axes), 1)
    return np.asarray(x.sum(axes, keepdims=True) / count)


def normalized(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, ...]:
    m = mean(x, axes)
    v = mean((x - m) ** 2, axes)
    kept = tuple(d for i, d in enumerate(x.shape) if i not in axes)
    return (x - m) / np.sqrt(v + epsilon), m.reshape(kept), v.reshape(kept)


def normalized_back(
    y: Array, v: Array, g: Array, axes: tuple[int, ...], epsilon: float
) -> tuple[Array, ...]:
    across = tuple(1 if i in axes else d for i, d in enumerate(y.shape))
    rest = g - mean(g, axes) - y * mean(g * y, axes)
    return (rest / np.sqrt(v.reshape(across) + epsilon),)


def grouped(x: Array, groups: int) -> Array:
    return x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])


def in_groups(x: Array, groups: int, epsilon: float) -> tuple[Array, ...]:
    cut = grouped(x, groups)
    y, m, v = normalized(cut, tuple(range(2, cut.ndim)), epsilon)
    return y.reshape(x.shape), m, v


def in_groups_back(y: Array, v: Array, g: Array, groups: int, epsilon: float) -> tuple[Array, ...]:
    cut, up = grouped(y, groups), grouped(g, groups)
    (dx,) = normalized_back(cut, v, up, tuple(range(2, cut.ndim)), epsilon)
    return (dx.reshape(y.shape),)


def normalizations() -> dict[str, list[Example]]:
    """As layer, batch and instance normalisation use it, in groups, and over everything."""
    found: dict[str, list[Example]] = {op.name: [] for op in (Normalize, NormalizeBackward)}
    for shape, axes in (
        ((N, 3), (1,)),
        ((N, 2, 3), (2,)),
        ((N, 2, 3), (1, 2)),
        ((N, 3), (0,)),
        ((N, 3, 4), (0, 2)),
        ((N, 3, 2, 4), (0, 2, 3)),
        ((N, 3, 2, 4), (2, 3)),
        ((N, 3), (0, 1)),
    ):
        x, g = some(*shape), some(*shape, seed=1)
        y, _, v = normalized(x, axes, 0.1)
        found[Normalize.name].append(
            Example(Normalize(axes, 0.1), (x,), lambda x, a=axes: normalized(x, a, 0.1), (0,))
        )
        found[NormalizeBackward.name].append(
            Example(
                NormalizeBackward(axes, 0.1),
                (y, v, g),
                lambda y, v, g, a=axes: normalized_back(y, v, g, a, 0.1),
            )
        )
    for shape, groups in (((N, 6), 2), ((N, 4, 3), 2), ((N, 4, 3, 2), 4)):
        axes = tuple(range(1, len(shape)))
        x, g = some(*shape), some(*shape, seed=1)
        y, _, v = in_groups(x, groups, 0.1)
        found[Normalize.name].append(
            Example(
                Normalize(axes, 0.1, groups),
                (x,),
                lambda x, cut=groups: in_groups(x, cut, 0.1),
                (0,),
            )
        )
        found[NormalizeBackward.name].append(
            Example(
                NormalizeBackward(axes, 0.1, groups),
                (y, v, g),
                lambda y, v, g, cut=groups: in_groups_back(y, v, g, cut, 0.1),
            )
        )
    return found


MATMUL = [
    Example(MatMul(), (some(N, 2, 3), some(3, 4)), lambda a, b: (a @ b,), (0, 1)),
    Example(MatMul(), (some(N, 2, 5, 3), some(3, 4)), lambda a, b: (a @ b,), (0, 1)),
    Example(MatMul(False, True), (some(N, 2, 3), some(4, 3)), lambda a, b: (a @ b.T,), (0, 1)),
    Example(MatMul(), (some(N, 2, 3), some(N, 3, 4)), lambda a, b: (a @ b,), (0, 1)),
    Example(MatMul(True), (some(N, 3, 2), some(N, 3, 4)), lambda a, b: (turned(a) @ b,), (0, 1)),
    Example(
        MatMul(False, True),
        (some(N, 2, 5, 3), some(N, 2, 4, 3)),
        lambda a, b: (a @ turned(b),),
        (0, 1),
    ),
    Example(
        MatMul(True, True),
        (some(N, 3, 2), some(N, 4, 3)),
        lambda a, b: (turned(a) @ turned(b),),
        (0, 1),
    ),
]
"""Products of stacks of matrices."""

EXAMPLES: dict[str, list[Example]] = {
    "row_product": [
        Example(RowProduct(), (some(N, 3), some(N, 4)), lambda a, b: (a.T @ b,), (0, 1)),
        Example(
            RowProduct(),
            (some(N, 2, 3), some(N, 2, 4)),
            lambda a, b: (np.einsum("ntk,ntm->km", a, b),),
            (0, 1),
        ),
    ],
    "attention_scores": [
        Example(
            AttentionScores(),
            (some(*lead, 4, 3), some(*lead, 5, 3)),
            lambda q, k: (q @ turned(k) / ROOT,),
            (0, 1),
        )
        for lead in ((N,), (N, 2))
    ],
    "attention_scores_to_query": [
        Example(
            AttentionScoresToQuery(),
            (some(N, 2, 4, 5), some(N, 2, 5, 3)),
            lambda g, k: (g @ k / ROOT,),
        )
    ],
    "attention_scores_to_key": [
        Example(
            AttentionScoresToKey(),
            (some(N, 2, 4, 5), some(N, 2, 4, 3)),
            lambda g, q: (turned(g) @ q / ROOT,),
        )
    ],
    "attention_weights": [
        Example(AttentionWeights(), (some(N, 2, 4, 5),), lambda s: (softmax(s),), (0,)),
        *(
            Example(AttentionWeights(True), (some(*shape),), lambda s: (causal_softmax(s),), (0,))
            for shape in ((N, 2, 4, 4), (N, 3, 5), (N, 5, 3))
        ),
    ],
    "attention": [
        Example(Attention(), (some(N, 2, 4, 5), some(N, 2, 5, 3)), lambda p, v: (p @ v,), (0, 1))
    ],
    "attention_to_weights": [
        Example(
            AttentionToWeights(),
            (some(N, 2, 4, 3), some(N, 2, 5, 3)),
            lambda g, v: (g @ turned(v),),
        )
    ],
    "attention_to_value": [
        Example(
            AttentionToValue(),
            (some(N, 2, 4, 5), some(N, 2, 4, 3)),
            lambda p, g: (turned(p) @ g,),
        )
    ],
    "split_heads": [
        Example(SplitHeads(h), (some(N, 5, 12),), lambda x, h=h: packed(x, h), (0,)) for h in (1, 2)
    ],
    "split_heads_backward": [
        Example(
            SplitHeadsBackward(2),
            tuple(some(N, 2, 5, 3, seed=s) for s in range(3)),
            lambda *parts: (np.concatenate([side_by_side(p) for p in parts], axis=-1),),
        ),
        Example(
            SplitHeadsBackward(2, (False, True, False)),
            (some(N, 2, 5, 3),),
            lambda k: (np.pad(side_by_side(k), [(0, 0), (0, 0), (6, 6)]),),
        ),
    ],
    "merge_heads": [Example(MergeHeads(), (some(N, 2, 5, 3),), lambda x: (side_by_side(x),), (0,))],
    "merge_heads_backward": [
        Example(
            MergeHeadsBackward(2),
            (some(N, 5, 6),),
            lambda g: (np.stack([g[..., :3], g[..., 3:]], axis=1),),
        )
    ],
    "positions": [
        Example(
            Waves(steps, features),
            (),
            lambda t=steps, d=features: (
                np.array(
                    [
                        [
                            (math.cos if i % 2 else math.sin)(p / 10000 ** (2 * (i // 2) / d))
                            for i in range(d)
                        ]
                        for p in range(t)
                    ]
                ),
            ),
        )
        for steps, features in ((5, 6), (3, 5), (1, 1))
    ],
    **normalizations(),
}
