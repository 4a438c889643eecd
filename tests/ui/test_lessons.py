"""Lessons in the window, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lesson_cases import path_of
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import cli, lessons
from backprop_studio.lessons import evidence
from backprop_studio.training import State
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.lesson_mode import LESSON_WIDTH
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.widgets.lesson_forms import typed_number
from tests.ui.lesson_help import NEURON, choose, click, form, go, press, row, solved, texts
from tests.ui.waiting import answered

LEFT = Qt.MouseButton.LeftButton


def test_that_a_lesson_is_walked_through_with_mouse_and_keyboard(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    runner = window.lessons.runner
    assert runner is not None
    qtbot.waitUntil(lambda: "w is 3 and b is 1" in texts(lesson))
    assert not lesson._explained.isVisible()
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert "the answer should be t = 9" in texts(lesson)

    click(qtbot, lesson.next)
    asked = form(lesson, "prediction")
    assert not asked.button.isEnabled()
    asked.number.setFocus()
    qtbot.keyClicks(asked.number, "7,0")
    qtbot.keyClick(asked.number, Qt.Key.Key_Return)
    assert runner.progress.forecasts["prediction"].said == 7.0
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert "✓ It was: 7" in asked.outcome.text()

    click(qtbot, lesson.next)
    asked = form(lesson, "first-loss")
    qtbot.keyClicks(asked.number, "2")
    click(qtbot, asked.button)
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert "✗ It was: 4" in asked.outcome.text()

    click(qtbot, lesson.next)
    choose(qtbot, lesson, "sign-w", 1, 99)
    choose(qtbot, lesson, "who-more", 0, 50)
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert runner.progress.forecasts["sign-w"].confidence == 99
    assert runner.progress.forecasts["sign-w"].right

    click(qtbot, lesson.next)
    new_w, new_b = row(lesson, "new-w"), row(lesson, "new-b")
    qtbot.keyClicks(new_w.answer, "2.6")
    click(qtbot, new_w.button)
    assert new_w.verdict.isVisible() and new_w.mark.text() == "○"
    assert lesson.hint.text() == "Hint (2)"
    click(qtbot, lesson.hint)
    click(qtbot, lesson.hint)
    assert not lesson.hint.isEnabled() and lesson.show_me.isVisible()
    new_w.answer.clear()
    qtbot.keyClicks(new_w.answer, "3.4")
    qtbot.keyClick(new_w.answer, Qt.Key.Key_Return)
    qtbot.keyClicks(new_b.answer, "1.2")
    qtbot.keyClick(new_b.answer, Qt.Key.Key_Return)
    solved(qtbot, window)
    assert new_w.mark.text() == "✓"

    click(qtbot, lesson.next)
    choose(qtbot, lesson, "loss-after", 1, 90)
    press(qtbot, window, Qt.Key.Key_F8, times=4)
    solved(qtbot, window)
    assert "the neuron now predicts 8" in texts(lesson)

    click(qtbot, lesson.next)
    choose(qtbot, lesson, "bold", 0, 70)
    rate = window.setup.editor("learning_rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "0.3")
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    with answered(qtbot, window._engine):
        window.actions_by_id["restart"].trigger()
    press(qtbot, window, Qt.Key.Key_F9)
    press(qtbot, window, Qt.Key.Key_F8, times=3)
    solved(qtbot, window)

    click(qtbot, lesson.next)
    needed = row(lesson, "needed")
    click(qtbot, needed.options.button(2))
    click(qtbot, needed.button)
    solved(qtbot, window)
    assert runner.is_finished

    path = tmp_path / "evidence.json"
    assert window.lessons.write_evidence(path)
    assert cli.main(["verify", str(path)]) == 0
    assert lesson.next.text() == "Finish"
    click(qtbot, lesson.next)
    assert window.lessons.runner is None
    assert next(e for e in window.lessons.entries() if e.id == "one-neuron").is_done


def test_that_what_a_lesson_hides_is_gone_and_comes_back(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    action = window.actions_by_id["new_weights"]
    seed = window._document.network.setup.seed
    assert not action.isVisible()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_R, modifiers)
    assert window._document.network.setup.seed == seed
    assert not window.docks["palette"].isVisible()
    assert not window.status.accuracy.isVisible() and window.status.loss.isVisible()
    assert window.docks["lesson"].isVisible()
    assert window.docks["lesson"].width() >= 250, "a text is not read in a narrow strip"
    assert window.actions_by_id["leave_lesson"].isEnabled()
    window.actions_by_id["leave_lesson"].trigger()
    assert action.isVisible() and window.status.accuracy.isVisible()
    assert window.docks["palette"].isVisible()
    assert not window.docks["lesson"].isVisible()
    assert not window.actions_by_id["leave_lesson"].isEnabled()


def test_that_a_layer_that_is_opened_and_a_race_that_is_run_are_seen(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.lessons.open(path_of("02_a_model_is_a_chain"))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    output, canvas = window._document.network.named("output"), window.canvas
    assert output is not None
    QTest.mouseDClick(canvas.viewport(), LEFT, pos=canvas.node_center(output.id))
    assert window.pages.currentWidget() is window.operations
    assert "layer/output" in window.lessons.witness.opened
    window.actions_by_id["open_efficiency"].trigger()
    assert "race" not in window.lessons.witness.opened
    click(qtbot, window.instruments.efficiency.button)
    qtbot.waitUntil(lambda: "race" in window.lessons.witness.opened)
    assert window.instruments.efficiency.table.rowCount() >= 3


def test_that_a_lesson_goes_on_where_it_was_left(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    lesson.step_requested.emit(3)
    window.lessons.leave()
    assert window.lessons.open(path_of(NEURON))
    runner = window.lessons.runner
    assert runner is not None
    assert runner.step.id == "backward" and runner.progress.solved == ["meet"]
    # The steps before it are done again, so that its text and its task make sense.
    qtbot.waitUntil(lambda: window._engine.snapshot.loss == 4.0)
    _, whole = window.lessons.panel.again.menu().actions()
    whole.trigger()
    again = window.lessons.runner
    assert again is not None and again is not runner
    assert again.step.id == "meet" and not again.progress.solved
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    assert window._engine.snapshot.loss is None


def test_that_evidence_reaches_over_several_sittings(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    click(qtbot, lesson.next)
    asked = form(lesson, "prediction")
    qtbot.keyClicks(asked.number, "5")
    click(qtbot, asked.button)
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    click(qtbot, lesson.next)
    window.lessons.leave()
    assert window.lessons.open(path_of(NEURON))
    qtbot.waitUntil(lambda: not window.lessons.is_busy)
    asked = form(lesson, "first-loss")
    qtbot.keyClicks(asked.number, "4")
    click(qtbot, asked.button)
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    this, whole = lesson.again.menu().actions()
    this.trigger()
    qtbot.waitUntil(lambda: not window.lessons.is_busy)
    path = tmp_path / "evidence.json"
    assert window.lessons.write_evidence(path)
    assert cli.main(["verify", str(path)]) == 0
    whole.trigger()
    assert window.lessons.write_evidence(path)
    assert not [e for e in evidence.load(path).events if e.do in ("begin", "predict")]


def test_that_it_is_said_what_keeps_a_step_from_being_done(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    go(qtbot, window, 1)
    press(qtbot, window, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: "say above what you expected" in lesson._notice.text())
    # Too far: there is no prediction any more that one could be compared with.
    press(qtbot, window, Qt.Key.Key_F9)
    press(qtbot, window, Qt.Key.Key_F8)
    runner = window.lessons.runner
    assert runner is not None
    prediction = runner.step.predictions[0].wanted()[0]
    qtbot.waitUntil(lambda: runner.number(prediction) is None)
    asked = form(lesson, "prediction")
    asked.number.setFocus()
    qtbot.keyClicks(asked.number, "five")
    assert not asked.button.isEnabled() and "Type a number" in asked.outcome.text()
    asked.number.clear()
    qtbot.keyClicks(asked.number, "7")
    qtbot.keyClick(asked.number, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "gone past this place" in lesson._notice.text())
    assert not runner.is_solved, "it would be compared with another iteration's number"
    this, _ = lesson.again.menu().actions()
    this.trigger()
    qtbot.waitUntil(lambda: not window.lessons.is_busy)
    assert not lesson._notice.isVisible()
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert "✓ It was: 7" in form(lesson, "prediction").outcome.text()
    assert not lesson._notice.isVisible()


def test_that_keys_stay_in_the_lesson_when_what_was_pressed_is_gone(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    window.activateWindow()
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    click(qtbot, lesson.next)
    press(qtbot, window, Qt.Key.Key_F8)
    asked = form(lesson, "prediction")
    qtbot.keyClicks(asked.number, "7")
    asked.button.setFocus()
    click(qtbot, asked.button)
    solved(qtbot, window)
    assert window.focusWidget() is lesson.next


def test_that_a_wrong_sign_is_told_from_a_wrong_size(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    go(qtbot, window, 4)
    new_w = row(lesson, "new-w")
    for said, words in (("2", "Not yet"), ("-3.4", "Look at the sign"), ("", "Type a number")):
        new_w.answer.clear()
        qtbot.keyClicks(new_w.answer, said)
        click(qtbot, new_w.button)
        assert words in new_w.verdict.text()


def test_that_the_last_step_leads_to_the_next_lesson(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    go(qtbot, window, 7)
    assert not lesson.onward.isVisible()
    needed = row(lesson, "needed")
    click(qtbot, needed.options.button(2))
    click(qtbot, needed.button)
    solved(qtbot, window)
    click(qtbot, lesson.onward)
    runner = window.lessons.runner
    assert runner is not None and runner.lesson.head.id == "a-model-is-a-chain"
    click(qtbot, lesson.leave)
    assert window._document.network == chain(), "the learner's own is what comes back"


def test_that_a_lesson_is_wide_enough_whatever_is_opened_beside_it(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    for key in ("open_explanation", "open_credit"):
        window.actions_by_id[key].trigger()
    window.canvas.node_opened.emit("product")
    assert window.pages.currentWidget() is window.operations
    window.operations.title.setText("a long name of an operation, and what it is computed as")
    qtbot.wait(1)
    dock = window.docks["lesson"]
    assert dock.width() >= LESSON_WIDTH
    assert lesson.next.visibleRegion().boundingRect() == lesson.next.rect()
    window.actions_by_id["text_larger"].trigger()
    qtbot.waitUntil(lambda: dock.width() > LESSON_WIDTH + 30)
    click(qtbot, lesson.leave)
    assert dock.minimumWidth() < LESSON_WIDTH


def test_that_a_broken_lesson_is_refused_with_its_line_and_changes_nothing(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *a, **k: said.append(str(a[2])))
    before = window._document.network
    (tmp_path / "lesson.md").write_text("+++\nid = 1\n+++\n")
    assert not window.lessons.open(tmp_path)
    assert not window.lessons.open(tmp_path / "nothing.md")
    (tmp_path / "lesson.md").write_bytes(path_of(NEURON).read_bytes())
    assert not window.lessons.open(tmp_path), "the project is missing"
    assert "Line 2" in said[0] or "Line 1" in said[0]
    assert len(said) == 3
    assert window._document.network == before
    assert window.lessons.runner is None


def test_that_the_list_offers_the_first_lesson_that_is_not_done(
    window: MainWindow, qtbot: QtBot
) -> None:
    chooser = LessonList(window.lessons, window)
    chooser.show()
    assert chooser.list.count() == len(lessons.shipped())
    assert chooser.list.currentRow() == 0
    qtbot.keyClick(chooser.list, Qt.Key.Key_Return)
    runner = window.lessons.runner
    assert runner is not None and runner.lesson.head.id == "one-neuron"


def test_that_evidence_without_a_lesson_is_a_word_and_no_file(
    window: MainWindow, do: Callable[[str], None], tmp_path: Path
) -> None:
    window.lessons.export_evidence()
    assert "Open a lesson first" in window.statusBar().currentMessage()
    assert not window.lessons.write_evidence(tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7.0), (" −0.5 ", -0.5), ("3,4", 3.4), ("1e-3", 1e-3), ("", None), ("x", None),
     ("nan", None), ("1,2,3", None), ("inf", None)],
)  # fmt: skip
def test_that_numbers_are_taken_as_people_type_them(text: str, number: float | None) -> None:
    assert typed_number(text) == number


def test_that_pages_are_as_high_as_their_text(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    QApplication.processEvents()
    bar = lesson.area.verticalScrollBar()
    assert bar.maximum() == 0, "the first step is short and needs no scroll bar"
