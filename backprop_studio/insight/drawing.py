"""A drawing by hand, made like the pictures of a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.insight import using
from backprop_studio.training import Session

_INK = 0.2
"""A pixel belongs to what is drawn when it has this share of the darkest ink."""

_FINE = 8
"""Parts that a side of a pixel is divided into, to find how much ink is on it."""


@dataclass(frozen=True)
class Frame:
    """Where the pictures of a data set have their ink.

    Attributes
    ----------
    shape
        Height and width in pixels.
    height, width
        Of the box around the ink, in pixels: of half of the pictures it is no larger.
    y, x
        The middle of that box.
    low, high
        Numbers of a pixel without ink, and of the darkest one.
    """

    shape: tuple[int, int]
    height: float
    width: float
    y: float
    x: float
    low: float
    high: float


def frame(pictures: Array) -> Frame:
    """Measure where pictures of shape (count, height, width) have their ink."""
    low, high = float(pictures.min()), float(pictures.max())
    ink = pictures > low + _INK * (high - low)
    boxes = [box for box in (_box(picture) for picture in ink) if box is not None]
    shape = (pictures.shape[1], pictures.shape[2])
    if not boxes:
        height, width = map(float, shape)
        return Frame(shape, height, width, height / 2, width / 2, low, high)
    top, bottom, left, right = np.array(boxes, float).T
    widest = np.percentile(right - left, 90)
    return Frame(
        shape,
        float(np.median(bottom - top)),
        float(widest),
        float(np.median((top + bottom) / 2)),
        float(np.median((left + right) / 2)),
        low,
        high,
    )


def frame_of(session: Session) -> Frame | None:
    """The frame of a session's data; None where they are no pictures."""
    dataset = using.dataset_of(session)
    if dataset.image_shape is None:
        return None
    some = dataset.x[:: max(1, dataset.size // 1000)]
    return frame(some.reshape(len(some), *dataset.image_shape))


def like(ink: Array, wanted: Frame) -> Array:
    """A drawing as large as the pictures of the data are, and where they are.

    The box around the ink is scaled, keeping its proportions, to the usual height, or less where
    it would be too wide, and put in the usual place. A pixel is as dark as its share of ink.

    Parameters
    ----------
    ink
        Of shape (height, width), from 0 without ink to 1.
    wanted
        What the pictures are like.

    Returns
    -------
    Array of shape `wanted.shape`
    """
    box = _box(ink > _INK)
    if box is None:
        return np.full(wanted.shape, wanted.low)
    top, bottom, left, right = box
    scale = min(wanted.height / (bottom - top), wanted.width / (right - left))
    rows, columns = (np.arange(n * _FINE) / _FINE + 0.5 / _FINE for n in wanted.shape)
    # Where each fine part of a pixel comes from.
    y = (rows - wanted.y) / scale + (top + bottom) / 2
    x = (columns - wanted.x) / scale + (left + right) / 2
    inside = ((y >= 0) & (y < ink.shape[0]))[:, None] & ((x >= 0) & (x < ink.shape[1]))[None, :]
    taken = ink[
        np.clip(y.astype(int), 0, ink.shape[0] - 1)[:, None],
        np.clip(x.astype(int), 0, ink.shape[1] - 1)[None, :],
    ]
    fine = np.where(inside, taken, 0.0)
    height, width = wanted.shape
    share = fine.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3))
    return np.asarray(wanted.low + share * (wanted.high - wanted.low))


def _box(ink: Array) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right of the ink, the ends past it; None without any."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
