"""Examples of the ops that networks are built of by hand, and of weighted classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backprop_studio.autograd import Array, Op
from backprop_studio.autograd.expressions import derive, parse
from backprop_studio.autograd.ops import elementary as e
from backprop_studio.autograd.ops.arithmetic import BroadcastTo, Subtract
from backprop_studio.autograd.ops.custom import Custom, CustomBackward
from backprop_studio.autograd.ops.data import Constant
from backprop_studio.autograd.ops.extrema import (
    Maximum,
    MaximumBackward,
    Minimum,
    MinimumBackward,
)
from backprop_studio.autograd.ops.multiply import Divide, DivisorBackward, NumeratorBackward
from backprop_studio.autograd.ops.over import (
    MeanOver,
    MeanOverBackward,
    SumOver,
    SumOverBackward,
)
from backprop_studio.autograd.ops.pointwise import Negate, NegateBackward
from backprop_studio.autograd.ops.summation import Mean, MeanBackward, Sum, SumBackward
from backprop_studio.autograd.ops.weighted import (
    WeighClasses,
    WeightedCrossEntropy,
    WeightedCrossEntropyBackward,
)
from tests.examples import Example, N, softmax, some

X, G = some(N, 3), some(N, 3, seed=1)
"""Off every kink; the second for gradients."""

ABOVE = np.abs(X)
WEIGHTS = (0.5, 2.0, 0.0)
LABELS = np.eye(3)[np.arange(N) % 3]


def unary(op: Op, f: Callable[[Array], Array], x: Array = X) -> list[Example]:
    return [Example(op, (x,), lambda x: (f(x),), (0,))]


def backward(op: Op, kept: Array, slope: Callable[[Array], Array]) -> list[Example]:
    return [Example(op, (kept, G), lambda x, g: (g * slope(x),))]


def binary(op: Op, f: Callable[[Array, Array], Array]) -> list[Example]:
    """With equal shapes, and with each kind of broadcasting."""
    shapes = [((N, 3), (N, 3)), ((N, 3), (3,)), ((1,), (N, 3)), ((N, 1), (1, 3)), ((N, 2, 3), (1,))]
    return [
        Example(op, (some(*a), some(*b, seed=2)), lambda a, b: (f(a, b),), (0, 1))
        for a, b in shapes
    ]


def custom(
    text: str, f: Callable[..., Array], *shapes: tuple[int, ...], above: bool = False
) -> Example:
    """A typed formula with derived derivatives."""
    names = ("x",) if len(shapes) == 1 else ("a", "b")
    tree = parse(text, names)
    op = Custom(tree, names, tuple(derive(tree, name) for name in names))
    inputs = [some(*shape, seed=i) for i, shape in enumerate(shapes)]
    inputs = [np.abs(x) for x in inputs] if above else inputs
    return Example(op, tuple(inputs), lambda *given: (f(*given),), tuple(range(len(shapes))))


def weighed(t: Array, labels: Array) -> Array:
    return t * WEIGHTS / (labels * WEIGHTS).sum() if len(t) else t


def charge(z: Array, v: Array) -> Array:
    return np.array(-(v * np.log(softmax(z))).sum())


SMOOTH = 0.7 * LABELS + 0.1


def over(forward: type[Op], back: type[Op], averages: bool) -> dict[str, list[Example]]:
    """Sums or means over one axis, over several, and over all of them."""
    found: dict[str, list[Example]] = {"forward": [], "back": []}
    for shape, axes in (((N, 3), (1,)), ((N, 3), (0, 1)), ((N, 3), (0,)), ((N, 2, 4), (0, 2))):
        x = some(*shape)

        def left(x: Array, axes: tuple[int, ...] = axes) -> tuple[tuple[int, ...], int]:
            count = max(int(np.prod([x.shape[i] for i in axes])), 1) if averages else 1
            return tuple(1 if i in axes else d for i, d in enumerate(x.shape)), count

        def total(x: Array, axes: tuple[int, ...] = axes) -> tuple[Array, ...]:
            kept, count = left(x, axes)
            whole = () if len(axes) == x.ndim else kept
            return ((x.sum(axes, keepdims=True) / count).reshape(whole),)

        def dealt(x: Array, g: Array, axes: tuple[int, ...] = axes) -> tuple[Array, ...]:
            kept, count = left(x, axes)
            return (np.broadcast_to(g.reshape(kept), x.shape) / count,)

        (y,) = total(x)
        found["forward"].append(Example(forward(axes), (x,), total, (0,)))
        found["back"].append(Example(back(axes), (x, some(*y.shape, seed=1)), dealt))
    return {forward.name: found["forward"], back.name: found["back"]}


EXAMPLES: dict[str, list[Example]] = {
    **over(SumOver, SumOverBackward, averages=False),
    **over(MeanOver, MeanOverBackward, averages=True),
    "subtract": binary(Subtract(), np.subtract),
    "divide": binary(Divide(), np.divide),
    "numerator_backward": [
        Example(NumeratorBackward(), (G, some(*shape)), lambda g, b: (g / b,))
        for shape in ((N, 3), (3,))
    ],
    "divisor_backward": [
        Example(DivisorBackward(), (G, X, some(*shape)), lambda g, c, b: (-g * c / b,))
        for shape in ((N, 3), (3,))
    ],
    "maximum": binary(Maximum(), np.maximum),
    "maximum_backward": [
        Example(
            MaximumBackward(),
            (np.round(X), np.round(some(*shape, seed=3)), G),
            lambda a, b, g: (g * np.where(a == b, 0.5, a > b),),
        )
        for shape in ((N, 3), (3,), (1,))
    ],
    "minimum": binary(Minimum(), np.minimum),
    "minimum_backward": [
        Example(
            MinimumBackward(),
            (np.round(X), np.round(some(*shape, seed=3)), G),
            lambda a, b, g: (g * np.where(a == b, 0.5, a < b),),
        )
        for shape in ((N, 3), (3,), (1,))
    ],
    "broadcast_to": [
        Example(BroadcastTo((4, 3)), (some(*shape),), lambda x: (np.broadcast_to(x, (4, 3)),), (0,))
        for shape in ((3,), (1, 3), (1,), ())
    ],
    "constant": [
        Example(Constant(-2.5, shape), (), lambda shape=shape: (np.full(shape, -2.5),))
        for shape in ((1,), (4, 3), ())
    ],
    "negate": unary(Negate(), np.negative),
    "negate_backward": [Example(NegateBackward(), (G,), lambda g: (-g,))],
    "exp": unary(e.Exp(), np.exp),
    "exp_backward": backward(e.ExpBackward(), ABOVE, lambda y: y),
    "log": unary(e.Log(), np.log, ABOVE),
    "log_backward": backward(e.LogBackward(), X, lambda x: 1 / x),
    "square": unary(e.Square(), lambda x: x * x),
    "square_backward": backward(e.SquareBackward(), X, lambda x: 2 * x),
    "sqrt": unary(e.Sqrt(), np.sqrt, ABOVE),
    "sqrt_backward": backward(e.SqrtBackward(), ABOVE, lambda y: 0.5 / y),
    "reciprocal": unary(e.Reciprocal(), lambda x: 1 / x),
    "reciprocal_backward": backward(e.ReciprocalBackward(), X, lambda y: -y * y),
    "absolute": unary(e.Absolute(), np.abs),
    "absolute_backward": backward(e.AbsoluteBackward(), np.maximum(X, 0), np.sign),
    "sine": unary(e.Sine(), np.sin),
    "sine_backward": backward(e.SineBackward(), X, np.cos),
    "cosine": unary(e.Cosine(), np.cos),
    "cosine_backward": backward(e.CosineBackward(), X, lambda x: -np.sin(x)),
    "power": [
        *unary(e.Power(3.0), lambda x: x**3),
        *unary(e.Power(-2.0), lambda x: x**-2),
        *unary(e.Power(0.5), np.sqrt, ABOVE),
    ],
    "power_backward": [
        *backward(e.PowerBackward(3.0), X, lambda x: 3 * x * x),
        *backward(e.PowerBackward(0.0), np.maximum(X, 0), np.zeros_like),
    ],
    "sum": [
        Example(Sum(), (some(N, 3),), lambda x: (x.sum(1, keepdims=True),), (0,)),
        Example(Sum(), (some(N, 2, 3),), lambda x: (x.sum((1, 2)).reshape(-1, 1),), (0,)),
        Example(Sum(), (some(4),), lambda x: (x.sum(keepdims=True),), (0,)),
    ],
    "sum_backward": [
        Example(SumBackward((4, 2, 3)), (some(4, 1),), lambda g: (g[..., None] + np.zeros((2, 3)),))
    ],
    "mean": [
        Example(Mean(), (some(N, 3),), lambda x: (x.mean(1, keepdims=True),), (0,)),
        Example(Mean(), (some(N, 2, 3),), lambda x: (x.mean((1, 2)).reshape(-1, 1),), (0,)),
        Example(Mean(), (some(4),), lambda x: (x.mean(keepdims=True),), (0,)),
    ],
    "mean_backward": [
        Example(
            MeanBackward((4, 2, 3)), (some(4, 1),), lambda g: (g[..., None] / 6 + np.zeros((2, 3)),)
        )
    ],
    "custom": [
        custom("x ** 2 - 3 * x", lambda x: x * x - 3 * x, (N, 3)),
        custom(
            "x * sigmoid(x) + tanh(x) / 2", lambda x: x / (1 + np.exp(-x)) + np.tanh(x) / 2, (3,)
        ),
        custom("x", lambda x: x, (N, 3)),
        custom("log(x) * sqrt(x) ** 3", lambda x: np.log(x) * x**1.5, (N, 3), above=True),
        custom("a * sin(b) - b / a", lambda a, b: a * np.sin(b) - b / a, (N, 3), (3,)),
        custom("maximum(a, 2 * b)", lambda a, b: np.maximum(a, 2 * b), (1,), (N, 3)),
        custom("a ** b", lambda a, b: a**b, (N, 1), (1, 3), above=True),
    ],
    "custom_backward": [
        Example(
            CustomBackward(parse("3 * x", ("x",)), ("x",), 0, True),
            (X, G),
            lambda x, g: (3 * x * g,),
        ),
        Example(
            CustomBackward(parse("2", ("a", "b")), ("a", "b"), 1),
            (X, some(3), G),
            lambda a, b, g: (2 * g,),
        ),
    ],
    "weigh_classes": [
        Example(WeighClasses(WEIGHTS), (SMOOTH, LABELS), lambda t, y: (weighed(t, y),)),
        Example(WeighClasses(WEIGHTS, "sum"), (SMOOTH, LABELS), lambda t, y: (t * WEIGHTS,)),
    ],
    "weighted_cross_entropy": [
        Example(WeightedCrossEntropy(), (X, SMOOTH), lambda z, v: (charge(z, v), softmax(z)), (0,))
    ],
    "weighted_cross_entropy_backward": [
        Example(
            WeightedCrossEntropyBackward(),
            (softmax(X), SMOOTH, np.array(0.7)),
            lambda p, v, g: ((p * v.sum(1, keepdims=True) - v) * g,),
        )
    ],
}
