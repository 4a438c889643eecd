"""Arithmetic of plots: ends of axes that move in steps, the point nearest to a place."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

_FLAT = 1e-300
"""Ranges below this are no range: their powers of ten cannot be written."""

_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def stepped(
    low: float, high: float, last: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Round ends around a range of numbers.

    Parameters
    ----------
    low, high : float
        The smallest and largest number to show.
    last : (float, float), optional
        The ends now. They stay while the numbers fit and fill a quarter of them.

    Returns
    -------
    (float, float)
        Ends on round numbers; zero is one of them when the numbers lie on one side of it and
        reach over half of the way there.
    """
    if last is not None and last[0] <= low and high <= last[1]:
        used = max(high - low, high if last[0] == 0.0 else 0.0)
        if used >= 0.25 * (last[1] - last[0]):
            return last
    if high - low < _FLAT:
        around = abs(high) * 0.5 or 0.5
        low, high = low - (0.0 if low == 0 else around), high + around
    if low >= 0 and low < 0.5 * high:
        return 0.0, _up(high)
    if high <= 0 and high > 0.5 * low:
        return -_up(-low), 0.0
    unit = _up((high - low) * 1.05) / 10
    bottom, top = math.floor(low / unit), math.ceil(high / unit)
    # A quotient too small for a float is zero, which is on the wrong side of the number.
    bottom -= bottom * unit > low
    top += top * unit < high
    return bottom * unit, top * unit


def decades(
    low: float, high: float, last: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Ends around a range of base-10 logarithms, on halves of a decade, at least one apart."""
    if last is not None and last[0] <= low and high <= last[1]:
        span = last[1] - last[0]
        if high - low >= 0.25 * span or span <= 1.0:
            return last
    bottom, top = math.floor(low * 2) / 2, math.ceil(high * 2) / 2
    if top - bottom < 1.0:
        bottom, top = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
    return float(bottom), float(top)


def _up(value: float) -> float:
    """The next round number at or above a positive number."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 20.0) if step * power >= value)


def number_exact(value: np.generic | float) -> str:
    """The shortest digits that give back this very number, with a true minus sign."""
    text = str(value)
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


def nearest(xs: Floats, x: float) -> int | None:
    """Index of the entry nearest to `x` in ascending `xs`."""
    if len(xs) == 0:
        return None
    right = int(np.searchsorted(xs, x))
    if right == 0:
        return 0
    if right == len(xs):
        return right - 1
    return right if xs[right] - x < x - xs[right - 1] else right - 1


def limits_of(x: Floats, y: Floats, *, log: bool) -> tuple[float, float, float, float] | None:
    """Ends of a curve on both axes, without points that have no place on them."""
    shown = np.isfinite(y) & (y > 0) if log else np.isfinite(y)
    if not shown.all():
        x, y = x[shown], y[shown]
    if len(x) == 0:
        return None
    low, high = float(y.min()), float(y.max())
    if log:
        low, high = math.log10(low), math.log10(high)
    return float(x[0]), float(x[-1]), low, high


def fitting(
    curves: Iterable[tuple[Floats, Floats]],
    last: tuple[float, float, float, float] | None,
    *,
    log: bool,
) -> tuple[float, float, float, float]:
    """Ends of axes that all curves fit on: left, right, bottom, top.

    Parameters
    ----------
    curves
        x and y of each.
    last
        The ends until now, which are kept while they fit.
    log
        Whether the y-axis is logarithmic; its ends are then powers of ten.
    """
    found = [limit for xy in curves if (limit := limits_of(*xy, log=log)) is not None]
    if found:
        low_x, high_x = min(f[0] for f in found), max(f[1] for f in found)
        low_y, high_y = min(f[2] for f in found), max(f[3] for f in found)
    else:
        low_x, high_x, low_y, high_y = 0.0, 10.0, 0.0, 0.0 if log else 1.0
    up = decades if log else stepped
    across = stepped(low_x, high_x, last[:2] if last else None)
    return (*across, *up(low_y, high_y, last[2:] if last else None))
