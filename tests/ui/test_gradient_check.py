"""The gradient check, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.insight.check import ParameterCheck
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def test_that_every_gradient_is_checked_at_the_press_of_a_button(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.gradient_check
    window.actions_by_id["open_gradient_check"].trigger()
    do("step_op")
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0, timeout=10_000)
    lowered = window._document.analysis.require()
    assert panel.table.rowCount() == len(lowered.program.gradients.keys() & _ids(lowered.program))
    verdicts = {panel.table.item(row, 2).text() for row in range(panel.table.rowCount())}
    assert all("wrong" not in verdict for verdict in verdicts)
    assert "agrees" in panel.summary.text() and "central differences" in panel.detail.text()

    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().count("\n") == panel.table.rowCount()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    name = panel.table.item(0, 0).text().split("/")[0]
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == name

    do("step_batch")
    do("step_op")
    qtbot.waitUntil(lambda: "another iteration" in panel.summary.text(), timeout=10_000)


def test_that_a_wrong_sign_is_told_by_its_name(window: MainWindow) -> None:
    panel = window.instruments.gradient_check
    (first, *_) = window._document.analysis.require().program.parameters
    panel._show((ParameterCheck(first.id, 2.0, 1, 10, (0, 3), -0.25, 0.25),))
    assert "wrong gradient" in panel.summary.text()
    assert "sign" in panel.detail.text() and "[0, 3]" in panel.detail.text()


def _ids(program: object) -> set[int]:
    return {v.id for v in program.parameters}  # type: ignore[attr-defined]
