"""How parameters start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Initializer


@dataclass(frozen=True)
class Normal:
    """Normal numbers around zero with this standard deviation."""

    deviation: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.standard_normal(shape) * self.deviation


@dataclass(frozen=True)
class Uniform:
    """Even numbers between minus `limit` and `limit`."""

    limit: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.uniform(-self.limit, self.limit, shape)


@dataclass(frozen=True)
class Zeros:
    """All zero."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape)


@dataclass(frozen=True)
class Ones:
    """All one."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.ones(shape)


CHOICES = {
    "he": "He (for ReLU)",
    "xavier": "Xavier (for tanh, sigmoid)",
    "zeros": "Zeros",
}
"""Schemes by key, with the label of each."""


def scheme(key: str, fan_in: int, fan_out: int) -> Initializer:
    """The initializer of a weight with this many inputs and outputs.

    Sources: He et al. 2015, equation 10 (`he`, normal); Glorot and Bengio 2010, equation 16
    (`xavier`, uniform).

    Raises
    ------
    KeyError
        There is no scheme with this key.
    """
    match key:
        case "he":
            return Normal((2.0 / fan_in) ** 0.5)
        case "xavier":
            return Uniform((6.0 / (fan_in + fan_out)) ** 0.5)
        case "zeros":
            return Zeros()
    raise KeyError(key)
