"""A/B, in the real window: two moments, and two branches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.network import edits
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def _moved(window: MainWindow) -> list[float]:
    table = window.instruments.compare.table
    return [float(table.item(row, 1).text()) for row in range(table.rowCount())]


def test_that_two_moments_and_two_branches_are_compared(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.compare
    window.actions_by_id["open_compare"].trigger()
    do("step_batch")
    qtbot.waitUntil(panel.mark_a.isEnabled)
    QTest.mouseClick(panel.mark_a, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=10_000)
    assert _moved(window) == [0.0] * 4

    do("step_batch")
    qtbot.waitUntil(lambda: min(_moved(window)) > 0, timeout=10_000)
    assert "after 2 iterations" in panel.marks.text()
    QTest.mouseClick(panel.mark_b, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.swap.isEnabled, timeout=10_000)

    # The same moment of another branch.
    do("back_batch")
    do("fork")
    qtbot.waitUntil(lambda: len(window._engine.snapshot.branches) == 2, timeout=10_000)
    do("step_batch")
    QTest.mouseClick(panel.mark_a, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: max(_moved(window)) == 0.0, timeout=10_000)
    do("step_batch")
    QTest.mouseClick(panel.mark_a, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: min(_moved(window)) > 0.0, timeout=10_000)
    first = panel.marks.text()
    panel.swap.setFocus()
    QTest.keyClick(panel.swap, Qt.Key.Key_Space)
    assert panel.marks.text() != first

    assert panel.tile.title == "dense_1/weight: B − A"
    panel.side.setCurrentIndex(1)
    assert panel.tile.title == "dense_1/weight: A"
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "dense_1"


def test_that_what_is_gone_from_the_network_is_left_out(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.compare
    window.actions_by_id["open_compare"].trigger()
    do("step_batch")
    qtbot.waitUntil(panel.mark_a.isEnabled)
    QTest.mouseClick(panel.mark_a, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=10_000)
    network = window._document.network
    hidden = next(n for n in network.nodes if n.name == "dense_1")
    # Other shapes on both sides of the hidden layer; only the last bias is as it was.
    wider = replace(hidden.spec, units=20)
    window._document.apply("Wider", edits.set_spec(network, hidden.id, wider))
    do("step_batch")
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1, timeout=10_000)
    assert panel.table.item(0, 0).text() == "dense_2/bias"
    QTest.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert panel.table.rowCount() == 0 and not panel.clear.isEnabled()
