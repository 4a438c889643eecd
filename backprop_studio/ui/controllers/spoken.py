"""Has a screen reader say what an edit was: nothing else tells of it but what is seen."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QUndoCommand
from PySide6.QtWidgets import QApplication, QWidget

from backprop_studio.ui.controllers.document import Document


class Spoken(QObject):
    """Says each edit of a document, and each undo and redo, by its label.

    Parameters
    ----------
    document
        Whose edits are told.
    window
        In whose name they are, where nothing in it has the keyboard.
    """

    def __init__(self, document: Document, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._window = window
        self._done = 0
        self._next: QUndoCommand | None = None
        document.history.indexChanged.connect(self._note)
        document.history.activeStackChanged.connect(self._begin)

    def _begin(self) -> None:
        """Another document: where its history stands is no news."""
        stack = self._document.undo_stack
        self._done = stack.index()
        self._next = stack.command(self._done) if stack.canRedo() else None

    def _note(self, done: int) -> None:
        stack = self._document.undo_stack
        before, undone = self._done, self._next
        self._begin()
        if done < before and stack.canRedo():
            say(self._window, self.tr("Undone: {edit}").format(edit=stack.text(done)))
        elif done > before and undone is not None and stack.command(before) is undone:
            say(self._window, self.tr("Done again: {edit}").format(edit=stack.text(done - 1)))
        elif done > before:
            say(self._window, stack.text(done - 1))


def say(window: QWidget, text: str) -> None:
    """Have a screen reader say something, in the name of what has the keyboard."""
    if text and QAccessible.isActive():
        here = QApplication.focusWidget() or window
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(here, text))
