"""The diagram as a picture: SVG, PDF or PNG."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QIODevice,
    QMarginsF,
    QRectF,
    QSignalBlocker,
    QSizeF,
    Qt,
)
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from backprop_studio.errors import ProjectError
from backprop_studio.project import write_atomically
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.picture_bytes import encoded, svg

FORMATS = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG"}
_MARGIN = 24.0
_SHARPNESS = 2.0
"""Pixels of a PNG for each unit of the scene."""

_LARGEST = 16_000
"""Pixels along a side of a PNG."""


def save_picture(
    scene: QGraphicsScene,
    content: QRectF,
    path: Path,
    only: Collection[QGraphicsItem] | None = None,
) -> None:
    """Write what a scene shows to a file whose ending says the format.

    In the dark theme its ground is drawn as well: light words would be lost on white paper.

    Parameters
    ----------
    scene
        What is drawn.
    content
        Which part of it.
    path
        Its ending is one of `FORMATS`.
    only
        What is seen of it; everything when left out.

    Raises
    ------
    ProjectError
        The file cannot be written; the one that was there is as it was.
    """
    if path.suffix not in FORMATS:
        raise ProjectError("export-unknown", path=path, known=", ".join(FORMATS))
    area = content.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    chosen = scene.selectedItems()
    # What is selected belongs to the work, not to the picture; nobody is told of it.
    signals = QSignalBlocker(scene)
    scene.clearSelection()
    # Not hidden: that would be news for whoever knows what is seen of the network.
    left_out = [] if only is None else [i for i in scene.items() if i not in only]
    opacities = [item.opacity() for item in left_out]
    for item in left_out:
        item.setOpacity(0.0)
    try:
        picture = {".svg": _svg, ".pdf": _pdf, ".png": _png}[path.suffix](scene, area)
    finally:
        for item, opacity in zip(left_out, opacities, strict=True):
            item.setOpacity(opacity)
        for item in chosen:
            item.setSelected(True)
        signals.unblock()
    # Qt, writing by itself, would not tell of a full disk.
    write_atomically(path, picture)


def _draw(scene: QGraphicsScene, painter: QPainter, room: QRectF, area: QRectF) -> None:
    if theme.current().name == "dark":
        painter.fillRect(room, theme.current().color("canvas"))
    scene.render(painter, room, area)


def _svg(scene: QGraphicsScene, area: QRectF) -> bytes:
    room = QRectF(0, 0, area.width(), area.height())
    return svg(area.size().toSize(), lambda painter: _draw(scene, painter, room, area))


def _pdf(scene: QGraphicsScene, area: QRectF) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    device = QPdfWriter(buffer)
    # A point of paper for a unit of the scene.
    device.setPageSize(QPageSize(QSizeF(area.size()), QPageSize.Unit.Point))
    device.setPageMargins(QMarginsF(0, 0, 0, 0))
    with QPainter(device) as painter:
        _draw(scene, painter, QRectF(painter.viewport()), area)
    return bytes(buffer.data().data())


def _png(scene: QGraphicsScene, area: QRectF) -> bytes:
    scale = min(_SHARPNESS, _LARGEST / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw(scene, painter, QRectF(image.rect()), area)
    return encoded(image)
