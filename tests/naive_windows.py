"""Convolution and pooling written with loops, straight from their definitions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.windows import Window

Index = tuple[int, ...]


def visits(window: Window, size: Index) -> Iterator[tuple[Index, Index, Index | None]]:
    """Each place, each entry of the window, and where in the input it lies; None outside."""
    for place in np.ndindex(*window.places(size)):
        for entry in product(*(range(k) for k in window.kernel)):
            there = tuple(
                q * s + e * d - p
                for q, e, s, d, p in zip(
                    place, entry, window.stride, window.dilation, window.padding, strict=True
                )
            )
            inside = all(0 <= t < n for t, n in zip(there, size, strict=True))
            yield place, entry, there if inside else None


def convolve(window: Window, groups: int, x: Array, w: Array, b: Array | None = None) -> Array:
    out = np.zeros((len(x), len(w), *window.places(x.shape[2:])))
    seen, made = w.shape[1], len(w) // groups
    for place, entry, there in visits(window, x.shape[2:]):
        for o in range(len(w)) if there is not None else ():
            for c in range(seen):
                source = x[(slice(None), o // made * seen + c, *(there or ()))]
                out[(slice(None), o, *place)] += w[(o, c, *entry)] * source
    return out if b is None else out + b.reshape(-1, *(1,) * window.axes)


def convolve_back(window: Window, groups: int, x: Array, w: Array, g: Array) -> tuple[Array, Array]:
    """Gradients of input and weights."""
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    seen, made = w.shape[1], len(w) // groups
    for place, entry, there in visits(window, x.shape[2:]):
        for o in range(len(w)) if there is not None else ():
            for c in range(seen):
                at = (slice(None), o // made * seen + c, *(there or ()))
                signal = g[(slice(None), o, *place)]
                dx[at] += w[(o, c, *entry)] * signal
                dw[(o, c, *entry)] += x[at] @ signal
    return dx, dw


def pool(window: Window, kind: str, x: Array, g: Array | None = None) -> Array:
    """The largest or mean entries; with `g`, what of it goes to each entry."""
    places = window.places(x.shape[2:])
    out = np.full((*x.shape[:2], *places), -np.inf if kind == "max" else 0.0)
    winner: dict[Index, Index] = {}
    back = np.zeros(x.shape)
    for place, _, there in visits(window, x.shape[2:]):
        for row in np.ndindex(*x.shape[:2]) if there is not None else ():
            at, source = (*row, *place), (*row, *(there or ()))
            if kind == "mean":
                out[at] += x[source] / window.count
                back[source] += 0.0 if g is None else g[at] / window.count
            elif x[source] > out[at]:  # of equal ones, the first stays
                out[at] = x[source]
                winner[at] = source
    for at, source in winner.items():
        back[source] += 0.0 if g is None else g[at]
    return out if g is None else back
