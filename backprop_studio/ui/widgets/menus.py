"""Buttons that open a menu, and menus that have the letters to themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QMenu

_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def open_below(button: QAbstractButton, menu: QMenu) -> None:
    """Let a press of the button open the menu below it.

    A menu that Qt is told of by `setMenu` waits inside the click until it is closed, and so does
    whoever clicked.
    """
    button.clicked.connect(lambda: menu.popup(button.mapToGlobal(button.rect().bottomLeft())))


class OwnLetters(QObject):
    """While a menu is open, letters choose in it, and are no shortcuts of what lies behind.

    A menu does not take the focus until a key moves in it, so letters that are shortcuts of the
    canvas would still be the canvas's.

    Parameters
    ----------
    menu
        Gets the letters, and keeps this object.
    """

    def __init__(self, menu: QMenu) -> None:
        super().__init__(menu)
        menu.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.text().isprintable()
            and event.text()
            and event.modifiers() in (_NONE, _SHIFT)
        ):
            event.accept()
            return True
        return False
