"""How large a dialog opens: as its text needs, never larger than the screen, and as it was left."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QDialog, QWidget

from backprop_studio.ui import text_size
from backprop_studio.ui.settings import Settings

_FRAME = QSize(8, 40)
"""Pixels of a frame and a title, which are not there before the dialog is shown."""


class Sizes(QObject):
    """Remembers how large somebody has made the dialogs of a window.

    Parameters
    ----------
    settings
        Where sizes are kept.
    window
        Dialogs find it there.
    """

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings = settings

    def of(self, name: str) -> QSize | None:
        """The size that somebody gave a dialog, for text of the size in use; None at first."""
        kept = self._settings.dialog_size(name)
        return None if kept is None else QSize(*(text_size.scaled(length) for length in kept))

    def keep(self, name: str, size: QSize) -> None:
        """Remember the size that somebody has given a dialog."""
        larger = text_size.factor()
        self._settings.set_dialog_size(
            name, (round(size.width() / larger), round(size.height() / larger))
        )


def room(widget: QWidget) -> QSize:
    """The largest size that a dialog can have on its screen."""
    return widget.screen().availableSize() - _FRAME


def fit(dialog: QDialog, width: int, height: int, name: str = "") -> None:
    """Give a dialog the size that it opens with. Its content is in it already.

    Parameters
    ----------
    dialog
        Not shown yet.
    width, height
        Pixels that it needs, beside text of the system's size.
    name
        Under which the size is remembered that somebody gives it; empty where it is not.
    """
    parent = dialog.parentWidget()
    sizes = None if parent is None or not name else parent.window().findChild(Sizes)
    wanted = QSize(text_size.scaled(width), text_size.scaled(height))
    if sizes is not None:
        wanted = sizes.of(name) or wanted
    dialog.resize(wanted.boundedTo(room(dialog)))
    if sizes is not None:
        _Memory(dialog, sizes, name)


class _Memory(QObject):
    """Keeps the size that a dialog is left with, if that is not the one that it came with."""

    def __init__(self, dialog: QDialog, sizes: Sizes, name: str) -> None:
        super().__init__(dialog)
        self._dialog, self._sizes, self._name = dialog, sizes, name
        self._given = dialog.size()
        dialog.finished.connect(self._note)

    def _note(self) -> None:
        size = self._dialog.size()
        if size != self._given and not self._dialog.isMaximized():
            self._given = size
            self._sizes.keep(self._name, size)
