"""The learning loop, always in sight."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Phase
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.loop_strip import PANELS

Do = Callable[[str], None]


def lit(window: MainWindow) -> set[Phase]:
    return {phase for phase, stage in window.loop.stages.items() if stage.lit}


def test_that_each_stage_is_lit_in_turn_and_says_whose_job_it_is(
    window: MainWindow, do: Do
) -> None:
    assert lit(window) == set() and "begin" in window.loop.sentence.text()
    told = []
    for phase in Phase:
        do("step_phase")
        assert lit(window) == {phase}
        told.append(window.loop.sentence.text())
    assert len(set(told)) == 5 and "Backpropagation" in told[3] and "optimizer" in told[4]
    do("back_phase")
    assert lit(window) == {Phase.BACKWARD}


def test_that_all_are_lit_at_full_speed(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: lit(window) == set(Phase), timeout=10_000)
    qtbot.waitUntil(lambda: "times a second" in window.loop.sentence.text(), timeout=10_000)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    qtbot.waitUntil(lambda: len(lit(window)) == 1)


def test_that_a_stage_opens_its_panel_by_mouse_and_by_keys(window: MainWindow) -> None:
    for place, (phase, key) in enumerate(PANELS.items()):
        window.docks[key].close()
        stage = window.loop.stages[phase]
        if place % 2:
            stage.setFocus()
            QTest.keyClick(stage, Qt.Key.Key_Return)
        else:
            QTest.mouseClick(stage, Qt.MouseButton.LeftButton)
        assert window.docks[key].isVisible()


def test_that_the_strip_is_slim_and_leaves_the_window_its_size(window: MainWindow) -> None:
    assert window.loop.isVisible() and window.loop.height() <= 32
    assert window.height() <= 800
    window.actions_by_id["layout_build"].trigger()
    assert window.loop.isVisible()
