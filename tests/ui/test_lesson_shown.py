"""What a lesson does by itself: it sets scenes, shows steps, and begins them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from lesson_cases import path_of, scene_of
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from backprop_studio import cli
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from tests.ui.lesson_help import NEURON, click, form, go, press, solved


@pytest.mark.parametrize(
    "name",
    ["02_a_model_is_a_chain", "03_credit_assignment", "04_error_flows_backward",
     "05_local_information", "06_why_it_is_efficient", "07_not_the_learning_rule",
     "08_fading_and_bursting", "09_no_understanding", "10_why_it_still_works",
     "11_do_not_blame_backprop", "12_the_learning_loop", "13_take_away"],
)  # fmt: skip
def test_that_every_step_can_be_shown_and_is_then_done(
    window: MainWindow, qtbot: QtBot, name: str, tmp_path: Path
) -> None:
    assert window.lessons.open(path_of(name))
    runner = window.lessons.runner
    assert runner is not None
    panel, walked = window.lessons.panel, []
    while True:
        walked.append(runner.index)
        panel.show_requested.emit()
        qtbot.waitUntil(lambda: runner.is_solved and not window.lessons.is_busy, timeout=20_000)
        if panel.extra.isVisible():
            click(qtbot, panel.extra)
        elif runner.following is not None:
            click(qtbot, panel.next)
        else:
            break
    assert walked == list(range(len(runner.lesson.steps))), "nothing is out of reach"
    assert runner.is_finished
    assert window.lessons.panel.progress.value() == len(runner.lesson.needed)
    assert window.lessons.write_evidence(tmp_path / "evidence.json")
    assert cli.main(["verify", str(tmp_path / "evidence.json")]) == 0


def test_that_a_scene_is_set_when_its_step_comes_and_not_twice(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.lessons.open(path_of("11_do_not_blame_backprop"))
    panel, runner = window.lessons.panel, window.lessons.runner
    assert runner is not None

    def corruptions() -> list[str]:
        return [c.info.id for c in window._document.network.setup.data.corruptions]

    def ready() -> None:
        qtbot.waitUntil(lambda: not runner.is_held)

    panel.step_requested.emit(1)
    assert corruptions() == ["label_noise"]
    ready()
    window.lessons._show_step()
    qtbot.waitUntil(lambda: runner.is_solved)
    trained = window._engine.snapshot.completed
    panel.step_requested.emit(2)
    ready()
    assert (corruptions(), window._engine.snapshot.completed) == (["label_noise"], trained)
    window.actions_by_id["undo"].trigger()
    assert corruptions() == [], "what a lesson sets can be undone, in one go"
    panel.step_requested.emit(1)
    ready()
    assert corruptions() == [], "what is done is only looked at"
    panel.step_requested.emit(4)
    ready()
    assert corruptions() == ["leaked_feature"] and panel._carried.isVisible()
    panel.step_requested.emit(2)
    ready()
    assert corruptions() == ["label_noise"], "a step finds what comes before it"
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == trained)
    panel.step_requested.emit(3)
    assert corruptions() == ["leaked_feature"]
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == 0)
    window.lessons.leave()
    assert window.lessons.open(path_of("11_do_not_blame_backprop"))
    assert window.lessons.runner is not None and window.lessons.runner.index == 3
    assert corruptions() == ["leaked_feature"], "the scene comes back with the step"


def test_that_a_step_gets_the_app_as_it_needs_it_and_forgets_nothing(
    window: MainWindow, lesson: LessonPanel, qtbot: QtBot
) -> None:
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    click(qtbot, lesson.next)
    asked = form(lesson, "prediction")
    qtbot.keyClicks(asked.number, "5")
    qtbot.keyClick(asked.number, Qt.Key.Key_Return)
    window._document.apply("Clear", chain())
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    this, _ = lesson.again.menu().actions()
    this.trigger()
    assert window._document.network == scene_of(NEURON).network
    qtbot.waitUntil(lambda: not window.lessons.is_busy)
    runner = window.lessons.runner
    assert runner is not None
    assert runner.step.id == "forward" and runner.progress.solved == ["meet"]
    assert runner.progress.forecasts["prediction"].said == 5
    press(qtbot, window, Qt.Key.Key_F8)
    solved(qtbot, window)
    assert "✗ It was: 7" in form(lesson, "prediction").outcome.text()


def test_that_what_is_extra_is_marked_and_does_not_keep_a_lesson_from_being_done(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.lessons.open(path_of("11_do_not_blame_backprop"))
    panel, runner = window.lessons.panel, window.lessons.runner
    assert runner is not None
    ids = [step.id for step in runner.lesson.steps]
    shown = [panel.steps.itemText(place) for place in range(panel.steps.count())]
    assert [i for i, text in zip(ids, shown, strict=True) if text.endswith("(extra)")] == [
        step.id for step in runner.lesson.steps if step.extra
    ]
    assert panel.progress.maximum() == len(runner.lesson.needed) < len(ids)
    assert shown[0].startswith("1. ") and shown[3].startswith("+ ") and shown[7].startswith("4. ")
    runner.progress.solved.extend(i for i in ids if i in runner.lesson.needed - {"quiz"})
    go(qtbot, window, ids.index("twins"))
    said = [label.text() for label in panel._page.findChildren(QLabel) if label.isVisible()]
    assert any("done without this step" in text for text in said)
    go(qtbot, window, ids.index("quiz"))
    window.lessons._show_step()
    qtbot.waitUntil(lambda: runner.is_solved)
    assert panel.progress.value() == panel.progress.maximum()
    assert "What is left is extra" in window.statusBar().currentMessage()
    entry = next(
        e for e in window.lessons.entries() if e.path == path_of("11_do_not_blame_backprop")
    )
    assert entry.is_done and entry.extras == len(ids) - len(runner.lesson.needed)
    assert panel.onward.isVisible()
    assert panel.extra.isVisible() and "Case two" in panel.extra.toolTip()
    click(qtbot, panel.extra)
    assert runner.step.id == "oracle" and panel.steps._which == "Extra"
    click(qtbot, panel.next)
    assert runner.step.id == "oracle-verdict"
    click(qtbot, panel.next)
    assert runner.step.id == "digits" and panel.steps._which == "Step 4 of 8"
    go(qtbot, window, ids.index("quiz"))
    click(qtbot, panel.onward)
    assert window.statusBar().currentMessage() == "", "it was said of the lesson before"


def test_that_next_leads_past_what_is_extra_to_the_end(window: MainWindow, qtbot: QtBot) -> None:
    assert window.lessons.open(path_of("11_do_not_blame_backprop"))
    panel, runner = window.lessons.panel, window.lessons.runner
    assert runner is not None
    walked = []
    while runner.following is not None:
        walked.append(runner.step.id)
        panel.show_requested.emit()
        qtbot.waitUntil(lambda: runner.is_solved and not window.lessons.is_busy, timeout=20_000)
        click(qtbot, panel.next)
    assert walked == ["alibi", "notes", "notes-verdict", "digits", "digits-verdict", "line",
                      "line-verdict"]  # fmt: skip
    assert not panel._carried.isVisible(), "nothing was passed by that the step rests on"
    panel.show_requested.emit()
    qtbot.waitUntil(lambda: runner.is_solved and not window.lessons.is_busy)
    assert runner.is_finished and panel.progress.value() == panel.progress.maximum() == 8
    assert panel.next.text() == "Finish" and panel.onward.isVisible() and panel.extra.isVisible()
    click(qtbot, panel.back)
    assert runner.step.id == "line-verdict"
