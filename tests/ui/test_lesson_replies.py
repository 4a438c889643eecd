"""A wrong answer gets a word of its own, where the learner looks."""

from __future__ import annotations

import pytest
from lesson_cases import path_of
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from backprop_studio.lessons import Runner
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.lesson_forms import CheckRow

LEFT = Qt.MouseButton.LeftButton


def begun(window: MainWindow, qtbot: QtBot, name: str, step: str) -> Runner:
    window.resize(1280, 800)
    assert window.lessons.open(path_of(name))
    runner = window.lessons.runner
    assert runner is not None
    window.lessons.panel.step_requested.emit([s.id for s in runner.lesson.steps].index(step))
    qtbot.waitUntil(lambda: not runner.is_held)
    return runner


def say(qtbot: QtBot, row: CheckRow, option: int) -> None:
    row.options.button(option).click()
    qtbot.mouseClick(row.button, LEFT)


def test_that_what_is_said_of_a_wrong_answer_is_scrolled_into_sight(
    window: MainWindow, qtbot: QtBot
) -> None:
    begun(window, qtbot, "12_the_learning_loop", "jobs")
    panel = window.lessons.panel
    row = panel._rows[2]
    assert not row.verdict.isVisible()
    say(qtbot, row, 4)
    qtbot.waitUntil(row.verdict.isVisible)
    assert "Not yet" in row.verdict.text() and "Who takes the step" in row.verdict.text()
    port = panel.area.viewport()

    def is_in_sight() -> bool:
        foot = row.verdict.mapTo(port, QPoint(0, row.verdict.height())).y()
        return 0 < foot <= port.height()

    qtbot.waitUntil(is_in_sight)
    say(qtbot, row, 2)
    assert "does not move them" in row.verdict.text()
    say(qtbot, row, 5)
    assert not row.verdict.isVisible() and row.mark.text() == "✓"


@pytest.mark.parametrize(
    ("said", "reply"),
    [("the data", "Every row is true"), ("an assumption: model, scale or start", "")],
)
def test_that_a_wrong_suspect_is_cleared_when_the_case_is_closed(
    window: MainWindow, qtbot: QtBot, said: str, reply: str
) -> None:
    runner = begun(window, qtbot, "11_do_not_blame_backprop", "units")
    (form,) = window.lessons.panel._forms
    window.lessons.predict(form.prediction, said, 70)
    assert not form.reply.isVisible(), "the case is open"
    window.lessons.demonstration.start(runner.step.deeds)
    qtbot.waitUntil(lambda: runner.is_solved)
    assert form.reply.isVisible() is bool(reply)
    assert reply in form.reply.text()
