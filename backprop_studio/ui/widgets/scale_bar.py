"""The one colour scale of all heatmaps: numbers to colour codes, and the legend that shows it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.uint8]

LOG_DECADES = 4
"""How many powers of ten below the scale the logarithmic colours still tell apart."""


def color_codes(values: Floats, scale: float, *, log: bool) -> Codes:
    """Colour codes of numbers on a symmetric scale; see `theme.diverging_lut` for the codes.

    Linear: ``u = x / scale``. Logarithmic: ``u = sign(x) log(1 + |x| / e) / log(1 + scale / e)``
    with ``e = scale / 10**LOG_DECADES``. Both are fixed by `scale` alone: the same number gets
    the same colour in every tile and at every step. `u` is cut to [-1, 1] and rounded to 1/127;
    a value that is not finite gets a code of its own.

    Parameters
    ----------
    values : Array of any shape
        Numbers to colour.
    scale : float
        The magnitude that gets the strongest colour. Where it is not positive and finite,
        only the sign is shown.
    log : bool
        Logarithmic, so that a gradient a thousand times smaller than another still shows.

    Returns
    -------
    Array of the same shape, uint8
    """
    finite = np.isfinite(values)
    x = values if finite.all() else np.where(finite, values, 0)
    if not (math.isfinite(scale) and scale > 0):
        unit = np.sign(x)
    elif log:
        unit = np.abs(x) * (10**LOG_DECADES / scale)
        unit += 1.0
        np.log(unit, out=unit)
        unit *= 1.0 / math.log1p(10**LOG_DECADES)
        unit = np.copysign(unit, x)
    else:
        unit = x * (1.0 / scale)
    signed = np.rint(np.clip(unit, -1.0, 1.0) * 127.0).astype(np.int8)
    if x is not values:
        signed[~finite] = -128
    return signed.view(np.uint8)


def number(value: float) -> str:
    """A number short enough for a label: four significant digits, a true minus sign."""
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def small_font(widget: QWidget) -> QFont:
    """The widget's font, a little smaller, for numbers beside titles."""
    font = QFont(widget.font())
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * 0.88)
    return font


def paint_strip(painter: QPainter, strip: QRectF, colors: npt.NDArray[np.uint32]) -> None:
    """Paint colours side by side, each as wide as the others, in a frame.

    Parameters
    ----------
    painter
        Its pen is another one afterwards.
    strip
        Where.
    colors
        ``0xffrrggbb``, of shape (colours,).
    """
    row = np.ascontiguousarray(colors)
    form = QImage.Format.Format_RGB32
    painter.drawImage(strip, QImage(row.data.cast("B"), len(row), 1, len(row) * 4, form))
    painter.setPen(QColor(theme.current().border_strong))
    painter.drawRect(strip)


class ColorScaleBar(QWidget):
    """Legend shared by all heatmaps: a strip of colour with -s, 0 and +s under it."""

    _STRIP = 12

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = 1.0
        self._log = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_scale(1.0)

    @property
    def scale(self) -> float:
        """The magnitude at the ends."""
        return self._scale

    @property
    def log(self) -> bool:
        """True when the colours are logarithmic."""
        return self._log

    def set_scale(self, scale: float, *, log: bool = False) -> None:
        """Show another scale."""
        if (scale, log) == (self._scale, self._log) and self.accessibleName():
            return
        self._scale = scale
        self._log = log
        kind = self.tr("logarithmic") if log else self.tr("linear")
        self.setAccessibleName(self.tr("Colour scale"))
        text = self.tr("{kind}: blue is negative, to {low}; orange is positive, to {high}").format(
            kind=kind, low=number(-scale), high=number(scale)
        )
        self.setAccessibleDescription(text)
        self.setToolTip(text + "\n" + self.tr("Magenta marks NaN and infinity"))
        self.update()

    def ticks(self) -> list[tuple[float, str]]:
        """Where the numbers stand, -1 to 1 along the strip, and what they say."""
        values = [-self._scale, 0.0, self._scale]
        if self._log:
            inner = self._scale / 100
            values[1:1] = [-inner]
            values.insert(3, inner)
        places = []
        for value in values:
            unit = value / self._scale if self._scale else 0.0
            if self._log:
                unit = math.copysign(
                    math.log1p(abs(unit) * 10**LOG_DECADES) / math.log1p(10**LOG_DECADES), unit
                )
            places.append((unit, ("+" if value > 0 else "") + number(value)))
        return places

    def sizeHint(self) -> QSize:
        return QSize(300, self._STRIP + self.fontMetrics().height() + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        lut = theme.diverging_lut(now)
        with QPainter(self) as painter:
            painter.setFont(small_font(self))
            metrics = painter.fontMetrics()
            nan_width = metrics.horizontalAdvance("NaN") + 4
            strip = QRectF(0.5, 0.5, max(self.width() - nan_width - 13, 20), self._STRIP)
            paint_strip(painter, strip, lut[np.arange(-127, 128) % 256])
            swatch = QRectF(self.width() - nan_width + 0.5, 0.5, nan_width - 1, self._STRIP)
            painter.fillRect(swatch, QColor(now.nan))
            painter.drawRect(swatch)

            baseline = QRectF(0, self._STRIP + 4, 0, metrics.height())
            centre = strip.center().x()
            marks = []
            for unit, text in self.ticks():
                x = centre + unit * strip.width() / 2
                width = metrics.horizontalAdvance(text)
                left = min(max(x - width / 2, 0.0), strip.right() - width + 1)
                marks.append((x, left, width, text))
            if any(a[1] + a[2] + 6 > b[1] for a, b in pairwise(marks)):
                # No room for the inner numbers of a log scale: the ends and zero are enough.
                marks = [marks[0], marks[len(marks) // 2], marks[-1]]
            for x, left, width, text in marks:
                painter.setPen(QColor(now.border_strong))
                painter.drawLine(int(x), self._STRIP, int(x), self._STRIP + 3)
                painter.setPen(QColor(now.muted))
                painter.drawText(
                    QRectF(left, baseline.y(), width + 2, baseline.height()),
                    Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                    text,
                )
            painter.setPen(QColor(now.muted))
            painter.drawText(
                QRectF(swatch.left(), baseline.y(), nan_width, baseline.height()),
                Qt.AlignmentFlag.AlignCenter,
                "NaN",
            )
