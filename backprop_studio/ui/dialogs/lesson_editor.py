"""Write a lesson: the text at the left, what a learner will see at the right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFont, QFontDatabase, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from backprop_studio import project
from backprop_studio.errors import StudioError
from backprop_studio.lessons import Lesson, Rehearsal, Rehearsed, Runner, parse
from backprop_studio.lessons.library import FILE, lesson_path, load_project, read_text
from backprop_studio.project import Project
from backprop_studio.ui import guide, theme
from backprop_studio.ui.controllers.left_behind import Stamp, stamp_of
from backprop_studio.ui.controllers.lesson_draft import Left
from backprop_studio.ui.dialogs import lesson_keeping, sizing
from backprop_studio.ui.dialogs.explaining import explain_with_f1
from backprop_studio.ui.lesson_names import unknown_names
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.words import plain

_DEBOUNCE = 300
_LINE = 0x0100

TEMPLATE = """+++
id = "my-lesson"
title = "My lesson"
summary = "What it is about, in one sentence."
minutes = 8
project = "project.bps"
open = ["losses", "gradients", "current_step"]
+++

## The first step {#first}

Say in a few words what this is about. The learning rate is {{setting:optimizer/learning_rate}}.

```predict
id = "first-loss"
question = "Will the loss be positive or negative?"
kind = "sign"
about = "loss"
```

**Press F8 three times.**

```check
kind = "reached"
text = "Go on to the loss (F8)"
phase = "loss"
```

```hint
F8 is also in the menu: Train → Step one phase.
```

```explain
It is {{loss}}.
```

