"""A field on the canvas itself, for names and for the text of notes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from backprop_studio.ui import theme

_LEAST_WIDTH, _LEAST_HEIGHT = 140, 30


class InlineEditor(QPlainTextEdit):
    """Takes one text, and goes.

    Enter takes a name, Ctrl+Enter a text of several lines; so does going elsewhere. Esc gives up.

    Parameters
    ----------
    parent
        What it lies on.
    title
        What a screen reader says.
    """

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self._within = parent
        self.setAccessibleName(title)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self._lines = False
        self._most = 0
        self._before = ""
        self._taken: Callable[[str], object] | None = None
        self.textChanged.connect(self._limit)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether something is being written."""
        return self._taken is not None

    def ask(
        self,
        text: str,
        area: QRect,
        taken: Callable[[str], object],
        *,
        lines: bool,
        most: int,
        title: str,
    ) -> None:
        """Open over an area of the parent.

        Parameters
        ----------
        text
            What is there already; all of it is selected.
        area
            Where, in the parent.
        taken
            Called with the new text, if it is another one; returns False if it cannot be taken.
        lines
            Whether there may be several lines.
        most
            Characters that there may be.
        title
            What is being written, for a screen reader.
        """
        self.finish()
        self._lines, self._most, self._before, self._taken = lines, most, text, taken
        self.setAccessibleName(title)
        self.setPlainText(text)
        self.setLineWrapMode(
            QPlainTextEdit.LineWrapMode.WidgetWidth if lines else QPlainTextEdit.LineWrapMode.NoWrap
        )
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        within = self._within.rect().adjusted(4, 4, -4, -4)
        width = min(max(area.width(), _LEAST_WIDTH), within.width())
        height = min(max(area.height(), _LEAST_HEIGHT * (3 if lines else 1)), within.height())
        x = min(max(area.left(), within.left()), within.right() - width)
        y = min(max(area.top(), within.top()), within.bottom() - height)
        self.setGeometry(x, y, width, height)
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def finish(self) -> bool:
        """Take what is written; whether it could be taken."""
        taken, self._taken = self._taken, None
        if taken is None:
            return True
        text = self.toPlainText() if self._lines else self.toPlainText().strip()
        self._close()
        return text == self._before or taken(text) is not False

    def _enter(self) -> None:
        """Take what is written; what cannot be taken stays, to be put right."""
        text, area, taken, before = self.toPlainText(), self.geometry(), self._taken, self._before
        if self.finish() or taken is None:
            return
        title = self.accessibleName()
        self.ask(text, area, taken, lines=self._lines, most=self._most, title=title)
        self._before = before
        theme.set_role(self, "error")

    def cancel(self) -> None:
        """Give up."""
        if self._taken is not None:
            self._taken = None
            self._close()

    def _close(self) -> None:
        theme.set_role(self, "")
        if self.hasFocus():
            # Before it is hidden: Qt would look for the next stop, which is another layer.
            self._within.setFocus()
        self.hide()

    def _limit(self) -> None:
        if self.property("role"):
            theme.set_role(self, "")
        text = self.toPlainText()
        if self.is_open and len(text) > self._most:
            cursor = self.textCursor()
            place = min(cursor.position(), self._most)
            self.setPlainText(text[: self._most])
            cursor.setPosition(place)
            self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif enter and (held or not self._lines):
            self._enter()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # Its own menu, and another window, are only a short absence.
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason
        ):  # fmt: skip
            self.finish()
