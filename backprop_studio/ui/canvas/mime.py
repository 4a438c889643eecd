"""How a layer travels from the palette to the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from backprop_studio.nn import nodes

LAYER_MIME = "application/x-backprop-layer"
"""Type of the dragged data: the id of a layer, as UTF-8."""

_LONGEST = 200


def encode(layer_id: str) -> QMimeData:
    """Drag data that carry a layer id."""
    data = QMimeData()
    data.setData(LAYER_MIME, layer_id.encode())
    return data


def decode(data: QMimeData) -> str | None:
    """The layer id in drag data; None when there is none or no layer is called so."""
    if not data.hasFormat(LAYER_MIME):
        return None
    # Another program may offer anything under this name.
    raw = bytes(data.data(LAYER_MIME).data())[:_LONGEST]
    layer_id = raw.decode(errors="replace")
    return layer_id if layer_id in nodes() else None
