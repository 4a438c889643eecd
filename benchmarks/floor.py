"""The floor: training steps by hand, in about as few numpy calls as it takes.

No autograd, no instructions, nothing to look at: what a perfect engine on numpy could reach. Here
are the parts that all networks share, and dense networks. Four things make them fast, all exact:

- activations are feature-major, (features, batch), so every layer's numbers lie together;
- the bias is the last column of the weight matrix, against a row of ones in the activations, so it
  needs neither an addition of its own nor a sum over the batch;
- all layers' activations lie in one buffer, and so do their derivatives: one call for all layers;
- parameters, gradients and moments are one flat vector each, and long vectors are updated in pieces
  that fit into the processor's cache.

It is handed its batches ready-made, transposed and with the row of ones; it gathers no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Call = tuple[Callable[..., Any], tuple[Any, ...]]

PIECE = 1 << 16
"""Entries that an update works on at a time."""

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Floor:
    """A list of calls for each batch, taken in turn."""

    _batches: list[list[Call]]
    _loss: Array
    _next = 0

    def run(self, count: int) -> Array:
        """Train on so many batches and return the loss of the last."""
        for _ in range(count):
            calls = self._batches[self._next]
            self._next = (self._next + 1) % len(self._batches)
            for function, arguments in calls:
                function(*arguments)
        return self._loss


class DenseFloor(Floor):
    """A dense network with one activation after each layer (softmax after the last for classes).

    Parameters
    ----------
    weights
        Weight (inputs, outputs) and bias (outputs,) of each layer; they are copied.
    batches
        Features (rows, inputs) and targets (rows, outputs) of each batch; all of one length.
    activation
        "tanh" or "relu".
    classes
        Whether the loss is the softmax cross-entropy, else the mean squared error. With the
        latter the last layer has an activation, too.
    optimizer
        "sgd" or "adam".
    rate
        Learning rate.
    """

    def __init__(
        self,
        weights: Sequence[tuple[Array, Array]],
        batches: Sequence[tuple[Array, Array]],
        *,
        activation: str,
        classes: bool,
        optimizer: str,
        rate: float,
    ) -> None:
        dtype, rows = weights[0][0].dtype, len(batches[0][0])
        p = np.concatenate([np.vstack([w, b]).T.reshape(-1) for w, b in weights])
        g = np.zeros_like(p)
        shapes = [(w.shape[1], w.shape[0] + 1) for w, _ in weights]
        W, dW = views(p, shapes), views(g, shapes)
        # Under the activations of every layer but the last lies a row of ones.
        sizes = [w.shape[1] for w, _ in weights]
        heights = [(n + 1, rows) for n in sizes[:-1]] + [(sizes[-1], rows)]
        activations = np.ones(sum(h * w for h, w in heights), dtype)
        slopes, on = np.empty_like(activations), np.empty(activations.shape, bool)
        X = views(activations, heights)
        Y = [x[:n] for x, n in zip(X, sizes, strict=True)]
        slope = [s[:n] for s, n in zip(views(slopes, heights), sizes, strict=True)]
        dY = [np.empty((n, rows), dtype) for n in sizes]

        zero, one = np.array(0, dtype), np.array(1, dtype)
        curved = len(sizes) - classes
        update = updates(optimizer, p, g, rate)
        self._loss = np.empty((), dtype)
        self._batches = []
        for features, targets in batches:
            first = np.vstack([features.T, np.ones(rows)]).astype(dtype)
            target = np.ascontiguousarray(targets.T, dtype)
            calls: list[Call] = []
            for i, y in enumerate(Y):
                calls.append((np.dot, (W[i], first if i == 0 else X[i - 1], y)))
                if i < curved and activation == "tanh":
                    calls.append((np.tanh, (y, y)))
                elif i < curved:
                    calls.append((partial(np.maximum, out=y), (y, np.zeros_like(y))))
            calls += (cross_entropy if classes else squares)(Y[-1], target, dY[-1], self._loss)
            if activation == "tanh":
                calls.append((np.multiply, (activations, activations, slopes)))
                calls.append((np.subtract, (one, slopes, slopes)))
            else:
                calls.append((np.greater, (activations, zero, on)))
                calls.append((np.copyto, (slopes, on)))
            for i in reversed(range(len(Y))):
                if i < curved:
                    calls.append((np.multiply, (dY[i], slope[i], dY[i])))
                calls.append((np.dot, (dY[i], (first if i == 0 else X[i - 1]).T, dW[i])))
                if i > 0:
                    calls.append((np.dot, (W[i][:, :-1].T, dY[i], dY[i - 1])))
            self._batches.append([*calls, *update])


def views(flat: Array, shapes: Sequence[tuple[int, int]]) -> list[Array]:
    """Matrices that lie end to end in a vector."""
    starts = np.cumsum([0, *(h * w for h, w in shapes)])
    return [flat[a:b].reshape(s) for (a, b), s in zip(pairwise(starts), shapes, strict=True)]


def squares(y: Array, target: Array, dy: Array, loss: Array) -> list[Call]:
    """Mean squared error."""
    flat, scale = dy.reshape(-1), np.array(2 / dy.size, dy.dtype)
    return [
        (np.subtract, (y, target, dy)),
        (np.dot, (flat, flat, loss)),
        (np.divide, (loss, np.array(dy.size, dy.dtype), loss)),
        (np.multiply, (dy, scale, dy)),
    ]


def cross_entropy(
    z: Array, target: Array, dz: Array, loss: Array, whole: int | None = None
) -> list[Call]:
    """Mean softmax cross-entropy of logits (classes, rows), which are destroyed.

    With `whole`, these are some of so many rows, and only their share is computed.
    """
    rows, dtype = z.shape[1], z.dtype
    top, total, logs = (np.empty(rows, dtype) for _ in range(3))
    agreement, scale = np.empty((), dtype), np.array(1 / (whole or rows), dtype)
    return [
        (np.maximum.reduce, (z, 0, None, top)),
        (np.subtract, (z, top, z)),
        (np.exp, (z, dz)),
        (np.dot, (np.ones(len(z), dtype), dz, total)),
        (np.log, (total, logs)),
        (np.dot, (np.ones(rows, dtype), logs, loss)),
        (np.dot, (z.reshape(-1), target.reshape(-1), agreement)),
        (np.subtract, (loss, agreement, loss)),
        (np.multiply, (loss, scale, loss)),
        (np.divide, (dz, total, dz)),
        (np.subtract, (dz, target, dz)),
        (np.multiply, (dz, scale, dz)),
    ]


def updates(optimizer: str, p: Array, g: Array, rate: float) -> list[Call]:
    """The update of all parameters at once, with the optimizer's usual settings."""
    return {"sgd": descend, "momentum": momentum, "adam": adam}[optimizer](p, g, rate)


