"""Buttons that open a menu."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QMenu


def open_below(button: QAbstractButton, menu: QMenu) -> None:
    """Let a press of the button open the menu below it.

    A menu that Qt is told of by `setMenu` waits inside the click until it is closed, and so does
    whoever clicked.
    """
    button.clicked.connect(lambda: menu.popup(button.mapToGlobal(button.rect().bottomLeft())))
