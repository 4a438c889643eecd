"""Handwritten digits, 8 by 8 pixels: the test part of the UCI optical recognition data."""

from __future__ import annotations

from backprop_studio.data._shipped import digits
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task

_SIDE = 8
_DARKEST = 16  # a pixel counts the inked ones among 4 by 4 finer pixels

INFO = DatasetInfo(
    id="digits",
    title="Handwritten digits",
    summary=(
        "1797 digits written by 13 people, each a grey picture of 8 by 8 pixels. Which digit is it?"
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(_SIDE * _SIDE,),
    target_width=10,
    image_shape=(_SIDE, _SIDE),
)


def load() -> Dataset:
    """Read the digits: `x` float32 (1797, 64), ink from 0 to 1 in row-major order; `y` (1797,).

    Raises
    ------
    FileNotFoundError
        If ``digits.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return digits(
        INFO,
        _DARKEST,
        citation=(
            "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits. "
            "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
        ),
        licence="CC BY 4.0",
    )
