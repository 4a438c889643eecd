"""A button that copies what a panel shows as text, for those who read or reckon elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QPushButton, QWidget


class CopyButton(QPushButton):
    """Puts a text into the clipboard.

    Parameters
    ----------
    text
        Called for the text, columns with tabs between them.
    """

    def __init__(self, text: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Copy"), parent)
        self._text = text
        self.setToolTip(self.tr("Copy the numbers as text, with tabs between the columns"))
        self.setAccessibleName(self.tr("Copy the numbers as text"))
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._text())
