"""What is traced, in the corner of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from backprop_studio.ui import theme

_INSET = 10


class TraceNote(QLabel):
    """A line at the bottom left of a canvas that lets the mouse through. Hidden while empty.

    Parameters
    ----------
    view
        The canvas.
    """

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self, "muted")
        view.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """Say something else; nothing for an empty text."""
        if text != self.text():
            self.setText(text)
            self.setVisible(bool(text))
            self._settle()

    def _settle(self) -> None:
        self.adjustSize()
        self.move(_INSET, self._view.height() - self.height() - _INSET)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._settle()
        return super().eventFilter(watched, event)
