"""A table of numbers as the pixels of a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from backprop_studio.ui.widgets.sampling import Floats, centres, mean, pool
from backprop_studio.ui.widgets.scale_bar import color_codes

Pixels = npt.NDArray[np.uint32]


def raster(
    table: Floats,
    size: tuple[int, int],
    lut: Pixels,
    *,
    scale: float,
    log: bool,
    average: bool = False,
) -> Pixels:
    """Stretch a table to a picture, each number in its colour.

    Where there are more pixels than entries, an entry is a block of one colour (nearest
    sampling). Where there are fewer, a pixel shows the entry of largest magnitude under it, and
    a value that is not finite wins over all; or, with `average`, the mean of the entries.

    Parameters
    ----------
    table : Array of shape (rows, columns), not empty
        The numbers.
    size : tuple of int
        Height and width of the picture in pixels, at least 1.
    lut : uint32 Array of shape (256,)
        Colours of the codes; see `theme.diverging_lut`.
    scale, log
        As for `color_codes`.
    average
        Show means.

    Returns
    -------
    uint32 Array of shape (height, width), ``0xffrrggbb``
    """
    height, width = size
    shrink = mean if average else pool
    pooled = shrink(shrink(table, height).T, width).T
    codes = color_codes(pooled, scale, log=log)
    codes = codes[centres(height, codes.shape[0])][:, centres(width, codes.shape[1])]
    return np.ascontiguousarray(lut[codes])


def fill_gaps(pixels: Pixels, gaps: npt.NDArray[np.bool_], colour: int) -> None:
    """Paint those places of a picture that belong to no entry, as `raster` stretches them."""
    down, across = (centres(n, m) for n, m in zip(pixels.shape, gaps.shape, strict=True))
    pixels[gaps[down][:, across]] = colour
