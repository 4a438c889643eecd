"""Which axis holds the features. Lists and sequences have them last, images have channels first."""

from __future__ import annotations

from backprop_studio.autograd import Shape
from backprop_studio.errors import ShapeError

CHOICES = {
    "last": "Last (features)",
    "first": "First after the batch (channels)",
}
"""Keys in files, with the label of each."""


def index(name: str, key: str, shape: Shape) -> int:
    """The index of the axis that `key` means in an array of this shape.

    Raises
    ------
    ShapeError
        There is no axis beside the batch; the layer is called `name`.
    """
    if len(shape) < 2:
        raise ShapeError.of(name, "N×features", shape)
    return 1 if key == "first" else len(shape) - 1
