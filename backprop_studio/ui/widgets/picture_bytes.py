"""What a widget paints, as the bytes of a picture file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

Paint = Callable[[QPainter], object]

_SHARPNESS = 2
"""Pixels of a PNG for each one on the screen."""


def png(size: QSize, paint: Paint) -> bytes:
    """A PNG of what `paint` draws in an area of this size."""
    image = QImage(size * _SHARPNESS, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(_SHARPNESS, _SHARPNESS)
        paint(painter)
    return encoded(image)


def encoded(image: QImage) -> bytes:
    """An image as a PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def svg(size: QSize, paint: Paint) -> bytes:
    """An SVG of what `paint` draws in an area of this size."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    device = QSvgGenerator()
    device.setOutputDevice(buffer)
    device.setSize(size)
    # That of the screen: pictures inside the picture are scaled by what they differ.
    device.setResolution(QImage(1, 1, QImage.Format.Format_RGB32).logicalDpiX())
    device.setViewBox(QRectF(0, 0, size.width(), size.height()))
    device.setTitle("Backprop Studio")
    with QPainter(device) as painter:
        paint(painter)
    return bytes(buffer.data().data())
