"""Lessons in the window, with mouse and keyboard, and the learner's own project meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import path_of, scene_of
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import cli, lessons, project
from backprop_studio.data import Dataset, Task, own
from backprop_studio.lessons import evidence
from backprop_studio.network import edits
from backprop_studio.project import Project
from backprop_studio.training import Boundary, State
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.lesson_mode import LESSON_WIDTH
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.widgets.lesson_forms import typed_number
from tests.ui.lesson_help import NEURON, choose, click, form, go, press, row, solved, texts

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
    with qtbot.waitSignal(window._engine.updated):
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


def test_that_the_learners_own_project_waits_untouched_and_comes_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.bps"
    with qtbot.waitSignal(window._engine.updated):
        window.actions_by_id["step_epoch"].trigger()
    assert window.project.save_path(mine)
    network, data = window._document.network, mine.read_bytes()
    weights = window._engine.weights()
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    moved = window._document.network
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Cancel)
    assert not window.lessons.open(path_of(NEURON))
    assert window._document.network == moved
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Ignore)
    assert window.lessons.open(path_of(NEURON))
    assert window.project.path is None
    assert window._document.network == scene_of(NEURON).network
    window._document.apply("Clear", chain())
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    click(qtbot, window.lessons.panel.leave)
    assert window._document.network == moved
    assert window.project.path == mine
    assert window.project.has_changes(), "what was not saved still is not"
    assert mine.read_bytes() == data
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    again = window._engine.weights()
    assert all((again[key] == weights[key]).all() for key in weights)


def test_that_undo_branches_and_the_moment_in_the_run_outlive_a_lesson(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Ignore)
    document, engine = window._document, window._engine
    stack, first = document.undo_stack, document.network
    document.apply("Move", edits.move(first, {first.nodes[0].id: (5.0, 5.0)}))
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    for _ in range(3):
        engine.step(Boundary.BATCH)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 3)
    engine.seek(1)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 1)
    faster = replace(document.network.setup, batch_size=16)
    document.apply("Faster", edits.set_setup(document.network, faster))
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    engine.step(Boundary.OP)
    qtbot.waitUntil(lambda: engine.snapshot.cursor is not None and engine.snapshot.cursor.index > 0)
    left, network = engine.snapshot, document.network
    weights = engine.weights()

    assert window.lessons.open(path_of(NEURON))
    assert document.undo_stack is not stack and document.undo_stack.count() == 0
    assert not window.actions_by_id["undo"].isEnabled(), "a lesson begins with nothing to undo"
    document.apply("Of the lesson", chain())
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    assert window.lessons.open(path_of("02_a_model_is_a_chain"))
    window.lessons.leave()

    assert document.undo_stack is stack and document.network is network
    assert engine.snapshot.cursor == left.cursor, "also before the worker has said a word"
    qtbot.waitUntil(lambda: bool(engine.snapshot.branches))
    now = engine.snapshot
    assert [(b.id, b.name) for b in now.branches] == [(b.id, b.name) for b in left.branches]
    assert (now.cursor, now.branch, now.state) == (left.cursor, left.branch, left.state)
    again = engine.weights()
    assert all((again[key] == weights[key]).all() for key in weights)
    assert window.actions_by_id["undo"].text().endswith("Faster")
    engine.switch(left.branches[0].id)
    qtbot.waitUntil(lambda: engine.snapshot.branch == left.branches[0].id)
    assert document.network.setup == first.setup, "the network of that branch came with it"
    qtbot.waitUntil(lambda: (engine.snapshot.completed, engine.snapshot.live) == (1, 3))
    qtbot.waitUntil(lambda: len(window.losses.losses) == 3)  # with its curve
    for _ in range(3):
        window.actions_by_id["undo"].trigger()
    assert document.network == first and not window.isWindowModified()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)


def test_that_a_run_that_is_left_for_a_lesson_pauses_and_goes_on_later(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = window._engine
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.completed > 2)
    assert window.lessons.open(path_of(NEURON))
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    engine.run()
    qtbot.waitUntil(lambda: engine.state is State.RUNNING)
    window.lessons.leave()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED and bool(engine.snapshot.branches))
    was = engine.snapshot.completed
    assert was > 2
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.completed > was)
    engine.pause()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)


def test_that_a_project_that_was_saved_is_still_saved_after_a_lesson(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window._engine.updated):
        window.actions_by_id["step_epoch"].trigger()
    assert window.project.save_path(tmp_path / "mine.bps")
    assert not window.project.has_changes()
    assert window.lessons.open(path_of(NEURON)), "nobody is asked anything"
    window.lessons.leave()
    assert not window.project.has_changes()
    assert window.project.path == tmp_path / "mine.bps"


def test_that_a_new_project_ends_the_lesson_and_asks_about_the_old_one(
    window: MainWindow, lesson: LessonPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Cancel)
    window.actions_by_id["new"].trigger()
    assert window.lessons.runner is None
    assert window._document.network.nodes == ()


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
    assert "layer/output" in window.lessons._opened
    window.actions_by_id["open_efficiency"].trigger()
    assert "race" not in window.lessons._opened
    click(qtbot, window.instruments.efficiency.button)
    qtbot.waitUntil(lambda: "race" in window.lessons._opened)
    assert window.instruments.efficiency.table.rowCount() >= 3


def test_that_the_learners_own_data_come_back_with_the_project(
    window: MainWindow, qtbot: QtBot
) -> None:
    """Lessons with data of their own bring these along, and only their own are kept then."""
    mine = own.keep(
        Dataset(
            "", "Mine", "Four rows.", np.eye(4, 2, dtype=np.float32), np.zeros((4, 1), np.float32),
            Task.REGRESSION, (), ("a", "b"), None, "", "",
        )
    )  # fmt: skip
    network = scene_of("03_credit_assignment").network
    window.project.show(Project(edits.set_setup(network, replace(network.setup, dataset=mine.id))))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window._document.undo_stack.setClean()
    assert window.lessons.open(path_of("05_local_information"))
    assert own.find(mine.id) is None
    window.lessons.leave()
    assert own.find(mine.id) is mine
    assert window._document.analysis.errors == ()


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
    qtbot.waitUntil(lambda: not window.lessons.demonstration.is_running)
    asked = form(lesson, "first-loss")
    qtbot.keyClicks(asked.number, "4")
    click(qtbot, asked.button)
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    this, whole = lesson.again.menu().actions()
    this.trigger()
    qtbot.waitUntil(lambda: not window.lessons.demonstration.is_running)
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
    qtbot.waitUntil(lambda: not lesson._notice.isVisible())
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


def test_that_what_was_not_saved_is_still_kept_for_a_crash_in_a_lesson(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = window._document.network
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    mine, recovery = window._document.network, window.project.recovery
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: QMessageBox.StandardButton.Ignore)
    assert window.lessons.open(path_of(NEURON))
    window._document.apply("Clear", edits.move(window._document.network, {"x": (1.0, 1.0)}))
    recovery.keep()
    recovery._finish()
    assert project.load(recovery._file).network == mine
    click(qtbot, window.lessons.panel.leave)
    window._document.undo_stack.setClean()
    assert not recovery._file.exists(), "saved, there is nothing to be kept"


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
