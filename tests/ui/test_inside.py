"""Sit inside a layer, in the real window, by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_a_layer_s_gradients_are_computed_by_hand(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.inside
    do("step_op")
    window.actions_by_id["open_inside"].trigger()
    qtbot.waitUntil(lambda: panel.table.rowCount() == 10, timeout=10_000)
    nodes = window.canvas.canvas_scene.nodes
    assert [n.node.name for n in nodes.values() if n.opacity() == 1.0] == ["dense_1"]

    panel.answer.setFocus()
    QTest.keyClicks(panel.answer, "x")
    QTest.keyClick(panel.answer, Qt.Key.Key_Return)
    assert "not a number" in panel.verdict.text()
    for _ in range(10):
        task = panel._task()
        panel.answer.setText(f"{-task.answer:.4g}")
        QTest.keyClick(panel.answer, Qt.Key.Key_Return)
        assert "right." not in panel.verdict.text()
        QTest.mouseClick(panel.reveal, Qt.MouseButton.LeftButton)
        assert "·" in panel.verdict.text()
        panel.answer.setText(f"{task.answer:.4g}")
        QTest.keyClick(panel.answer, Qt.Key.Key_Return)
        assert f"{task.name}: right" in panel.verdict.text()
    assert "local information alone" in panel.verdict.text()

    # Another layer is chosen on the canvas; closing the panel ends it.
    relu = next(i for i, n in nodes.items() if n.node.name == "relu_1")
    window.canvas.select((relu,))
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=10_000)
    assert [i for i, n in nodes.items() if n.opacity() == 1.0] == [relu]
    window.docks["inside"].close()
    assert nodes[relu].opacity() < 1.0


def test_that_the_panel_opens_in_the_layer_that_is_selected(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.inside
    do("step_op")
    window.canvas.select(("dense_2",))
    window.actions_by_id["open_inside"].trigger()
    qtbot.waitUntil(lambda: panel.node.currentData() == "dense_2")
