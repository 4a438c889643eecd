"""The diagram as a picture: SVG, PDF or PNG."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSignalBlocker, QSizeF, Qt
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsScene

from backprop_studio.errors import ProjectError
from backprop_studio.project import check_writable
from backprop_studio.ui import theme

FORMATS = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG"}
_MARGIN = 24.0
_SHARPNESS = 2.0
"""Pixels of a PNG for each unit of the scene."""

_LARGEST = 16_000
"""Pixels along a side of a PNG."""


def save_picture(scene: QGraphicsScene, content: QRectF, path: Path) -> None:
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

    Raises
    ------
    ProjectError
        The file cannot be written; the one that was there is as it was.
    """
    if path.suffix not in FORMATS:
        raise ProjectError("export-unknown", path=path, known=", ".join(FORMATS))
    check_writable(path)
    area = content.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    aside = path.with_name(f".{path.stem}.part{path.suffix}")
    chosen = scene.selectedItems()
    # What is selected belongs to the work, not to the picture; nobody is told of it.
    signals = QSignalBlocker(scene)
    scene.clearSelection()
    try:
        done = {".svg": _svg, ".pdf": _pdf, ".png": _png}[path.suffix](scene, area, aside)
        if not done:
            raise ProjectError("file-unwritable", path=path, reason="the picture was not made")
        aside.replace(path)
    finally:
        for item in chosen:
            item.setSelected(True)
        signals.unblock()
        aside.unlink(missing_ok=True)


def _draw(scene: QGraphicsScene, painter: QPainter, room: QRectF, area: QRectF) -> None:
    if theme.current().name == "dark":
        painter.fillRect(room, theme.current().color("canvas"))
    scene.render(painter, room, area)


def _svg(scene: QGraphicsScene, area: QRectF, file: Path) -> bool:
    device = QSvgGenerator()
    device.setFileName(str(file))
    device.setSize(area.size().toSize())
    device.setViewBox(QRectF(0, 0, area.width(), area.height()))
    device.setTitle("Backprop Studio")
    painter = QPainter(device)
    _draw(scene, painter, QRectF(0, 0, area.width(), area.height()), area)
    return painter.end()


def _pdf(scene: QGraphicsScene, area: QRectF, file: Path) -> bool:
    device = QPdfWriter(str(file))
    # A point of paper for a unit of the scene.
    device.setPageSize(QPageSize(QSizeF(area.size()), QPageSize.Unit.Point))
    device.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(device)
    if not painter.isActive():
        return False
    _draw(scene, painter, QRectF(painter.viewport()), area)
    return painter.end()


def _png(scene: QGraphicsScene, area: QRectF, file: Path) -> bool:
    scale = min(_SHARPNESS, _LARGEST / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw(scene, painter, QRectF(image.rect()), area)
    painter.end()
    return image.save(str(file))
