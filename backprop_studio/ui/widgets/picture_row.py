"""A row of pictures large enough to be looked at, each with its name below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.examples_strip import ExamplesStrip


class PictureRow(ExamplesStrip):
    """Shows as many pictures as there is room for, with what each of them is."""

    SIDE = SMALLEST = 72
    GAP = 6

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()

    def set_pictures(self, pictures: npt.NDArray[np.float32], names: Sequence[str] = ()) -> None:
        """Show pictures of shape (count, height, width), with a name for each, or none."""
        self.names = tuple(names)
        self.setAccessibleDescription(", ".join(self.names))
        super().set_pictures(pictures)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(0, self._line())

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() + QSize(0, self._line())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.names:
            return
        metrics, step = self.fontMetrics(), self.SIDE + self.GAP
        with QPainter(self) as painter:
            painter.setPen(theme.current().color("muted"))
            for k, name in enumerate(self.names[: self.count]):
                place = QRect(k * step, self.SIDE, self.SIDE, self._line())
                if place.right() >= self.width():
                    break
                text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.SIDE)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _line(self) -> int:
        return self.fontMetrics().height() + 4 if self.names else 0
