"""Lessons are written in a window of their own, with faults by line, a preview and a trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from lesson_cases import lesson_named, path_of, scene_of
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import lessons
from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
from backprop_studio.ui.main_window import MainWindow
from tests.ui.lesson_help import NEURON, click, texts


@pytest.fixture
def editor(window: MainWindow, qtbot: QtBot) -> LessonEditor:
    made = LessonEditor(window.lessons, lambda: scene_of(NEURON), window)
    made.show()
    return made


def close(editor: LessonEditor) -> None:
    editor.text.document().setModified(False)
    editor.close()


def test_that_the_editor_shows_faults_by_line_and_what_a_learner_will_see(
    editor: LessonEditor, qtbot: QtBot
) -> None:
    assert editor.faults.item(0).text() == "The text is sound."
    assert editor.preview.title.text() == "My lesson"
    text = editor.text.toPlainText()
    broken = text.replace('kind = "sign"', 'kind = "sine"')
    editor.text.setPlainText(broken)
    qtbot.waitUntil(lambda: editor.faults.item(0).text().startswith("Line "))
    line = 1 + broken[: broken.index('kind = "sine"')].count("\n")
    assert editor.faults.item(0).text().startswith(f"Line {line}:")
    assert not editor.start_button.isEnabled()
    editor._go_to(editor.faults.item(0))
    assert editor.text.textCursor().blockNumber() == line - 1
    more = text + '\n## Another\n```check\nkind = "opened"\ntext = "Open"\npanel = "credit"\n```\n'
    editor.text.setPlainText(more)
    qtbot.waitUntil(lambda: editor.preview.steps.count() == 2)
    editor.text.moveCursor(QTextCursor.MoveOperation.End)
    assert editor.preview.steps.currentIndex() == 1
    close(editor)


def test_that_the_editor_tries_solutions_saves_and_starts(
    window: MainWindow, editor: LessonEditor, qtbot: QtBot, tmp_path: Path
) -> None:
    click(qtbot, editor.check_button)
    qtbot.waitUntil(lambda: "All 1 steps" in editor.faults.item(0).text())
    click(qtbot, editor.preview.hint)
    assert "0.05" in texts(editor.preview)
    editor.text.setPlainText(editor.text.toPlainText().replace("times = 3", "times = 1"))
    editor.read()
    click(qtbot, editor.check_button)
    qtbot.waitUntil(lambda: "is not done by its solution" in editor.faults.item(0).text())
    assert editor.save_to(tmp_path / "lesson.md")
    assert not editor.text.document().isModified()
    assert lessons.load(tmp_path).head.id == "my-lesson"
    assert (
        lessons.load_project(lessons.load(tmp_path), tmp_path).network == scene_of(NEURON).network
    )
    assert editor.open_path(path_of(NEURON))
    click(qtbot, editor.start_button)
    runner = window.lessons.runner
    assert runner is not None and runner.lesson == lesson_named(NEURON)
    assert editor.isHidden(), "it would stand before the lesson"
    close(editor)


def test_that_the_editor_is_back_when_its_lesson_is_left(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.actions_by_id["write_lesson"].trigger()
    (editor,) = window.findChildren(LessonEditor)
    click(qtbot, editor.start_button)
    assert window.lessons.runner is not None and editor.isHidden()
    editor.text.document().setModified(True)
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Cancel)
    assert not window.close(), "nor is it lost while it is out of sight"
    click(qtbot, window.lessons.panel.leave)
    assert editor.isVisible()
    close(editor)


def test_that_a_control_that_is_not_there_is_told_to_who_hides_it(
    editor: LessonEditor, qtbot: QtBot
) -> None:
    text = editor.text.toPlainText()
    head = 'minutes = 8\nhide_actions = ["restart", "new_weight"]\nhide_panels = ["pallet"]'
    head += '\nhide_status = ["loss", "held-out"]'
    editor.text.setPlainText(text.replace("minutes = 8", head))
    editor.read()
    told = [editor.faults.item(row).text() for row in range(editor.faults.count())]
    assert told[0].startswith("Line 6: there is no control or panel 'new_weight'. There is new_w")
    assert told[1].startswith("Line 7: there is no control or panel 'pallet'. There is palette")
    assert told[2].startswith("Line 8: there is no control or panel 'held-out'. There is held_out")
    assert len(told) == 3
    assert editor.start_button.isEnabled(), "another version may have it"
    close(editor)


def test_that_there_is_one_editor_and_the_window_does_not_close_over_what_is_not_saved(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.actions_by_id["write_lesson"].trigger()
    window.actions_by_id["write_lesson"].trigger()
    (editor,) = window.findChildren(LessonEditor)
    editor.text.document().setModified(True)
    buttons = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: buttons.Cancel)
    assert not window.close()
    assert window.isVisible() and editor.isVisible()
    close(editor)
