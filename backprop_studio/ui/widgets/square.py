"""A square that grows with the text beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import text_size


class Square(QWidget):
    """Holds a small picture, as large as the text wants it.

    Parameters
    ----------
    size
        Side in pixels, beside text of the system's size.
    """

    def __init__(self, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        side = text_size.scaled(self._size)
        self.setFixedSize(side, side)
