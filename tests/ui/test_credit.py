"""Credit and nudge, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_parameters_are_ranked_nudged_and_lead_to_their_layer(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.credit
    do("step_op")
    window.actions_by_id["open_credit"].trigger()
    qtbot.waitUntil(lambda: "predicted" in panel.verdict.text(), timeout=10_000)
    assert panel.table.rowCount() == 4
    assert "change it by about -" in panel.summary.text()
    # Room for the other columns: its curve needs no more, however many rows there are.
    window.resize(1400, 900)
    window.resizeDocks([window.docks["credit"]], [520], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: panel.table.columnWidth(2) == 48)
    shares = [float(panel.table.item(row, 1).text().rstrip("%")) for row in range(4)]
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 100) < 0.3

    before = panel.verdict.text()
    panel.slider.setFocus()
    QTest.keyClick(panel.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: "δ = -1" in panel.subject.text(), timeout=10_000)
    assert panel.verdict.text() != before

    panel.filter.setFocus()
    QTest.keyClicks(panel.filter, "2/b")
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1, timeout=10_000)
    panel.what.setCurrentIndex(1)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 10, timeout=10_000)
    panel.table.setFocus()
    panel.table.selectRow(2)
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().count("\n") == 10
    name = panel.table.item(2, 0).text()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "dense_2"
    explained = window.instruments.explanation.headline
    qtbot.waitUntil(lambda: f"gradient of {name}" in explained.text(), timeout=10_000)


def test_that_the_ranking_follows_training_and_rests_when_hidden(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.credit
    window.actions_by_id["open_credit"].trigger()
    do("step_op")
    qtbot.waitUntil(lambda: panel.table.rowCount() == 4, timeout=10_000)
    first = panel.summary.text()
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: panel.summary.text() != first, timeout=10_000)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED, timeout=10_000)
    window.docks["credit"].close()
    qtbot.wait(100)
    asked = panel._asked
    do("step_batch")
    do("step_batch")
    assert panel._asked == asked


def test_that_single_numbers_have_a_trend_as_well(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    panel = window.instruments.credit
    window.actions_by_id["open_credit"].trigger()
    panel.what.setCurrentIndex(1)
    do("step_batch")
    qtbot.waitUntil(lambda: panel.table.rowCount() == 200, timeout=10_000)
    do("step_batch")
    # Two looks make a curve, where a number was among the most responsible both times.
    qtbot.waitUntil(
        lambda: any(panel.table.item(row, 2).text() == "" for row in range(200)), timeout=10_000
    )
    assert len(panel._trends) <= 204


def test_that_a_trend_ends_where_the_run_goes_back(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.credit
    window.actions_by_id["open_credit"].trigger()

    def lengths() -> set[int]:
        return {len(t) for (_, entry), t in panel._trends.items() if entry is None}

    qtbot.waitUntil(lambda: lengths() == {1}, timeout=10_000)
    do("step_batch")
    do("step_batch")  # the end of an iteration is still that iteration
    qtbot.waitUntil(lambda: lengths() == {2}, timeout=10_000)
    do("restart")
    qtbot.waitUntil(lambda: lengths() == {1}, timeout=10_000)
