"""All lessons, with how far one is in each."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.lessons import Entry
from backprop_studio.ui import guide, theme
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.dialogs.explaining import explain_with_f1
from backprop_studio.ui.words import plain


class Lessons(Protocol):
    """What the list needs."""

    def entries(self) -> tuple[Entry, ...]:
        """The lessons of the program."""

    def open(self, path: Path) -> bool:
        """Open one."""

    def open_file(self) -> None:
        """Let the person pick one from a file."""


class LessonList(QDialog):
    """A list to choose a lesson from; Enter or a double click opens it.

    Parameters
    ----------
    lessons
        Who knows and opens them.
    """

    def __init__(self, lessons: Lessons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Lessons"))
        explain_with_f1(self, guide.LESSONS)
        self._lessons = lessons
        self._entries = lessons.entries()
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Lessons"))
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        for number, entry in enumerate(self._entries, 1):
            item = QListWidgetItem(f"{number}. {self._words(entry)}")
            item.setToolTip(plain(entry.summary))
            self.list.addItem(item)
        self.list.itemActivated.connect(lambda _: self._open())
        self.open_button = QPushButton(self.tr("Open lesson"))
        theme.set_role(self.open_button, "primary")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self._open)
        other = QPushButton(self.tr("From a file…"))
        other.clicked.connect(self._open_file)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.reject)
        story = QLabel(
            self.tr(
                "Each lesson is about one idea and takes a few minutes. Your own project waits, "
                "and comes back when you leave the lesson."
            )
        )
        story.setWordWrap(True)
        theme.set_role(story, "muted")
        layout = QVBoxLayout(self)
        layout.addWidget(story)
        layout.addWidget(self.list, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(other)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.open_button)
        layout.addLayout(buttons)
        sizing.fit(self, 560, 520, "lessons")
        undone = (i for i, e in enumerate(self._entries) if not e.is_done)
        self.list.setCurrentRow(next(undone, 0))
        self.list.setFocus()

    def _words(self, entry: Entry) -> str:
        if entry.is_done and entry.extras:
            state = self.tr("✓ done, {n} extra steps are left").format(n=entry.extras)
        elif entry.is_done:
            state = self.tr("✓ done")
        elif entry.done:
            state = self.tr("{done} of {all} steps").format(done=entry.done, all=entry.steps)
        else:
            state = self.tr("{n} minutes").format(n=entry.minutes)
        return f"{entry.title}  ({state})\n{entry.summary}"

    def _open(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._entries):
            self.accept()
            self._lessons.open(self._entries[row].path)

    def _open_file(self) -> None:
        self.accept()
        self._lessons.open_file()
