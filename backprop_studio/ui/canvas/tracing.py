"""One example on its way through the network, drawn on the wires and below the cards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from backprop_studio.autograd import Array
from backprop_studio.insight.flow import Flow
from backprop_studio.network import Wire
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import color_codes

LOW, HIGH = 1e-6, 10.0
"""The sizes that make the thinnest and the thickest wire: fixed, so that fading is seen."""

_SCALES = {False: 10.0, True: 0.1}
"""The number that gets the strongest colour, forward and back."""


@dataclass(frozen=True)
class Reading:
    """What a wire carries.

    Attributes
    ----------
    text
        Its size, for people.
    level
        Its size from 0 to 1, on a logarithmic scale from `LOW` to `HIGH`.
    backward
        Whether it is an error signal.
    """

    text: str
    level: float
    backward: bool


@dataclass(frozen=True)
class Picture:
    """A node's output for the example that is traced: a small image, and its size in words."""

    image: QImage
    text: str
    backward: bool


def readings(flow: Flow) -> dict[Wire, Reading]:
    """What each wire carries."""
    return {
        wire: Reading(_number(size), level(size), flow.backward)
        for wire, size in flow.wires.items()
    }


def pictures(flow: Flow) -> dict[str, Picture]:
    """The pictures of the nodes, by their ids."""
    sign = "Σ " if flow.backward else ""
    return {
        node: Picture(_image(array, flow.backward), sign + _number(flow.nodes[node]), flow.backward)
        for node, array in flow.pictures.items()
    }


def level(size: float) -> float:
    """Where a size lies between `LOW` and `HIGH`, from 0 to 1."""
    if not size > 0.0 or math.isnan(size):
        return 0.0
    place = math.log(size / LOW) / math.log(HIGH / LOW)
    return min(max(place, 0.0), 1.0)


def _number(size: float) -> str:
    return f"{size:.2g}"


def _image(array: Array, backward: bool) -> QImage:
    codes = color_codes(array, _SCALES[backward], log=True)
    pixels = np.ascontiguousarray(theme.diverging_lut(theme.current())[codes])
    rows, columns = array.shape
    made = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
    # The pixels belong to numpy and go when this function ends.
    return made.copy()
