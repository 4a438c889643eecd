"""What is pressed while a step of a lesson is made ready is not mixed with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lesson_cases import path_of
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from backprop_studio.lessons import Runner
from backprop_studio.training import State
from backprop_studio.ui.actions import ACTIONS
from backprop_studio.ui.lesson_hold import WAITING
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from tests.ui.lesson_help import LEFT, choose, click, go
from tests.ui.waiting import answered

BACKWARD, UPDATE = 3, 4
WAIT = "One moment"


@pytest.fixture
def runner(window: MainWindow, lesson: LessonPanel) -> Iterator[Runner]:
    """The first lesson, being made ready for a step in its middle."""
    assert window.lessons.runner is not None
    lesson.step_requested.emit(BACKWARD)
    assert window.lessons.is_busy and window.lessons.runner.is_held
    yield window.lessons.runner


def ready(qtbot: QtBot, runner: Runner) -> None:
    qtbot.waitUntil(lambda: not runner.is_held)


def asked(qtbot: QtBot, window: MainWindow) -> object:
    """Where the run stands once the worker has done all that it was told."""
    found: list[object] = []
    window._engine.ask(lambda session: session.cursor, found.append)
    qtbot.waitUntil(lambda: bool(found))
    return found[0]


def test_that_keys_pressed_meanwhile_leave_the_step_as_it_has_to_be(
    window: MainWindow, qtbot: QtBot, lesson: LessonPanel
) -> None:
    go(qtbot, window, BACKWARD)
    wanted, network = asked(qtbot, window), window._document.network
    runner = window.lessons.runner
    assert runner is not None
    lesson.reset_requested.emit()
    runner = window.lessons.runner
    assert runner is not None and runner.is_held
    window.canvas.setFocus()
    for key, held in (("F8", ""), ("F5", ""), ("R", "Ctrl"), ("B", "Ctrl"), ("Delete", "")):
        modifier = Qt.KeyboardModifier.ControlModifier if held else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(window.canvas, getattr(Qt.Key, f"Key_{key}"), modifier)
    assert WAIT in window.statusBar().currentMessage()
    assert lesson._carried.isVisible() and WAIT in lesson._carried.text()
    ready(qtbot, runner)
    assert WAIT not in lesson._carried.text()
    assert "Ready now" in window.statusBar().currentMessage()
    assert asked(qtbot, window) == wanted and window._document.network == network
    assert len(window._engine.snapshot.branches) == 1
    qtbot.keyClick(window, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: runner.met == (True,))


def test_that_the_mouse_moves_nothing_meanwhile_and_everything_afterwards(
    window: MainWindow, qtbot: QtBot, runner: Runner
) -> None:
    seen = window.canvas.viewport()
    place = window.canvas.node_center("w")
    qtbot.mouseClick(seen, LEFT, pos=place)
    qtbot.mouseClick(window.transport.run_button, LEFT)
    assert window.canvas.selected_nodes() == ()
    assert window._engine.state is not State.RUNNING
    ready(qtbot, runner)
    qtbot.mouseClick(seen, LEFT, pos=place)
    assert window.canvas.selected_nodes() == ("w",)


def test_that_a_prediction_waits_and_another_step_can_be_chosen(
    window: MainWindow, qtbot: QtBot, lesson: LessonPanel, runner: Runner
) -> None:
    choose(qtbot, lesson, "who-more", 0, 70)
    assert not runner.progress.forecasts
    click(qtbot, lesson.next)
    assert runner.index == UPDATE
    ready(qtbot, runner)
    go(qtbot, window, BACKWARD)
    choose(qtbot, lesson, "who-more", 0, 70)
    assert set(runner.progress.forecasts) == {"who-more"}


def test_that_the_keys_work_again_when_the_lesson_is_left_meanwhile(
    window: MainWindow, qtbot: QtBot, lesson: LessonPanel, runner: Runner
) -> None:
    click(qtbot, lesson.leave)
    assert window.lessons.runner is None and not window.lessons.is_busy
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    qtbot.waitUntil(lambda: window._engine.snapshot.cursor is not None)
    with answered(qtbot, window._engine):
        qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == 1)


def test_that_the_keys_work_again_when_the_step_cannot_be_made_ready(
    window: MainWindow, qtbot: QtBot, runner: Runner
) -> None:
    window.lessons.demonstration._refuse("no")
    assert not runner.is_held and not window.lessons.is_busy
    with answered(qtbot, window._engine):
        qtbot.keyClick(window, Qt.Key.Key_F6)


def test_that_another_lesson_can_be_opened_meanwhile(
    window: MainWindow, qtbot: QtBot, runner: Runner
) -> None:
    assert window.lessons.open(path_of("02_a_model_is_a_chain"))
    assert not window.lessons.is_busy
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    with answered(qtbot, window._engine):
        qtbot.keyClick(window, Qt.Key.Key_F8)


def test_that_what_only_looks_is_not_kept_waiting(window: MainWindow, runner: Runner) -> None:
    window.actions_by_id["open_explanation"].trigger()
    assert window.docks["explanation"].isVisible()
    stops = window.actions_by_id["stop_here"]
    stops.trigger()
    assert not stops.isChecked(), "what was refused does not look as if it were done"


def test_that_all_that_touches_run_or_design_is_among_what_waits() -> None:
    ids = {spec.id for spec in ACTIONS}
    assert ids >= WAITING
    assert {i for i in ids if i.startswith(("step_", "back_"))} <= WAITING
    assert {"run", "restart", "new_weights", "fork", "set_number", "undo", "redo"} <= WAITING
    assert {"delete", "paste", "quick_add", "fix", "import_data"} <= WAITING
    assert not WAITING & {"leave_lesson", "lessons", "new", "open", "quit", "help", "open_credit"}


@pytest.fixture
def shown(window: MainWindow, qtbot: QtBot) -> Iterator[Runner]:
    """A step that takes ten epochs, while it is being shown."""
    assert window.lessons.open(path_of("11_do_not_blame_backprop"))
    runner = window.lessons.runner
    assert runner is not None
    ready(qtbot, runner)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window.lessons.panel.show_requested.emit()
    assert window.lessons.is_busy and not runner.is_held
    yield runner


def test_that_keys_pressed_while_a_step_is_shown_are_no_part_of_it(
    window: MainWindow, qtbot: QtBot, shown: Runner
) -> None:
    network = window._document.network
    window.canvas.setFocus()
    window.canvas.select(("hidden",))
    pressed = (
        ("F8", "No"), ("F9", "Shift"), ("R", "Control"), ("B", "Control"), ("Delete", "No")
    )  # fmt: skip
    for key, held in pressed:
        modifier = getattr(Qt.KeyboardModifier, f"{held}Modifier")
        qtbot.keyClick(window.canvas, getattr(Qt.Key, f"Key_{key}"), modifier)
    click(qtbot, window.transport.run_button)
    assert WAIT in window.statusBar().currentMessage()
    assert window.lessons.panel.shown.isVisible(), "it is said at once to who is impatient"
    qtbot.waitUntil(lambda: not window.lessons.is_busy, timeout=20_000)
    assert shown.is_solved, "what was done was seen before anybody else may go on"
    assert "your turn" in window.statusBar().currentMessage()
    assert not window.lessons.panel.shown.isVisible()
    assert window._document.network == network
    snapshot = window._engine.snapshot
    assert (len(snapshot.branches), window._engine.state) == (1, State.PAUSED)
    done = snapshot.completed
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == done + 1)


@pytest.mark.parametrize("place", ["canvas", "panel", "button"])
def test_that_escape_stops_what_is_shown_and_the_rest_is_left_out(
    window: MainWindow, qtbot: QtBot, shown: Runner, place: str
) -> None:
    panel = window.lessons.panel
    qtbot.waitUntil(lambda: window._engine.snapshot.completed > 0)
    panel.show_waiting()
    if place == "button":
        click(qtbot, panel.shown.button)
    else:
        held = window.canvas if place == "canvas" else panel.area
        held.setFocus()
        qtbot.keyClick(held, Qt.Key.Key_Escape)
    assert not window.lessons.is_busy and not panel.shown.isVisible()
    assert "Stopped" in window.statusBar().currentMessage()
    stopped = asked(qtbot, window)
    qtbot.wait(100)
    assert asked(qtbot, window) == stopped, "nothing runs on"
    assert not shown.is_solved
    with answered(qtbot, window._engine):
        qtbot.keyClick(window, Qt.Key.Key_F6)
    panel.reset_requested.emit()
    runner = window.lessons.runner
    assert runner is not None
    ready(qtbot, runner)
    panel.show_requested.emit()
    qtbot.waitUntil(lambda: runner.is_solved, timeout=20_000)


def test_that_another_step_breaks_off_what_is_shown(
    window: MainWindow, qtbot: QtBot, shown: Runner
) -> None:
    window.lessons.panel.step_requested.emit(1)
    ready(qtbot, shown)
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == 0)
    stays = asked(qtbot, window)
    qtbot.wait(50)
    assert asked(qtbot, window) == stays
    assert not window.lessons.is_busy and shown.index == 1 and not shown.progress.solved


def test_that_show_me_while_a_step_is_made_ready_can_be_thought_better_of(
    window: MainWindow, qtbot: QtBot, lesson: LessonPanel, runner: Runner
) -> None:
    lesson.show_requested.emit()
    lesson.area.setFocus()
    qtbot.keyClick(lesson.area, Qt.Key.Key_Escape)
    ready(qtbot, runner)
    assert not window.lessons.is_busy
    assert not runner.is_solved
