"""The Inspector and the instrument below it: whichever was turned to last has the height."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from backprop_studio.ui import docks
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.sharing import INSPECTOR_LOW


def _beside_an_instrument(window: MainWindow) -> tuple[int, int]:
    window.resize(1280, 800)
    window.layouts.open("gradient_flow")
    docks.settle(window)
    return window.docks["inspector"].height(), window.docks["gradient_flow"].height()


def test_that_a_layer_that_is_chosen_can_be_set_and_an_instrument_can_be_read_again(
    window: MainWindow, qtbot: QtBot
) -> None:
    low, high = _beside_an_instrument(window)
    inspector, flow = window.docks["inspector"], window.docks["gradient_flow"]
    assert low < INSPECTOR_LOW < high
    window.canvas.setFocus()
    window.canvas.select(("dense_1",))
    docks.settle(window)
    assert inspector.height() >= INSPECTOR_LOW > low
    field = window.inspector.form.editor("units")
    qtbot.waitUntil(lambda: field.visibleRegion().boundingRect().height() == field.height())
    window.docks["setup"].raise_()
    window.layouts.open("gradient_flow")
    # The form is a little higher than what the Inspector says without a layer.
    qtbot.waitUntil(lambda: inspector.height() < INSPECTOR_LOW and flow.height() > high - 20)


def test_that_there_may_be_hardly_any_height_to_share(window: MainWindow) -> None:
    """Qt's warning about it would fail the test."""
    _beside_an_instrument(window)
    inspector, flow = window.docks["inspector"], window.docks["gradient_flow"]
    docks.resize(window, [inspector, flow], [0, -5])
    for dock in (inspector, flow):
        dock.setMinimumHeight(0)
        dock.resize(dock.width(), 1)
    window.canvas.setFocus()
    window.canvas.select(("dense_1",))
    docks._share_height(window, window.docks, flow)
    docks.settle(window)
    assert flow.height() > 0


def test_that_an_instrument_that_is_asked_for_again_can_be_read(window: MainWindow) -> None:
    _low, high = _beside_an_instrument(window)
    window.canvas.setFocus()
    window.canvas.select(("dense_1",))
    docks.settle(window)
    assert window.docks["gradient_flow"].height() < high - 50
    window.layouts.open("gradient_flow")
    docks.settle(window)
    assert window.docks["gradient_flow"].height() > high - 20


def test_that_an_instrument_in_which_a_layer_is_chosen_stays_as_it_is(window: MainWindow) -> None:
    low, high = _beside_an_instrument(window)
    assert window.docks["gradient_flow"].isAncestorOf(window.focusWidget())
    window.canvas.select(("dense_1",))
    docks.settle(window)
    assert window.docks["inspector"].height() == low
    assert window.docks["gradient_flow"].height() == high


def test_that_heights_chosen_by_hand_stay(window: MainWindow, qtbot: QtBot) -> None:
    _beside_an_instrument(window)
    inspector, flow = window.docks["inspector"], window.docks["gradient_flow"]
    window.resizeDocks([inspector, flow], [260, 340], docks.Qt.Orientation.Vertical)
    docks.settle(window)
    by_hand = inspector.height()
    window.canvas.setFocus()
    window.canvas.select(("dense_1",))
    window.docks["setup"].raise_()
    window.layouts.open("gradient_flow")
    qtbot.wait(50)
    assert inspector.height() == by_hand
