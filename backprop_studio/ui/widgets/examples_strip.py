"""A row of small pictures: what the rows of a data set look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, qRgb
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme


class ExamplesStrip(QWidget):
    """Shows as many pictures as there is room for, without smoothing. Hidden while it has none.

    They are a little smaller where that lets all of them be seen.
    """

    SIDE = 24
    GAP = 2
    SMALLEST = 20

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._codes: list[npt.NDArray[np.uint8]] = []
        self._images: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def count(self) -> int:
        """How many pictures it holds."""
        return len(self._codes)

    @property
    def shown(self) -> int:
        """How many of them there is room for."""
        return min(self.count, (self.width() + self.GAP) // (self.side() + self.GAP))

    def side(self) -> int:
        """Pixels of a picture's side in the room there is."""
        fits = (self.width() + self.GAP) // max(self.count, 1) - self.GAP
        return min(fits, self.SIDE) if fits >= self.SMALLEST else self.SIDE

    def set_pictures(self, pictures: npt.NDArray[np.float32]) -> None:
        """Show pictures.

        Parameters
        ----------
        pictures
            Array of shape (count, height, width). The lowest number of all takes the colour of the
            ground, the highest that of text.
        """
        self._codes = []
        if pictures.size:
            low, high = float(pictures.min()), float(pictures.max())
            scale = 255.0 / (high - low) if high > low else 0.0
            codes = np.rint((pictures - low) * scale).astype(np.uint8)
            self._codes = list(np.ascontiguousarray(codes))
        self._images = []
        self.setVisible(bool(self._codes))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(len(self._codes) * (self.SIDE + self.GAP) - self.GAP, self.SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.SIDE, self.SIDE)

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self._images = []
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._images:
            self._images = [picture(codes) for codes in self._codes]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        side = self.side()
        for k, image in enumerate(self._images[: self.shown]):
            place = QRect(k * (side + self.GAP), 0, side, side)
            size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(place.topLeft(), size)
            target.moveCenter(place.center())
            painter.drawImage(target, image)
        painter.end()


def picture(codes: npt.NDArray[np.uint8]) -> QImage:
    """A picture in the colours of the theme: 0 is the ground, 255 the text; (height, width)."""
    height, width = codes.shape
    image = QImage(codes.tobytes(), width, height, width, QImage.Format.Format_Indexed8).copy()
    now = theme.current()
    ground, ink = now.color("surface"), now.color("text")
    table = []
    for code in range(256):
        part = code / 255
        table.append(
            qRgb(
                round(ground.red() + part * (ink.red() - ground.red())),
                round(ground.green() + part * (ink.green() - ground.green())),
                round(ground.blue() + part * (ink.blue() - ground.blue())),
            )
        )
    image.setColorTable(table)
    return image
