"""Gradient flow, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network
from backprop_studio.nn import optimizers
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.log_bars import Bar, LogBars

Do = Callable[[str], None]


def test_that_the_signal_is_shown_as_it_comes_back(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.gradient_flow
    window.actions_by_id["open_gradient_flow"].trigger()
    qtbot.waitUntil(lambda: "No error signal yet" in panel.verdict.text(), timeout=10_000)
    assert not panel.table.isVisible()
    for _ in range(3):
        do("step_phase")
    do("step_layer")
    do("step_batch")
    qtbot.waitUntil(lambda: "flows well" in panel.verdict.text(), timeout=10_000)
    assert [panel.table.item(row, 0).text() for row in range(3)] == ["dense_2", "relu_1", "dense_1"]
    assert panel.table.item(0, 2).text() == "1.0e+00"
    panel.bars.setFocus()
    QTest.keyClick(panel.bars, Qt.Key.Key_Down)
    QTest.keyClick(panel.bars, Qt.Key.Key_Down)
    assert panel.table.chosen() == 1
    QTest.keyClick(panel.bars, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "relu_1"
    QTest.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().count("\n") == 3


def test_that_a_fading_signal_is_called_vanishing(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    panel = window.instruments.gradient_flow
    window.actions_by_id["open_gradient_flow"].trigger()
    hidden = [("dense", {"units": 8}), ("sigmoid", {})] * 7
    layers = [("input", {}), *hidden, ("dense", {"units": 10}), ("softmax_cross_entropy", {})]
    window._document.reset(chain(layers))
    do("step_batch")
    qtbot.waitUntil(lambda: "vanishes" in panel.verdict.text(), timeout=10_000)
    widths = [panel.bars.bar_rect(row).width() for row in range(len(panel.bars._bars))]
    # Two powers of ten at least, on an axis of sixteen.
    assert widths[0] - widths[-1] > 2 / 16 * panel.bars._axis().width()


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(), "no network"),
        (chain([("input", {})]), "cannot be trained"),
        (chain(optimizer=optimizers()["random_search"]()), "No error signal"),
    ],
)
def test_that_it_says_why_there_is_nothing(
    window: MainWindow, do: Do, qtbot: QtBot, network: Network, said: str
) -> None:
    panel = window.instruments.gradient_flow
    window.actions_by_id["open_gradient_flow"].trigger()
    window._document.reset(network)
    qtbot.waitUntil(lambda: said in panel.verdict.text(), timeout=10_000)
    assert not panel.table.isVisible()


def test_that_the_axis_stands_still_and_what_is_not_finite_is_seen(qtbot: QtBot) -> None:
    bars = LogBars((-4, 4))
    qtbot.addWidget(bars)
    bars.resize(400, 200)
    bars.show()
    bars.set_bars([Bar("a", 1.0)])
    alone = bars.bar_rect(0)
    bars.set_bars([Bar("a", 1.0), Bar("b", 1e3), Bar("c", None), Bar("d", float("nan"))], (0.1, 10))
    assert bars.bar_rect(0).width() == alone.width()
    assert bars.bar_rect(2).width() == 0 and bars.bar_rect(1).width() > alone.width()
    assert bars.grab().toImage().pixelColor(200, int(bars.bar_rect(3).center().y())).name() == (
        "#ff00d4"
    )
