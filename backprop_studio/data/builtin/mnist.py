"""Handwritten digits, 28 by 28 pixels: 5,000 of the digits of MNIST."""

from __future__ import annotations

from backprop_studio.data._shipped import digits
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task

_SIDE = 28
_DARKEST = 255

INFO = DatasetInfo(
    id="mnist",
    title="MNIST digits",
    summary=(
        "5,000 of the handwritten digits of MNIST, 500 of each, as grey pictures of 28 by 28 "
        "pixels. Which digit is it?"
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(_SIDE * _SIDE,),
    target_width=10,
    image_shape=(_SIDE, _SIDE),
    size=5000,
)


def load() -> Dataset:
    """Read the digits: `x` float32 (5000, 784), ink from 0 to 1, row-major; `y` (5000,), sorted.

    Raises
    ------
    FileNotFoundError
        If ``mnist.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return digits(
        INFO,
        _DARKEST,
        citation=(
            "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning applied "
            "to document recognition. Proceedings of the IEEE 86(11), 2278-2324."
        ),
        licence="none stated by the authors; CC BY-SA 3.0 by the documentation of Keras",
    )
