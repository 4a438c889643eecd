"""What an example of an op is, and numbers for its inputs. The examples' families share these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Op
from backprop_studio.autograd.op import RunContext
from tests.programs import Scattered

N = 7
"""Rows of a batch in the examples; no other dimension has this size."""

MOMENT = RunContext()
"""When the examples are computed: at the last batch of the fourth epoch."""
MOMENT.seed, MOMENT.iteration, MOMENT.batches_per_epoch = 5, 11, 3


def some(*shape: int, seed: int = 0) -> Array:
    """Numbers off every kink, different for each shape and seed."""
    return Scattered().sample(np.random.default_rng([seed, *shape]), shape)


def softmax(z: Array) -> Array:
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


@dataclass(frozen=True, eq=False)
class Example:
    """An op with inputs, what it must give for them, and the inputs that have a gradient."""

    op: Op
    inputs: tuple[Array, ...]
    expected: Callable[..., tuple[Array, ...]]
    wrt: tuple[int, ...] = ()
