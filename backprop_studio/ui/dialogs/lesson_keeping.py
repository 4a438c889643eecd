"""What keeps a lesson that is being written from being lost: questions, and a copy for a crash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from backprop_studio.files import shown
from backprop_studio.ui.controllers import lesson_draft
from backprop_studio.ui.controllers.left_behind import Stamp, stamp_of
from backprop_studio.ui.controllers.lesson_draft import Left, LessonDraft
from backprop_studio.ui.words import plain

if TYPE_CHECKING:
    from backprop_studio.ui.dialogs.lesson_editor import LessonEditor

_BUTTONS = QMessageBox.StandardButton


def _tr(text: str) -> str:
    return QCoreApplication.translate("LessonEditor", text)


def may_replace(path: Path, parent: QWidget) -> bool:
    """Whether a lesson that lies somewhere already may go."""
    if not path.exists():
        return True
    answer = QMessageBox.question(
        parent,
        _tr("There is a lesson in this folder"),
        plain(_tr("Replace {path}, and the project beside it?").format(path=path)),
        _BUTTONS.Yes | _BUTTONS.Cancel,
        _BUTTONS.Cancel,
    )
    return answer == _BUTTONS.Yes


def may_replace_newer(path: Path, stamp: Stamp | None, parent: QWidget) -> bool:
    """Whether the text may take the place of its file, should something else have changed that."""
    if stamp is None or stamp_of(path) in (None, stamp):
        return True
    answer = QMessageBox.question(
        parent,
        _tr("The file has been changed"),
        plain(
            _tr(
                "{path} has been changed since it was opened here, by another window or program. "
                "Replace it? “Save as…” keeps both."
            ).format(path=path)
        ),
        _BUTTONS.Yes | _BUTTONS.Cancel,
        _BUTTONS.Cancel,
    )
    return answer == _BUTTONS.Yes


def wish_for_unsaved(parent: QWidget) -> QMessageBox.StandardButton:
    """What is to become of a text that is not saved: `Save`, `Discard` or `Cancel`."""
    return QMessageBox.question(
        parent,
        _tr("The lesson is not saved"),
        _tr("Save the lesson before it is closed?"),
        _BUTTONS.Save | _BUTTONS.Discard | _BUTTONS.Cancel,
        _BUTTONS.Save,
    )


class Keeping(QObject):
    """Keeps the text of an editor for a crash while it is not saved, and offers what one has left.

    Parameters
    ----------
    editor
        Whose text.
    folder
        Where texts are kept.
    """

    def __init__(self, editor: LessonEditor, folder: Path) -> None:
        super().__init__(editor)
        self._editor = editor
        self._draft = LessonDraft(folder, self)
        self._draft.failing.connect(self._tell)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(lesson_draft.DEBOUNCE)
        self._timer.timeout.connect(self.keep)
        editor.text.textChanged.connect(self._note)
        editor.scene_changed.connect(self._note)
        editor.text.document().modificationChanged.connect(self._settle)
        editor.finished.connect(self._forget)

    def keep(self) -> None:
        """Write what is not saved, now; the disk is waited for on another thread."""
        self._timer.stop()
        if self._editor.text.document().isModified():
            self._draft.keep(self._editor.text.toPlainText(), *self._editor.origin())

    def secure(self) -> None:
        """Write what is not saved, and wait for the disk."""
        self.keep()
        self._draft.finish()

    def offer(self) -> None:
        """Offer what crashes have left; what is neither taken up nor discarded stays."""
        left, damaged = self._draft.found()
        for file in damaged:
            QMessageBox.warning(
                self._editor,
                _tr("A lesson that was not saved cannot be read"),
                plain(_tr("What is left of it is in {path}.").format(path=file)),
            )
        for one in left:
            wish = self._ask(one)
            if wish == _BUTTONS.Discard and self._is_sure():
                self._draft.drop(one)
            elif wish == _BUTTONS.Open:
                scene = lesson_draft.scene(one)
                self._editor.take_up(one, scene)
                # Only now: a text that is replaced counts as saved for a moment.
                self._draft.adopt(one, scene)
                return

    def _is_sure(self) -> bool:
        answer = QMessageBox.question(
            self._editor,
            _tr("Discard the unsaved lesson"),
            _tr("Delete this text for good?"),
            _BUTTONS.Discard | _BUTTONS.Cancel,
            _BUTTONS.Cancel,
        )
        return answer == _BUTTONS.Discard

    def _ask(self, left: Left) -> QMessageBox.StandardButton:
        lines = left.text.count("\n") + 1
        told = _tr(
            "The program ended before this lesson was saved. Its text is still here: {lines} "
            "lines, last changed {when}."
        ).format(lines=f"{lines:,}", when=left.when.strftime("%Y-%m-%d %H:%M"))
        if left.path is None:
            told += "\n\n" + _tr("It had no file yet.")
        else:
            told += "\n\n" + _tr("Its file: {path}").format(path=shown(left.path))
            if stamp_of(left.path) not in (None, left.stamp):
                told += "\n" + _tr("The file has been changed since. Saving asks first.")
        told += "\n\n" + _tr("No file is changed until you save.")
        box = QMessageBox(
            QMessageBox.Icon.Question, _tr("An unsaved lesson was found"), plain(told),
            _BUTTONS.NoButton, self._editor,
        )  # fmt: skip
        box.setDetailedText(left.text)
        role = QMessageBox.ButtonRole
        answers: dict[QPushButton, QMessageBox.StandardButton] = {
            box.addButton(_tr("&Go on with it"), role.AcceptRole): _BUTTONS.Open,
            box.addButton(_tr("&Keep for later"), role.RejectRole): _BUTTONS.Cancel,
            box.addButton(_tr("&Discard…"), role.DestructiveRole): _BUTTONS.Discard,
        }
        go_on, later, _ = answers
        box.setDefaultButton(go_on)
        box.setEscapeButton(later)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        return next(
            (wish for button, wish in answers.items() if button is clicked), _BUTTONS.Cancel
        )

    def _note(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _settle(self, modified: bool) -> None:
        """It is saved, or not any more."""
        if modified:
            self._note()
        else:
            self._forget()

    def _forget(self) -> None:
        self._timer.stop()
        self._draft.forget()

    def _tell(self, reason: str) -> None:
        self._editor.show_unkept(reason)
