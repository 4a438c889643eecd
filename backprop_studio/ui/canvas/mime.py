"""How a layer, or a whole network to begin with, travels from the palette to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes

LAYER_MIME = "application/x-backprop-layer"
"""Type of the dragged data: the id of a layer or `of_preset`, as UTF-8."""

_PRESET = "preset:"

_LONGEST = 200


def encode(layer_id: str) -> QMimeData:
    """Drag data that carry the id of a layer, or that of a network by `of_preset`."""
    data = QMimeData()
    data.setData(LAYER_MIME, layer_id.encode())
    return data


def decode(data: QMimeData) -> str | None:
    """The id in drag data; None when there is none or neither layer nor network is called so."""
    if not data.hasFormat(LAYER_MIME):
        return None
    # Another program may offer anything under this name.
    raw = bytes(data.data(LAYER_MIME).data())[:_LONGEST]
    layer_id = raw.decode(errors="replace")
    return layer_id if layer_id in nodes() or preset_in(layer_id) is not None else None


def of_preset(key: str) -> str:
    """The id by which a network of `PRESETS` travels; some are called as layers are."""
    return _PRESET + key


def preset_in(dragged: str) -> str | None:
    """The key in `PRESETS` of what travels by this id; None for a layer."""
    key = dragged.removeprefix(_PRESET)
    return key if dragged.startswith(_PRESET) and key in PRESETS else None