def descend(p: Array, g: Array, rate: float) -> list[Call]:
    """A step against the gradient."""
    part = np.empty_like(p)
    return [(np.multiply, (g, np.array(rate, p.dtype), part)), (np.subtract, (p, part, p))]


def momentum(p: Array, g: Array, rate: float) -> list[Call]:
    """A velocity that keeps nine tenths of itself."""
    speed, step = np.zeros_like(p), np.empty_like(p)
    return [
        (np.multiply, (speed, np.array(0.9, p.dtype), speed)),
        (np.add, (speed, g, speed)),
        (np.multiply, (speed, np.array(rate, p.dtype), step)),
        (np.subtract, (p, step, p)),
    ]


def adam(p: Array, g: Array, rate: float) -> list[Call]:
    """Adam on moments that are kept divided by 1 - beta: two passes fewer, the same step."""
    m, v = np.zeros_like(p), np.zeros_like(p)
    beta1, beta2 = np.array(BETA1, p.dtype), np.array(BETA2, p.dtype)
    epsilon, by = np.array(0, p.dtype), np.array(0, p.dtype)
    count = 0

    def correct() -> None:
        nonlocal count
        count += 1
        root = ((1 - BETA2**count) / (1 - BETA2)) ** 0.5
        by[...] = rate * (1 - BETA1) / (1 - BETA1**count) * root
        epsilon[...] = EPSILON * root

    calls: list[Call] = [(correct, ())]
    buffer = np.empty(min(len(p), PIECE), p.dtype)
    for start in range(0, len(p), PIECE):
        c = slice(start, start + PIECE)
        gradient, mean, square, weight = g[c], m[c], v[c], p[c]
        part = buffer[: len(weight)]
        calls += [
            (np.multiply, (mean, beta1, mean)),
            (np.add, (mean, gradient, mean)),
            (np.multiply, (gradient, gradient, part)),
            (np.multiply, (square, beta2, square)),
            (np.add, (square, part, square)),
            (np.sqrt, (square, part)),
            (np.add, (part, epsilon, part)),
            (np.divide, (mean, part, part)),
            (np.multiply, (part, by, part)),
            (np.subtract, (weight, part, weight)),
        ]
    return calls
