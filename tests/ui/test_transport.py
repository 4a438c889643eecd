"""What the buttons to run and to step say of themselves."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from backprop_studio.network import Network
from backprop_studio.training import Boundary
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_the_tips_tell_the_keys_as_they_are_now(window: MainWindow) -> None:
    layer = window.transport.size_buttons[Boundary.LAYER]
    assert layer.toolTip() == "One layer: F7, back Shift+F7"
    assert window.transport.run_button.toolTip() == "Train (F5)"
    window.shortcuts.set("step_layer", "Ctrl+Alt+J")
    window.shortcuts.set("run", "Ctrl+Alt+K")
    assert layer.toolTip() == "One layer: Ctrl+Alt+J, back Shift+F7"
    assert window.transport.run_button.toolTip() == "Train (Ctrl+Alt+K)"
    window.shortcuts.set("step_layer", "")
    assert layer.toolTip() == "One layer: back Shift+F7"
    window.shortcuts.set("back_layer", "")
    assert layer.toolTip() == "One layer"


def test_that_a_run_button_that_cannot_be_pressed_says_where_the_reason_is(
    window: MainWindow, qtbot: QtBot
) -> None:
    window._document.reset(Network())
    qtbot.waitUntil(lambda: not window.transport.run_button.isEnabled())
    assert "Messages" in window.transport.run_button.toolTip()


def test_that_back_at_the_start_says_that_there_is_nothing_before_it(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    def told() -> bool:
        return "begins here" in window.statusBar().currentMessage()

    do("step_op")
    do("step_op")
    do("back_op")
    told_too_early = []
    window._engine.ask(lambda session: None, lambda _: told_too_early.append(told()))
    qtbot.waitUntil(lambda: told_too_early == [False])
    window.transport.back_button.click()
    qtbot.waitUntil(told)
