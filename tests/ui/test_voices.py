"""What single examples ask of a weight, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.nn import optimizers
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.voices import VoicesPanel

Do = Callable[[str], None]


def opened(window: MainWindow, qtbot: QtBot) -> VoicesPanel:
    panel = window.instruments.voices
    window.actions_by_id["open_voices"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    return panel


def test_that_every_example_has_a_point_and_a_row_and_the_mean_is_told(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    view = panel.plot.view
    assert view is not None and len(view.dots.places) == 32
    assert "is the gradient of the batch" in panel.verdict.text()
    assert panel.parameter.currentText() == "dense_1/weight"
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    assert panel.words.text() == panel._tell(1) and "asks for" in panel.words.text()
    panel.trace.click()
    assert window.docks["example"].isVisible()
    example = window.instruments.example
    qtbot.waitUntil(lambda: example.row.value() == 1, timeout=10_000)
    window.actions_by_id["open_voices"].trigger()
    panel.views.as_table.click()
    assert panel.views.table.rowCount() == 32
    panel.views.copy.click()
    assert QApplication.clipboard().text().count("\n") == 32


def test_that_another_parameter_and_entry_are_chosen_and_explained(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    panel.parameter.setCurrentIndex(3)
    qtbot.waitUntil(lambda: panel._found is not None and len(panel._found.entry) == 1)
    panel.entry.setText("4")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel._found is not None and panel._found.entry == (4,))
    before = panel._found
    panel.entry.setText("4, 1, x")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    assert "1 whole numbers" in panel.words.text() and panel.entry.text() == "4"
    assert panel._found is before
    panel.explain.click()
    told = window.instruments.explanation.headline
    qtbot.waitUntil(lambda: "dense_2/bias [4]" in told.text(), timeout=10_000)


def test_that_the_next_batch_has_other_voices(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    panel = opened(window, qtbot)
    before = panel._found
    assert before is not None
    do("step_batch")
    do("step_op")
    qtbot.waitUntil(
        lambda: panel._found is not None and list(panel._found.rows) != list(before.rows),
        timeout=10_000,
    )


def test_that_an_optimizer_without_gradients_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    window._document.reset(chain(optimizer=optimizers()["random_search"].from_config({})))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    panel = window.instruments.voices
    window.actions_by_id["open_voices"].trigger()
    qtbot.waitUntil(lambda: "uses none" in panel.plot._empty, timeout=10_000)
    assert not panel.grab().isNull() and not panel.explain.isEnabled()
