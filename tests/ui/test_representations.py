"""The layers' views of the same examples, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from networks import chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.representations import RepresentationsPanel

Do = Callable[[str], None]


def opened(window: MainWindow, qtbot: QtBot) -> RepresentationsPanel:
    panel = window.instruments.representations
    window.actions_by_id["open_representations"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    return panel


def test_that_every_layer_has_a_plot_a_probe_and_a_row(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    found = panel._found
    assert found is not None
    names = [card.name.text() for card in panel._cards.values()]
    assert names == [
        "input_1 · 64 numbers", "dense_1 · 16 numbers", "relu_1 · 16 numbers",
        "dense_2 · 10 numbers",
    ]  # fmt: skip
    card = panel._cards[found.layers[1].node]
    assert card.bar.text() == f"probe {found.layers[1].probe:.1%}"
    assert "held-out rows" in panel.story.text() and "ridge" in panel.story.text()
    panel.views.as_table.click()
    assert panel.views.table.rowCount() == 4
    panel.views.table.setFocus()
    panel.views.table.selectRow(1)
    QTest.keyClick(panel.views.table, Qt.Key.Key_Return)
    (node,) = window.canvas.selected_nodes()
    assert window._document.network.node(node).name == "dense_1"
    panel.views.copy.click()
    assert QApplication.clipboard().text().startswith("Layer\tNumbers\tProbe")


def test_that_the_plots_follow_the_timeline_and_do_not_flip(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    first = panel._found
    assert first is not None
    do("step_batch")
    qtbot.waitUntil(lambda: panel._found is not first, timeout=10_000)
    second = panel._found
    assert second is not None
    for before, after in zip(first.layers, second.layers, strict=True):
        assert (np.sum(before.places * after.places, axis=0) > 0).all()
    do("back_batch")
    qtbot.waitUntil(lambda: panel._found is not second, timeout=10_000)
    again = panel._found
    assert again is not None
    for before, after in zip(first.layers, again.layers, strict=True):
        assert np.allclose(before.places, after.places) and before.probe == after.probe


def test_that_pointing_at_an_example_shows_it_in_every_plot(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    first, *others = (card.plot for card in panel._cards.values())
    QTest.keyClick(first, Qt.Key.Key_PageDown)
    dot = first.current
    assert dot == 9 and all(plot.current == dot for plot in others)
    assert "Example" in first.accessibleDescription()
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert window.docks["example"].isVisible()
    assert window.instruments.example.example.value() == panel._found.rows[9]


def test_that_two_units_can_be_the_axes(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened(window, qtbot)
    panel.axes.setCurrentIndex(1)
    panel.units[0].setValue(2)
    panel.units[1].setValue(5)
    qtbot.waitUntil(
        lambda: panel._found is not None and panel._found.layers[0].axes == (2, 5), timeout=10_000
    )
    assert all(box.isVisible() for box in panel.units)


def test_that_regression_and_diverged_training_are_explained(
    window: MainWindow, qtbot: QtBot
) -> None:
    network = chain([("input", {}), ("dense", {"units": 1}), ("mse", {})], dataset="sine")
    window._document.reset(network)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    panel = opened(window, qtbot)
    assert "fifths" in panel.story.text() and "R²" in panel.story.text()
    assert len(panel._cards) == 2 and not panel.grab().isNull()
    window._document.reset(chain([("input", {}), ("softmax_cross_entropy", {})]))
    assert "when training is possible" in panel.empty.text() and not panel._cards
