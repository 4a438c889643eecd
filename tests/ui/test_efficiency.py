"""Why it is efficient, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_backward_wins_the_race_and_says_why(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    panel = window.instruments.efficiency
    do("step_op")
    window.actions_by_id["open_efficiency"].trigger()
    qtbot.waitUntil(panel.button.isEnabled)
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=20_000)
    assert "times fewer" in panel.summary.text()
    assert [panel.table.item(row, 0).text() for row in (0, 1)] == [
        "backward",
        "central differences",
    ]
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert "Two forward passes" in panel.detail.text()
    assert len(panel.plot._lines) == 3
    first = panel.plot._lines
    panel.against.setCurrentIndex(1)
    assert panel.plot._lines != first


def test_that_what_backward_reuses_is_marked_on_the_canvas(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.efficiency
    do("step_op")
    window.actions_by_id["open_efficiency"].trigger()
    panel.mark.setFocus()
    QTest.keyClick(panel.mark, Qt.Key.Key_Space)
    badges = {n.node.name: n.badge for n in window.canvas.canvas_scene.nodes.values()}
    assert badges["relu_1"] == "reused: 2 kB"
    assert badges["dense_1"] == ""
    QTest.keyClick(panel.mark, Qt.Key.Key_Space)
    assert not any(n.badge for n in window.canvas.canvas_scene.nodes.values())
