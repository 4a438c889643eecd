"""A picture of a few pixels: what a row of a data set looks like, or what is there for each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.scale_bar import color_codes, number

Floats = npt.NDArray[np.floating]


class PixelView(QWidget):
    """Draws an array of two axes without smoothing, and says the number of a pixel.

    Parameters
    ----------
    name
        For screen readers.
    side
        Pixels of the screen along the longer side.
    """

    def __init__(self, name: str, side: int = 72, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._pixels: Floats | None = None
        self._scale: float | None = None
        self._caption = ""
        self._chosen = False
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def pixels(self) -> Floats | None:
        """What is drawn."""
        return self._pixels

    def set_pixels(
        self, pixels: Floats | None, *, scale: float | None = None, caption: str = ""
    ) -> None:
        """Show other numbers.

        Parameters
        ----------
        pixels
            Of shape (height, width); None for nothing.
        scale
            The magnitude of the strongest colour, for numbers with a sign: blue is negative and
            orange is positive. Without it, the lowest number is the ground, the highest ink.
        caption
            Shown below.
        """
        if caption != self._caption:
            self._caption = caption
            self.updateGeometry()
        self._pixels = None if pixels is None else np.array(pixels, np.float64)
        self._scale = scale
        self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Draw a frame around it, or none."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height() if self._caption else 0
        return QSize(self._side, self._side + line)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _target(self) -> QRect:
        assert self._pixels is not None
        height, width = self._pixels.shape
        size = QSize(width, height).scaled(
            self._side - 4, self._side - 4, Qt.AspectRatioMode.KeepAspectRatio
        )
        target = QRect(2, 2, size.width(), size.height())
        target.moveCenter(QRect(0, 0, self._side, self._side).center())
        return target

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            if self._pixels is not None and self._pixels.size:
                target = self._target()
                codes = _colors(self._pixels, self._scale, now)
                height, width = codes.shape
                form = QImage.Format.Format_RGB32
                image = QImage(codes.data.cast("B"), width, height, width * 4, form)
                painter.drawImage(target, image)
                pen = QPen(QColor(now.accent), 3) if self._chosen else QPen(QColor(now.border), 1)
                painter.setPen(pen)
                painter.drawRect(QRectF(target).adjusted(-0.5, -0.5, 0.5, 0.5))
            if self._caption:
                painter.setPen(QColor(now.muted))
                line = self.fontMetrics().height()
                place = QRect(0, self._side, self.width(), line)
                text = self.fontMetrics().elidedText(
                    self._caption, Qt.TextElideMode.ElideRight, self.width()
                )
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._text_at(event), self)
            return True
        return super().event(event)

    def _text_at(self, event: QHelpEvent) -> str:
        if self._pixels is None or not self._target().contains(event.pos()):
            return self._caption or self.accessibleName()
        target = self._target()
        height, width = self._pixels.shape
        row = (event.y() - target.y()) * height // target.height()
        column = (event.x() - target.x()) * width // target.width()
        row, column = min(row, height - 1), min(column, width - 1)
        return self.tr("row {row}, column {column}: {number}").format(
            row=row, column=column, number=number(float(self._pixels[row, column]))
        )

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)


def _colors(pixels: Floats, scale: float | None, now: theme.Theme) -> npt.NDArray[np.uint32]:
    if scale is not None:
        return np.ascontiguousarray(theme.diverging_lut(now)[color_codes(pixels, scale, log=False)])
    finite = np.isfinite(pixels)
    some = pixels[finite]
    low, high = (float(some.min()), float(some.max())) if some.size else (0.0, 0.0)
    part = np.where(finite, (pixels - low) / ((high - low) or 1.0), 0.0)[..., None]
    ends = [np.array([c.red(), c.green(), c.blue()]) for c in map(now.color, ("surface", "text"))]
    rgb = np.rint(ends[0] + part * (ends[1] - ends[0])).astype(np.uint32)
    colors = 0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    colors[~finite] = QColor(now.nan).rgb()
    return np.ascontiguousarray(colors.astype(np.uint32))
