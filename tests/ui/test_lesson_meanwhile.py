"""The learner's own project waits while a lesson is open, and comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import path_of, scene_of
from networks import chain
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import data, project
from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import StudioError
from backprop_studio.network import edits
from backprop_studio.project import Project
from backprop_studio.training import Boundary, State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from tests.ui.lesson_help import NEURON, click
from tests.ui.waiting import answered


def rows(count: int) -> Dataset:
    """Rows of the learner's own."""
    x, y = np.eye(count, 2, dtype=np.float32), np.zeros((count, 1), np.float32)
    return Dataset("", "Mine", "A few rows.", x, y, Task.REGRESSION, (), ("a", "b"), None, "", "")


def _fail(*_: object) -> None:
    pytest.fail("nothing can be lost, so nothing is asked")


def test_that_it_is_asked_where_nothing_can_be_kept_for_a_crash(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked = QMessageBox.StandardButton.Cancel, []

    def question(_: object, title: str, text: str, *rest: object) -> object:
        asked.append(text)
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    monkeypatch.setattr(window.project.recovery, "_hold", lambda: False)
    network = window._document.network
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    moved = window._document.network
    assert not window.lessons.open(path_of(NEURON))
    assert window._document.network == moved and window.lessons.runner is None
    answer = QMessageBox.StandardButton.Ignore
    assert window.lessons.open(path_of(NEURON))
    assert len(asked) == 2 and "could not be kept" in asked[0]


def test_that_it_is_asked_when_the_disk_is_full(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StudioError("file-unwritable", path="x", reason="No space left on device")

    network = window._document.network
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    assert window.project.recovery.secure()
    moved = window._document.network
    window._document.apply("Move", edits.move(moved, {network.nodes[0].id: (6.0, 6.0)}))
    monkeypatch.setattr(project, "save", full)
    assert not window.project.recovery.secure(), "what is there is older"


def test_that_the_learners_own_project_waits_untouched_and_comes_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.bps"
    with answered(qtbot, window._engine):
        window.actions_by_id["step_epoch"].trigger()
    assert window.project.save_path(mine)
    network, data = window._document.network, mine.read_bytes()
    weights = window._engine.weights()
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    moved = window._document.network
    monkeypatch.setattr(QMessageBox, "question", _fail)
    assert window.lessons.open(path_of(NEURON))
    assert "Your project waits" in window.statusBar().currentMessage()
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
    monkeypatch.setattr(QMessageBox, "question", _fail)
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
    with answered(qtbot, window._engine):
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


def test_that_the_learners_own_data_come_back_with_the_project(
    window: MainWindow, qtbot: QtBot
) -> None:
    """Lessons with data of their own bring these along, and only their own are kept then."""
    mine = own.keep(rows(4))
    network = scene_of("03_credit_assignment").network
    window.project.show(Project(edits.set_setup(network, replace(network.setup, dataset=mine.id))))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window._document.undo_stack.setClean()
    assert window.lessons.open(path_of("05_local_information"))
    assert own.find(mine.id) is None
    window.lessons.leave()
    assert own.find(mine.id) is mine
    assert window._document.analysis.errors == ()


def test_that_what_was_prepared_of_the_learners_own_data_waits_too(
    window: MainWindow, qtbot: QtBot
) -> None:
    """Many rows take seconds; nobody waits for them twice, and nobody pays for them for ever."""
    mine = own.keep(rows(6))
    network = scene_of("03_credit_assignment").network
    setup = replace(network.setup, dataset=mine.id)
    window.project.show(Project(edits.set_setup(network, setup)))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window._document.undo_stack.setClean()
    made = setup.prepared()
    assert window.lessons.open(path_of("05_local_information"))
    window.lessons.leave()
    assert window._document.network.setup.prepared() is made
    window._document.undo_stack.setClean()
    window.project.new()
    asked = setup.dataset, setup.data, setup.validation, setup.seed
    assert data.prepare.find(*asked) is None


def test_that_what_was_not_saved_is_still_kept_for_a_crash_in_a_lesson(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = window._document.network
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (5.0, 5.0)}))
    mine, recovery = window._document.network, window.project.recovery
    monkeypatch.setattr(QMessageBox, "question", _fail)
    assert window.lessons.open(path_of(NEURON))
    assert project.load(recovery._file).network == mine, "it is there before the lesson is"
    window._document.apply("Clear", edits.move(window._document.network, {"x": (1.0, 1.0)}))
    recovery.keep()
    recovery._finish()
    assert project.load(recovery._file).network == mine
    click(qtbot, window.lessons.panel.leave)
    window._document.undo_stack.setClean()
    assert not recovery._file.exists(), "saved, there is nothing to be kept"


def test_that_a_refusal_in_a_lesson_is_forgotten_once_something_could_be_done(
    window: MainWindow, lesson: LessonPanel
) -> None:
    document = window._document
    window.canvas.refused.emit("That cannot be.")
    assert window.statusBar().currentMessage() == "That cannot be."
    network = document.network
    document.apply("Rename", edits.rename(network, network.nodes[0].id, "renamed"))
    assert window.statusBar().currentMessage() == ""
