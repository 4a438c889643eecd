"""Handwritten digits, 8 by 8 pixels: the test part of the UCI optical recognition data."""

from __future__ import annotations

import numpy as np

from backprop_studio.data._shipped import arrays, pixel_names
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
    images, labels = arrays("digits", INFO.title, "images", "labels")
    return Dataset(
        id=INFO.id,
        title=INFO.title,
        summary=INFO.summary,
        x=images.reshape(len(images), -1).astype(np.float32) / np.float32(_DARKEST),
        y=labels.astype(np.int64),
        task=INFO.task,
        class_names=tuple(str(digit) for digit in range(INFO.target_width)),
        feature_names=pixel_names(_SIDE, _SIDE),
        image_shape=(_SIDE, _SIDE),
        citation=(
            "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits. "
            "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
        ),
        licence="CC BY 4.0",
    )
