"""The bug hunt, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_a_planted_bug_is_hunted_down(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    panel = window.instruments.bug_hunt
    do("step_op")
    before = window._engine.weights()
    window.actions_by_id["open_bug_hunt"].trigger()
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=10_000)
    assert "wrong" in {panel.table.item(row, 2).text().split()[1] for row in range(4)}

    bug = panel._hunt.bug
    other = next(i for i in range(panel.kind.count()) if panel.kind.itemData(i) != bug.kind)
    panel.node.setCurrentIndex(panel.node.findData(bug.node))
    panel.kind.setCurrentIndex(other)
    QTest.mouseClick(panel.accuse, Qt.MouseButton.LeftButton)
    assert "The layer is right" in panel.verdict.text()
    panel.kind.setCurrentIndex(panel.kind.findData(bug.kind))
    panel.accuse.setFocus()
    QTest.keyClick(panel.accuse, Qt.Key.Key_Space)
    assert "Found!" in panel.verdict.text() and "1 of 1" in panel.score.text()
    assert not panel.accuse.isEnabled()

    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.give_up.isEnabled, timeout=10_000)
    QTest.mouseClick(panel.give_up, Qt.MouseButton.LeftButton)
    assert "Here it is" in panel.verdict.text() and "1 of 2" in panel.score.text()
    after = window._engine.weights()
    assert all((before[k] == v).all() for k, v in after.items())
