"""Steps of a lesson in any order, in the window: each finds the app as its text says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lesson_cases import path_of
from pytestqt.qtbot import QtBot

from backprop_studio import cli
from backprop_studio.lessons import Runner
from backprop_studio.lessons.lesson import UNKNOWN
from backprop_studio.network import edits
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.lesson_text import MarkdownLabel


def begun(window: MainWindow, name: str) -> Runner:
    assert window.lessons.open(path_of(name))
    assert window.lessons.runner is not None
    return window.lessons.runner


def go(window: MainWindow, qtbot: QtBot, step: str) -> None:
    """Choose a step, and wait until the app is ready for it and its text knows its numbers."""
    runner = window.lessons.runner
    assert runner is not None
    ids = [s.id for s in runner.lesson.steps]
    window.lessons.panel.step_requested.emit(ids.index(step))
    qtbot.waitUntil(lambda: not runner.is_held, timeout=20_000)
    labels = window.lessons.panel.area.findChildren(MarkdownLabel)
    shown = [label for label in labels if label.isVisible()]
    qtbot.waitUntil(lambda: not any(UNKNOWN in label.accessibleName() for label in shown))


def show(window: MainWindow, qtbot: QtBot) -> None:
    runner = window.lessons.runner
    assert runner is not None and not runner.is_solved
    window.lessons._show_step()
    qtbot.waitUntil(lambda: runner.is_solved, timeout=20_000)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("01_one_neuron", "too-far by-hand forward update meet quiz backward loss"),
        ("02_a_model_is_a_chain", "late trace open what-if first-op quiz loss list next-ops stays"),
        ("06_why_it_is_efficient", "paths bigger reused backward-cost same-answer differences"),
        ("11_do_not_blame_backprop", "oracle-verdict notes alibi notes-verdict quiz oracle"),
    ],
)
def test_that_steps_are_done_in_any_order_and_evidence_of_it_is_confirmed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str, order: str
) -> None:
    runner = begun(window, name)
    for step in order.split():
        go(window, qtbot, step)
        show(window, qtbot)
    assert set(runner.progress.solved) == set(order.split())
    assert window.lessons.write_evidence(tmp_path / "evidence.json")
    assert cli.main(["verify", str(tmp_path / "evidence.json")]) == 0


def test_that_jumping_about_and_back_leaves_the_app_as_the_next_step_needs_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    runner = begun(window, "01_one_neuron")
    go(window, qtbot, "backward")
    show(window, qtbot)
    here = window._engine.snapshot.cursor
    go(window, qtbot, "by-hand")
    assert not runner.is_carried and window._engine.snapshot.cursor == here
    go(window, qtbot, "backward")
    assert window._engine.snapshot.cursor == here, "what is done is only looked at"
    go(window, qtbot, "forward")
    assert runner.is_carried and window._engine.snapshot.cursor != here
    assert runner.met == (False,)
    go(window, qtbot, "by-hand")
    qtbot.waitUntil(lambda: window._engine.snapshot.cursor == here)


def test_that_nothing_stays_open_that_a_step_is_to_open_or_to_find_out(
    window: MainWindow, qtbot: QtBot
) -> None:
    begun(window, "02_a_model_is_a_chain")
    go(window, qtbot, "quiz")
    assert window.docks["explanation"].isVisible()
    assert window.pages.currentWidget() is window.operations
    go(window, qtbot, "first-op")
    assert not window.docks["explanation"].isVisible(), "it would tell the number"
    assert window.docks["program"].isVisible()
    assert window.pages.currentWidget() is window.canvas
    go(window, qtbot, "trace")
    runner = window.lessons.runner
    assert runner is not None and runner.met == (False, False)


def test_that_a_way_that_is_broken_off_is_no_way(window: MainWindow, qtbot: QtBot) -> None:
    runner = begun(window, "01_one_neuron")
    panel = window.lessons.panel
    for place in (6, 3, 6, 3):
        panel.step_requested.emit(place)
    qtbot.waitUntil(lambda: not runner.is_held)
    qtbot.waitUntil(lambda: window._engine.snapshot.loss == 4.0)
    assert runner.met == (False,) and not runner.is_solved
    # Somebody changes the network while it is made ready: nobody waits for ever.
    panel.step_requested.emit(5)
    network = window._document.network
    node = network.named("w")
    assert node is not None
    window._document.apply("Freeze", edits.freeze(network, node.id, True))
    qtbot.waitUntil(lambda: not runner.is_held)
    window.lessons.reset_step()
    qtbot.waitUntil(lambda: not window.lessons.runner.is_held)  # type: ignore[union-attr]
    assert window._document.network != edits.freeze(network, node.id, True)


def test_that_who_leaves_after_a_step_finds_it_done_in_the_app(
    window: MainWindow, qtbot: QtBot
) -> None:
    begun(window, "01_one_neuron")
    go(window, qtbot, "loss")
    show(window, qtbot)
    assert window._engine.snapshot.loss == 4.0
    window.lessons.leave()
    runner = begun(window, "01_one_neuron")
    assert runner.step.id == "loss" and runner.is_solved
    qtbot.waitUntil(lambda: not runner.is_held)
    qtbot.waitUntil(lambda: window._engine.snapshot.loss == 4.0)
    go(window, qtbot, "backward")
    show(window, qtbot)


@pytest.mark.parametrize(
    ("name", "step"), [("04_error_flows_backward", "update"), ("11_do_not_blame_backprop", "half")]
)
def test_that_a_jump_ends_the_training_that_runs(
    window: MainWindow, qtbot: QtBot, name: str, step: str
) -> None:
    begun(window, name)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: window._engine.snapshot.completed > 30)
    go(window, qtbot, step)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    assert window._engine.snapshot.completed == 0
    show(window, qtbot)
