"""The distribution function of the normal distribution, which numpy does not have."""

from __future__ import annotations

from functools import partial

import numpy as np

from backprop_studio.autograd.op import Call
from backprop_studio.autograd.symbol import Array

# Coefficients from the highest power down. Cody, "Rational Chebyshev approximations for the error
# function", Mathematics of Computation 23 (1969) 631-637: erf(z) = z A(z²) / B(z²) up to 0.46875,
# erfc(z) = exp(-z²) C(z) / D(z) above. Beyond 4 he has a third pair, for small relative errors;
# the second one is still right to 1e-22 there, so it serves.
_A = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_B = (
    1.0,
    2.36012909523441209e1,
    2.44024637934444173e2,
    1.28261652607737228e3,
    2.84423683343917062e3,
)
_C = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_D = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
_NEAR = 0.46875
_FAR = 40.0
"""From here on exp(-z²) is zero; larger arguments are cut, so that no power overflows."""

_CHUNK = 8192
"""Entries that are worked on at a time, so that the scratch stays in the processor's cache."""


def normal_cdf(x: Array, out: Array) -> list[Call]:
    """Calls that write `(1 + erf(x / √2)) / 2` of each entry of `x` to `out`.

    The error is below 3e-16 in double precision. Single precision is computed in double and
    rounded once. In the left tail the value itself is accurate, not only its distance from zero.

    Parameters
    ----------
    x, out
        Arrays of the same shape, each in one piece.
    """
    source, target = x.reshape(-1), out.reshape(-1)
    size = min(_CHUNK, source.size)
    scratch = np.empty((5, size))
    masks = np.empty((2, size), bool)
    calls: list[Call] = []
    for start in range(0, source.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        width = len(source[part])
        calls += _calls(source[part], target[part], scratch[:, :width], masks[:, :width])
    return calls


def _calls(x: Array, out: Array, scratch: Array, masks: Array) -> list[Call]:
    z, power, above, below, tail = scratch
    near, right = masks
    half, one = np.array(0.5), np.array(1.0)
    return [
        (np.multiply, (x, np.array(0.5**0.5), z)),
        (np.greater, (z, np.array(0.0), right)),
        (np.absolute, (z, z)),
        (partial(np.minimum, out=z), (z, np.array(_FAR))),
        (np.less_equal, (z, np.array(_NEAR), near)),
        (np.multiply, (z, z, power)),
        # Half of erfc(z), far from zero …
        *_polynomial(_C, z, above),
        *_polynomial(_D, z, below),
        (np.divide, (above, below, tail)),
        (np.negative, (power, above)),
        (np.exp, (above, above)),
        (np.multiply, (tail, above, tail)),
        (np.multiply, (tail, half, tail)),
        # … and near it, as half of 1 - erf(z).
        *_polynomial(_A, power, above),
        *_polynomial(_B, power, below),
        (np.divide, (above, below, above)),
        (np.multiply, (above, z, above)),
        (np.subtract, (one, above, above)),
        (np.multiply, (above, half, above)),
        (partial(np.copyto, where=near), (tail, above)),
        (np.subtract, (one, tail, above)),
        (partial(np.copyto, where=right), (tail, above)),
        (np.copyto, (out, tail)),
    ]


def _polynomial(coefficients: tuple[float, ...], x: Array, out: Array) -> list[Call]:
    """Horner's rule."""
    first, second, *others = (np.array(c) for c in coefficients)
    calls: list[Call] = [(np.multiply, (x, first, out)), (np.add, (out, second, out))]
    for c in others:
        calls += [(np.multiply, (out, x, out)), (np.add, (out, c, out))]
    return calls
