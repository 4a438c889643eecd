"""Handwritten digits, 8 by 8 pixels: the test part of the UCI optical recognition data."""

from __future__ import annotations

import zipfile
import zlib

import numpy as np

from backprop_studio import assets
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.errors import StudioError

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
    # The file is opened here because np.load leaves it open when it is not a sound zip.
    with assets.path("datasets", "digits", "digits.npz").open("rb") as stream:
        try:
            arrays = np.load(stream, allow_pickle=False)
            images, labels = arrays["images"], arrays["labels"]
        except (ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise StudioError(
                "dataset-invalid", name=INFO.title, reason="its file digits.npz is damaged"
            ) from error
    return Dataset(
        id=INFO.id,
        title=INFO.title,
        summary=INFO.summary,
        x=images.reshape(len(images), -1).astype(np.float32) / np.float32(_DARKEST),
        y=labels.astype(np.int64),
        task=INFO.task,
        class_names=tuple(str(digit) for digit in range(INFO.target_width)),
        feature_names=tuple(
            f"row {row}, column {column}" for row in range(_SIDE) for column in range(_SIDE)
        ),
        image_shape=(_SIDE, _SIDE),
        citation=(
            "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits. "
            "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
        ),
        licence="CC BY 4.0",
    )