```solution
do = [
  {predict = "first-loss", say = "positive"},
  {step = "phase", times = 3},
]
```
"""


class Opener(Protocol):
    """Who opens a lesson in the window."""

    def open_lesson(self, lesson: Lesson, scene: Project) -> bool:
        """Open it; False when that is thought better of."""


class LessonEditor(QDialog):
    """A text with its preview; what is wrong is listed with its line.

    Parameters
    ----------
    opener
        Opens the lesson in the window.
    current
        Gives the project that is in the window, for a lesson that has none yet.
    """

    rehearsed = Signal(object, object)
    """The rehearsal, and what became of each step."""
    failed = Signal(str)
    """Why the rehearsal could not be held."""
    scene_changed = Signal()
    """It is about another network now, which is not saved yet."""

    def __init__(
        self, opener: Opener, current: Callable[[], Project], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Write a lesson"))
        explain_with_f1(self, guide.WRITING)
        self._opener = opener
        self._current = current
        self._path: Path | None = None
        self._stamp: Stamp | None = None
        self._unkept = ""
        self._scene: Project | None = None
        self._lesson: Lesson | None = None
        self._playing: threading.Thread | None = None
        self.text = QPlainTextEdit()
        letters = QFont()
        # The family alone: their size is that of all text.
        letters.setFamilies(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families())
        self.text.setFont(letters)
        self.text.setAccessibleName(self.tr("Text of the lesson"))
        self.text.setTabChangesFocus(True)
        self.text.cursorPositionChanged.connect(self._show_place)
        self.preview = LessonPanel()
        self.preview.leave.hide()
        self.faults = QListWidget()
        self.faults.setAccessibleName(self.tr("What is wrong, and in which line"))
        self.faults.itemActivated.connect(self._go_to)
        self.faults.itemClicked.connect(self._go_to)
        self.faults.setMaximumHeight(120)
        self.faults.setWordWrap(True)
        self.faults.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.place = QLabel()
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self.place, "muted")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self.read)
        self.text.textChanged.connect(self._timer.start)
        self.open_button = self._button(self.tr("Open…"), self._open)
        self.save_button = self._button(self.tr("Save"), self.save)
        self.save_as_button = self._button(self.tr("Save as…"), self.save_as)
        self.network_button = self._button(self.tr("Use my network"), self._use_network)
        self.network_button.setToolTip(
            self.tr("The network that is in the window becomes the lesson's project")
        )
        self.check_button = self._button(self.tr("Try the solutions"), self.check)
        self.check_button.setToolTip(
            self.tr("Each step must be open before its solution, and done after it")
        )
        self.start_button = self._button(self.tr("Start lesson"), self._start)
        theme.set_role(self.start_button, "primary")
        self.preview.step_requested.connect(self._show_step)
        self.preview.hint_requested.connect(self._show_hint)
        for button in (self.preview.again, self.preview.show_me):
            button.setEnabled(False)
        self.rehearsed.connect(self._show_rehearsal)
        self.failed.connect(self._show_failure)
        self._arrange()
        self.text.setPlainText(TEMPLATE)
        self.text.document().setModified(False)
        self.read()
        self.text.setFocus()

    # Files.

    def open_path(self, path: Path) -> bool:
        """Edit the lesson in a file or a folder; False, with a message, when it cannot be read."""
        try:
            text = read_text(path)
        except StudioError as error:
            QMessageBox.warning(self, self.tr("The lesson was not opened"), plain(str(error)))
            return False
        self._path, self._scene = lesson_path(path), None
        self._stamp = stamp_of(self._path)
        self.text.setPlainText(text)
        self.text.document().setModified(False)
        self.read()
        return True

    def save(self) -> bool:
        """Write the text to its file, or to one that the person picks."""
        if self._path is None:
            return self.save_as()
        may = lesson_keeping.may_replace_newer(self._path, self._stamp, self)
        return may and self.save_to(self._path)

    def save_as(self) -> bool:
        """Write the text and its project into a folder that the person picks."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder for the lesson"))
        if not folder:
            return False
        path = Path(folder) / FILE
        may = path == self._path or lesson_keeping.may_replace(path, self)
        return may and self.save_to(path)

    def save_to(self, path: Path) -> bool:
        """Write the text, and beside it the project if there is none; False when it fails."""
        try:
            beside = path.parent / (
                "project.bps" if self._lesson is None else self._lesson.head.project
            )
            moved = self._path is not None and path != self._path
            if self._scene is not None or moved or not beside.exists():
                project.save(self._scene_to_save(), beside)
            project.write_atomically(path, self.text.toPlainText().encode("utf-8"))
        except (StudioError, TimeoutError, UnicodeEncodeError) as error:
            QMessageBox.warning(self, self.tr("The lesson was not saved"), plain(str(error)))
            return False
        self._path, self._scene = path, None
        self._stamp = stamp_of(path)
        self.text.document().setModified(False)
        self._show_place()
        return True

    def _scene_to_save(self) -> Project:
        """What the lesson is about, also where it is saved to another folder."""
        if self._lesson is None:
            return self._scene or self._current()
        return self._project(self._lesson)

    def _may_discard(self) -> bool:
        """Whether the text may go: it is saved, or the person says so."""
        if not self.text.document().isModified():
            return True
        answer = lesson_keeping.wish_for_unsaved(self)
        if answer == QMessageBox.StandardButton.Save:
            return self.save()
        return answer == QMessageBox.StandardButton.Discard

    def origin(self) -> tuple[Path | None, Stamp | None, Project | None]:
        """The text's file, how that was when it was read or written, and a network to be saved."""
        return self._path, self._stamp, self._scene

    def take_up(self, left: Left, scene: Project | None) -> None:
        """Go on with a text that a crash has left."""
        self._path, self._stamp, self._scene = left.path, left.stamp, scene
        self.text.setPlainText(left.text)
        self.text.document().setModified(True)
        self.read()

    def show_unkept(self, reason: str) -> None:
        """Say that the text cannot be kept for a crash just now; empty: it can."""
        self._unkept = reason
        self._show_place()

    # The text.

    def read(self) -> None:
        """Parse the text; show what is wrong, or what it looks like."""
        self._timer.stop()
        parsed = parse(self.text.toPlainText())
        self.faults.clear()
        for fault in parsed.faults:
            item = QListWidgetItem(
                self.tr("Line {line}: {reason}").format(line=fault.line, reason=fault.reason)
            )
            item.setData(_LINE, fault.line)
            self.faults.addItem(item)
        if parsed.lesson is not None:
            self._list_unknown(parsed.lesson)
        if not self.faults.count():
            self.faults.addItem(self.tr("The text is sound."))
        self._lesson = parsed.lesson
        for button in (self.check_button, self.start_button):
            button.setEnabled(parsed.lesson is not None and self._playing is None)
        if parsed.lesson is not None:
            before = self._runner
            runner = Runner(parsed.lesson)
            if before is not None:
                # What was tried out before fills in the numbers, until it is tried again.
                runner.progress.shown = before.progress.shown
                runner.go(before.index)
            self._show(runner)
        self._show_place()

    def _list_unknown(self, lesson: Lesson) -> None:
        """Say which controls and panels the lesson names that the window does not have."""
        for unknown in unknown_names(lesson, self.text.toPlainText()):
            text = self.tr("Line {line}: there is no control or panel '{name}'.")
            if unknown.near:
                text += " " + self.tr("There is {near}.")
            item = QListWidgetItem(
                text.format(line=unknown.line, name=unknown.name, near=", ".join(unknown.near))
            )
            item.setData(_LINE, unknown.line)
            self.faults.addItem(item)

    def check(self) -> None:
        """Play all solutions without the window, on a thread of their own."""
        lesson = self._lesson
        if lesson is None or self._playing is not None:
            return
        try:
            scene = self._project(lesson)
        except (StudioError, TimeoutError) as error:
            self._show_failure(str(error))
            return
        self.check_button.setEnabled(False)
        self.check_button.setText(self.tr("Trying…"))

        def play() -> None:
            try:
                rehearsal = Rehearsal(lesson, scene)
                done = tuple(rehearsal.play())
            except Exception as error:  # the editor must live on, whatever a lesson asks for
                self.failed.emit(str(error) or type(error).__name__)
            else:
                self.rehearsed.emit(rehearsal, done)

        self._playing = threading.Thread(target=play, daemon=True)
        self._playing.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_discard():
            event.ignore()
            return
        if self._playing is not None:
            self._playing.join()
        event.accept()
        self.finished.emit(0)
        self.deleteLater()

    _runner: Runner | None = None

    def _show(self, runner: Runner) -> None:
        self._runner = runner
        self.preview.set_runner(runner)
        self.preview.leave.hide()

    def _show_step(self, index: int) -> None:
        if self._runner is not None:
            self._runner.go(index)
            self.preview.refresh()

    def _show_hint(self) -> None:
        if self._runner is not None and self._runner.hint():
            self.preview.refresh()

    def _show_rehearsal(self, rehearsal: Rehearsal, done: tuple[Rehearsed, ...]) -> None:
        self._end_check()
        self.faults.clear()
        for played in done:
            for text in self._complaints(played):
                item = QListWidgetItem(
                    self.tr("Line {line}: {reason}").format(line=played.step.line, reason=text)
                )
                item.setData(_LINE, played.step.line)
                self.faults.addItem(item)
        if not self.faults.count():
            self.faults.addItem(
                self.tr("All {n} steps are open before their solutions, and done after.").format(
                    n=len(done)
                )
            )
        if self._runner is not None and rehearsal.runner.lesson is self._lesson:
            self._runner.progress.shown = rehearsal.runner.progress.shown
            self.preview.refresh()

    def _complaints(self, played: Rehearsed) -> list[str]:
        title, found = played.step.title, []
        if played.problem:
            found.append(played.problem)
        if not played.step.solution:
            found.append(self.tr("'{title}' has no solution to try.").format(title=title))
            return found
        if not (played.open_before and played.tasks_open):
            found.append(self.tr("'{title}' is done before anything is.").format(title=title))
        if not played.done_after:
            found.append(self.tr("'{title}' is not done by its solution.").format(title=title))
        for number in played.untold:
            found.append(
                self.tr("'{title}': {number} is not computed when it is told.").format(
                    title=title, number=number.key
                )
            )
        return found

    def _show_failure(self, reason: str) -> None:
        self._end_check()
        self.faults.clear()
        self.faults.addItem(reason)

    def _end_check(self) -> None:
        if self._playing is not None:
            self._playing.join()
        self._playing = None
        self.check_button.setText(self.tr("Try the solutions"))
        self.check_button.setEnabled(self._lesson is not None)
        self.start_button.setEnabled(self._lesson is not None)

    def _project(self, lesson: Lesson) -> Project:
        """What the lesson is about: what was taken from the window, or what lies beside it."""
        if self._scene is not None:
            return self._scene
        if self._path is not None and (self._path.parent / lesson.head.project).exists():
            return load_project(lesson, self._path)
        return self._current()

    def _use_network(self) -> None:
        try:
            self._scene = self._current()
        except TimeoutError as error:
            self._show_failure(str(error))
            return
        self.text.document().setModified(True)
        self.scene_changed.emit()
        self.faults.clear()
        self.faults.addItem(
            self.tr("The lesson is now about the network in the window. Saving keeps it.")
        )

    def _start(self) -> None:
        lesson = self._lesson
        if lesson is None:
            return
        try:
            scene = self._project(lesson)
        except (StudioError, TimeoutError) as error:
            self._show_failure(str(error))
            return
        # It would stand before what it opens; it is back when the lesson is left.
        if self._opener.open_lesson(lesson, scene):
            self.hide()

    def reject(self) -> None:
        """Escape: as the window's own button, which asks about what is not saved."""
        self.close()

    def _open(self) -> None:
        if not self._may_discard():
            return
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Open lesson"), "", self.tr("Lessons (*.md);;All files (*)")
        )
        if name:
            self.open_path(Path(name))

    def _go_to(self, item: QListWidgetItem) -> None:
        line = item.data(_LINE)
        if line is None:
            return
        block = self.text.document().findBlockByNumber(int(line) - 1)
        self.text.setTextCursor(QTextCursor(block))
        self.text.centerCursor()
        self.text.setFocus()

    def _show_place(self) -> None:
        name = self.tr("not saved yet") if self._path is None else str(self._path)
        line = self.text.textCursor().blockNumber() + 1
        place = self.tr("Line {line}, {name}").format(line=line, name=name)
        if self._unkept:
            unkept = self.tr("Not kept for the case of a crash: {reason}")
            place += "\n" + unkept.format(reason=self._unkept)
        self.place.setText(place)
        # The preview shows the step that is being written.
        runner = self._runner
        if runner is not None and not self._timer.isActive():
            begun = sum(step.line <= line for step in runner.lesson.steps)
            if begun and begun - 1 != runner.index:
                self._show_step(begun - 1)

    def _button(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        # `clicked` brings whether the button is checked, which none of these wants to know.
        button.clicked.connect(lambda _: act())
        return button

    def _arrange(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text, 1)
        column.addWidget(self.place)
        column.addWidget(self.faults)
        halves = QSplitter()
        halves.addWidget(left)
        halves.addWidget(self.preview)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        files = (self.open_button, self.save_button, self.save_as_button)
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = Flow(*files, self.network_button, gap, self.check_button, self.start_button)
        layout = QVBoxLayout(self)
        layout.addWidget(row)
        layout.addWidget(halves, 1)
        sizing.fit(self, 1040, 700, "lesson-editor")
