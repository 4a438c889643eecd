"""Gradients over time, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.over_time import RIDGES, TABLE

Do = Callable[[str], None]


def test_that_the_past_is_there_although_the_panel_was_hidden(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.over_time
    for _ in range(5):
        do("step_batch")
    assert not panel._answer.samples  # nobody looked yet
    window.actions_by_id["open_over_time"].trigger()
    qtbot.waitUntil(lambda: len(panel._answer.samples) == 5, timeout=10_000)
    assert [s.iteration for s in panel._answer.samples] == list(range(5))
    assert {line.name for line in panel.plot._lines} == {"dense_1", "dense_2"}
    panel.of.setCurrentIndex(1)
    assert len(panel.plot._lines) == 4
    do("step_batch")
    qtbot.waitUntil(lambda: len(panel._answer.samples) == 6, timeout=10_000)

    # A branch has the past of the one that it left; the other future is not in it.
    do("back_batch")
    do("back_batch")
    do("fork")
    qtbot.waitUntil(lambda: len(panel._answer.samples) == 4, timeout=10_000)


def test_that_map_distribution_and_table_say_the_same_by_keyboard(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.over_time
    window.actions_by_id["open_over_time"].trigger()
    for _ in range(3):
        do("step_batch")
    qtbot.waitUntil(lambda: len(panel._answer.samples) == 3, timeout=10_000)
    panel.view.setCurrentIndex(1)
    panel.map.setFocus()
    QTest.keyClick(panel.map, Qt.Key.Key_Home)
    QTest.keyClick(panel.map, Qt.Key.Key_Down)
    newest = panel._curves[1].values[-1]
    assert panel.reading.text().startswith("dense_2") and f"{newest:.6g}" in panel.reading.text()
    QTest.keyClick(panel.map, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "dense_2"

    panel.view.setCurrentIndex(TABLE)
    assert [panel.table.item(row, 0).text() for row in (0, 1)] == ["dense_1", "dense_2"]
    assert float(panel.table.item(1, 2).text()) == pytest.approx(newest, rel=1e-2)
    QTest.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    lines = QApplication.clipboard().text().split("\n")
    assert lines[0] == "epoch\tdense_1\tdense_2" and len(lines) == 4
    assert float(lines[-1].split("\t")[2]) == pytest.approx(newest, rel=1e-5)

    panel.view.setCurrentIndex(2)
    assert panel.of.currentText() == "dense_1/weight"
    panel.map.setFocus()
    QTest.keyClick(panel.map, Qt.Key.Key_End)
    assert "share from" in panel.reading.text()
    as_map = panel.as_text()
    assert len(as_map.split("\n")) == 4
    panel.view.setCurrentIndex(RIDGES)
    assert panel.of.currentText() == "dense_1/weight" and panel.as_text() == as_map
    panel.ridges.setFocus()
    QTest.keyClick(panel.ridges, Qt.Key.Key_Right)
    assert "share from" in panel.reading.text() and len(panel.ridges.shown()) == 3
    panel.measure.setCurrentIndex(2)
    assert "Distributions are kept of" in panel.story.text() and not panel.pages.isVisible()


def test_that_the_history_grows_while_training_runs(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.instruments.over_time
    window.actions_by_id["open_over_time"].trigger()
    window._engine.run()
    qtbot.waitUntil(lambda: len(panel._answer.samples) > 20, timeout=20_000)
    window._engine.pause()
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    # Where iterations take long, up to the last keyframe; else up to the last of them.
    interval = window._engine._worker.session.journal.interval
    newest = window._engine.snapshot.completed - interval
    qtbot.waitUntil(lambda: panel._answer.samples[-1].iteration >= newest, timeout=20_000)
    qtbot.waitUntil(lambda: not panel._answer.missing, timeout=20_000)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(), "no network"),
        (chain([("input", {})]), "cannot be trained"),
        (chain(), "Nothing is recorded yet"),
    ],
)
def test_that_it_says_why_there_is_nothing(
    window: MainWindow, qtbot: QtBot, network: Network, said: str
) -> None:
    panel = window.instruments.over_time
    window.actions_by_id["open_over_time"].trigger()
    window._document.reset(network)
    qtbot.waitUntil(lambda: said in panel.story.text(), timeout=10_000)
    assert not panel.pages.isVisible() and not panel.copy.isEnabled()
