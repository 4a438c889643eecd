"""A slider over a training run, with the loss as its picture."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from backprop_studio.ui import theme

_MARGIN = 8
_HEIGHT = 56
_WIDE = 30.0
"""Ratio of the largest to the smallest loss from which the curve is logarithmic."""


class LossTimeline(QAbstractSlider):
    """Finished iterations from the first that can be gone back to, to the last recorded one.

    The curve is the loss of each iteration on a scale of its own, logarithmic where it falls far:
    here only to find one's way by.
    Click or drag to go to a moment; arrow, page, Home and End keys do the same.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses: npt.NDArray[np.floating] = np.empty((0, 2))
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Finished iterations"))
        self.setToolTip(self.tr("Drag to go to any earlier moment of the training"))
        self.setPageStep(10)
        self.setRange(0, 0)

    def set_losses(self, losses: npt.NDArray[np.floating]) -> None:
        """Draw these points of shape (iterations, 2), whose second column is the loss."""
        self._losses = losses
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        area = self._area()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(now.border_strong), 1))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
            curve = self._curve(area)
            if not curve.isEmpty():
                painter.setPen(QPen(QColor(now.curve_train), 1.5))
                painter.drawPolyline(curve)
            x = self._x_of(self.sliderPosition())
            color = QColor(now.accent if self.hasFocus() else now.text)
            painter.setPen(QPen(color, 2))
            painter.drawLine(QPointF(x, area.top() - 3), QPointF(x, area.bottom() + 3))
            painter.setBrush(color)
            painter.drawEllipse(QPointF(x, area.bottom() + 2), 4, 4)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, 6, -_MARGIN, -10)

    def _x_of(self, value: int) -> float:
        area, span = self._area(), max(self.maximum() - self.minimum(), 1)
        return area.left() + area.width() * (value - self.minimum()) / span

    def _value_at(self, x: float) -> int:
        area, span = self._area(), self.maximum() - self.minimum()
        share = min(max((x - area.left()) / max(area.width(), 1.0), 0.0), 1.0)
        return self.minimum() + round(share * span)

    def _curve(self, area: QRectF) -> QPolygonF:
        """The loss within the range, one point for each pixel at most."""
        # The library is there by the time that there is a curve, and no start waits for it.
        from pyqtgraph.functions import arrayToQPolygonF

        # The point of iteration i is in row i, so the range is a slice.
        low, high = self.minimum(), self.maximum()
        losses = self._losses[max(low - 1, 0) : high, 1]
        shown = np.isfinite(losses)
        if np.count_nonzero(shown) < 2:
            return QPolygonF()
        losses = losses[shown]
        pixels = max(int(area.width()), 2)
        if len(losses) > pixels:
            starts = np.linspace(0, len(losses), pixels, endpoint=False).astype(int)
            losses = np.add.reduceat(losses, starts) / np.diff([*starts, len(losses)])
        if losses.min() > 0 and losses.max() > _WIDE * losses.min():
            # A loss that falls by powers of ten is a flat line otherwise, with nothing to see.
            losses = np.log(losses)
        bottom, top = float(losses.min()), float(losses.max())
        heights = (losses - bottom) / (top - bottom or 1.0)
        xs = np.linspace(area.left(), area.right(), len(losses))
        ys = area.bottom() - 3 - heights * (area.height() - 6)
        # A point for each pixel, one by one from Python, would take longer than all the rest.
        return cast(QPolygonF, arrayToQPolygonF(xs, ys))
