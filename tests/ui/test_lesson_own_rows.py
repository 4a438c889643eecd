"""What a learner drew in a lesson is in the evidence, whatever was done after it."""

from __future__ import annotations

from pathlib import Path

from lesson_cases import path_of
from pytestqt.qtbot import QtBot

from backprop_studio import cli
from backprop_studio.data import own
from backprop_studio.lessons import Runner
from backprop_studio.lessons.actions import action
from backprop_studio.ui.main_window import MainWindow

POINTS = [[0.1 * k, (-1.0) ** k, k % 2] for k in range(40)]


def begun(window: MainWindow, qtbot: QtBot, step: str) -> Runner:
    assert window.lessons.open(path_of("12_the_learning_loop"))
    runner = window.lessons.runner
    assert runner is not None
    qtbot.waitUntil(lambda: not runner.is_held)
    window.lessons.panel.step_requested.emit([s.id for s in runner.lesson.steps].index(step))
    qtbot.waitUntil(lambda: not runner.is_held)
    return runner


def test_that_points_of_another_sitting_are_handed_in_and_confirmed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    runner = begun(window, qtbot, "own")
    window.lessons.demonstration.start([action({"draw": POINTS}), action({"epochs": 60})])
    qtbot.waitUntil(lambda: runner.is_solved)
    mine = window._document.network.setup.dataset
    window.lessons.leave()
    assert own.find(mine) is None
    runner = begun(window, qtbot, "quiz")
    window.lessons._show_step()
    qtbot.waitUntil(lambda: runner.is_solved)
    assert runner.progress.solved == ["own", "quiz"]
    assert window.lessons.write_evidence(tmp_path / "evidence.json")
    own.release()
    assert cli.main(["verify", str(tmp_path / "evidence.json")]) == 0
    # Who begins the lesson anew hands in nothing of before.
    window.lessons.restart()
    assert window.lessons.write_evidence(tmp_path / "anew.json")
    assert mine not in (tmp_path / "anew.json").read_text()
