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
class Constant:
    """The same number everywhere, so that all units of a layer start, and stay, alike."""

    value: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.full(shape, self.value)


@dataclass(frozen=True)
class Orthogonal:
    """Columns (or rows, whichever are fewer) of length one at right angles to each other.

    The Q of a normal matrix's QR decomposition, columns turned so that R's diagonal is positive:
    without that, Q is not evenly spread over all such matrices. Saxe, McClelland and Ganguli
    2014, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*;
    Mezzadri 2007, section 5, for the signs. With more than two dimensions, the last one counts
    the columns.
    """

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        columns = shape[-1]
        rows = int(np.prod(shape[:-1]))
        normal = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
        return np.ascontiguousarray(q if rows >= columns else q.T).reshape(shape)


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


@dataclass(frozen=True)
class SideBySide:
    """Blocks of columns, each drawn for itself: the weights of several gates in one matrix."""

    block: Initializer
    count: int

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        part = (*shape[:-1], shape[-1] // self.count)
        return np.concatenate([self.block.sample(rng, part) for _ in range(self.count)], axis=-1)


@dataclass(frozen=True)
class Levels:
    """Blocks of equal size, each with one value: biases of which some do not start at zero."""

    values: tuple[float, ...]

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.repeat(np.array(self.values), shape[-1] // len(self.values))


@dataclass(frozen=True)
class Listed:
    """Numbers that somebody wrote down, row by row."""

    values: tuple[float, ...]

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.array(self.values).reshape(shape)


CHOICES = {
    "he": "He (for ReLU)",
    "he_uniform": "He, uniform",
    "xavier": "Xavier (for tanh, sigmoid)",
    "xavier_normal": "Xavier, normal",
    "orthogonal": "Orthogonal",
    "normal": "Normal",
    "uniform": "Uniform",
    "constant": "Constant",
    "zeros": "Zeros",
}
"""Schemes by key, with the label of each."""

SCALE = 0.1
"""Standard deviation, limit or value of the schemes that do not look at a layer's size."""


SCALED = frozenset({"normal", "uniform", "constant"})
"""Keys of the schemes that use their scale."""


def scheme(key: str, fan_in: int, fan_out: int, scale: float = SCALE) -> Initializer:
    """The initializer of a weight with this many inputs and outputs.

    `he` is normal and `he_uniform` has the same variance: He et al. 2015, equation 10. `xavier`
    is uniform, Glorot and Bengio 2010, equation 16; `xavier_normal` has the same variance,
    equation 12. `orthogonal`: Saxe et al. 2014. They are PyTorch's `kaiming_normal_` and
    `kaiming_uniform_` for ReLU, and `xavier_uniform_`, `xavier_normal_` and `orthogonal_` with
    gain 1. `scale` is the standard deviation of `normal`, the limit of `uniform` (from minus to
    plus it, other than PyTorch's from 0 to 1) and the value of `constant`; the others ignore it.

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
        case "he_uniform":
            return Uniform((6.0 / fan_in) ** 0.5)
        case "xavier_normal":
            return Normal((2.0 / (fan_in + fan_out)) ** 0.5)
        case "orthogonal":
            return Orthogonal()
        case "normal":
            return Normal(scale)
        case "uniform":
            return Uniform(scale)
        case "constant":
            return Constant(scale)
        case "zeros":
            return Zeros()
    raise KeyError(key)
