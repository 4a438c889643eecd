"""F1 in a dialog: the window behind it cannot be reached, so its help comes to the person."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout

from backprop_studio.ui import theme
from backprop_studio.ui.guide import TOPICS

_LETTERS = 52
"""About so many letters in a line can be read at ease."""


def explain_with_f1(dialog: QDialog, topic: str) -> None:
    """Let F1 in a dialog show one of `TOPICS`, over it."""
    _Helper(dialog, topic)


class TopicWindow(QDialog):
    """One page of the help; Esc closes it.

    Parameters
    ----------
    topic
        One of `TOPICS`.
    parent
        The dialog that it is about.
    """

    def __init__(self, topic: str, parent: QDialog) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Help"))
        self.topic = topic
        heading = QLabel(topic)
        theme.set_role(heading, "heading")
        self.text = QLabel(TOPICS[topic])
        self.text.setWordWrap(True)
        self.text.setMinimumWidth(_LETTERS * self.fontMetrics().averageCharWidth())
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(heading)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)


class _Helper(QObject):
    """It goes with the dialog, and so does its shortcut."""

    def __init__(self, dialog: QDialog, topic: str) -> None:
        super().__init__(dialog)
        self._dialog, self._topic = dialog, topic
        keys = QKeySequence(QKeySequence.StandardKey.HelpContents)
        QShortcut(keys, dialog).activated.connect(self._show)

    def _show(self) -> None:
        TopicWindow(self._topic, self._dialog).open()
