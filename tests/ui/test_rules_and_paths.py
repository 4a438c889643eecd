"""Rules and paths, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_with_nothing_done_the_loss_stays_and_with_descent_it_falls(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.rules
    do("step_op")
    window.actions_by_id["open_rules"].trigger()
    qtbot.waitUntil(lambda: panel.table.rowCount() == 7, timeout=10_000)
    changes = {
        panel.table.item(row, 0).text(): float(panel.table.item(row, 3).text()) for row in range(7)
    }
    assert changes["nothing"] == 0.0
    assert changes["ascent: +g"] > 0 > changes["descent: −g"]
    assert "does not learn" in panel.lesson.text()

    panel.rate.setFocus()
    panel.rate.selectAll()
    QTest.keyClicks(panel.rate, "0")
    QTest.keyClick(panel.rate, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: all(panel.table.item(row, 3).text() == "0" for row in range(7)), timeout=10_000
    )


def test_that_paths_are_listed_and_lead_to_the_error_signal(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.paths
    do("step_op")
    window.actions_by_id["open_paths"].trigger()
    panel.value.setCurrentIndex(3)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1, timeout=10_000)
    first = panel.summary.text()
    panel.row.setFocus()
    QTest.keyClick(panel.row, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: panel.summary.text() != first, timeout=10_000)
    assert (
        "<b>1 path<" in panel.summary.text()
        and "difference" in panel.summary.text()
        and "×" in panel.detail.text()
    )
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    explained = window.instruments.explanation.headline
    qtbot.waitUntil(lambda: "gradient of dense_2" in explained.text(), timeout=10_000)

    panel.entry.setText("900, 900")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "no entry" in panel.summary.text(), timeout=10_000)
    assert panel.table.rowCount() == 0
