"""The loss landscape, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import chain
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def _done(window: MainWindow) -> bool:
    found = window.instruments.landscape._landscape
    return found is not None and found.done >= 1.0


def test_that_a_surface_is_computed_read_and_copied(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.landscape
    window.actions_by_id["open_landscape"].trigger()
    for _ in range(3):
        do("step_batch")
    panel.points.setValue(7)
    panel.button.setFocus()
    QTest.keyClick(panel.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _done(window), timeout=20_000)
    found = panel._landscape
    assert found is not None and found.losses.shape == (7, 7) and np.isfinite(found.losses).all()
    assert panel.button.text() == "Compute" and not panel.progress.isVisible()

    panel.map.setFocus()
    QTest.keyClick(panel.map, Qt.Key.Key_Up)
    assert panel.reading.text().endswith(f"{found.losses[3, 3]:.6g}")
    QTest.keyClick(panel.map, Qt.Key.Key_Right)
    assert panel.reading.text().endswith(f"{found.losses[3, 4]:.6g}")
    rect = panel.map.map_rect()
    assert panel.map.entry_at(rect.bottomLeft() + QPoint(2, -2)) == (0, 0)
    QTest.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().count("\n") == 7
    panel.numbers.setChecked(True)
    assert panel.table.rowCount() == 49

    panel.numbers.setChecked(False)
    panel.kind.setCurrentIndex(1)
    panel.shape.setCurrentIndex(1)
    panel.toggle()
    qtbot.waitUntil(lambda: _done(window), timeout=20_000)
    assert panel.pages.currentWidget() is panel.plot and "how the path varies" in panel.story.text()
    panel.kind.setCurrentIndex(2)
    panel.toggle()
    qtbot.waitUntil(lambda: _done(window), timeout=20_000)
    assert panel.choices[0][0].isVisible() and not panel.seed.isVisible()


def test_that_computing_can_be_cancelled_while_training_goes_on(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, engine = window.instruments.landscape, window._engine
    window.actions_by_id["open_landscape"].trigger()
    engine.run()
    qtbot.waitUntil(lambda: engine.state is State.RUNNING, timeout=10_000)
    panel.points.setValue(101)
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.button.text() == "Cancel"
    qtbot.waitUntil(lambda: panel._landscape is not None, timeout=10_000)
    completed = engine.snapshot.completed
    qtbot.waitUntil(lambda: engine.snapshot.completed > completed, timeout=10_000)
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.button.text() == "Compute"
    found = panel._landscape
    assert found is not None and 0 < found.done < 1
    assert np.isnan(found.losses[-1, -1]) and "not computed" in panel.map.text_at(100, 100)


@pytest.mark.parametrize(
    ("network", "said"), [(Network(), "no network"), (chain([("input", {})]), "cannot be trained")]
)
def test_that_it_says_why_there_is_nothing(
    window: MainWindow, qtbot: QtBot, network: Network, said: str
) -> None:
    panel = window.instruments.landscape
    window.actions_by_id["open_landscape"].trigger()
    window._document.reset(network)
    qtbot.waitUntil(lambda: said in panel.story.text(), timeout=10_000)
    assert not panel.button.isEnabled() and panel.pages.currentWidget() is panel._nothing


def test_that_another_parameter_has_other_entries_to_choose_from(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.instruments.landscape
    window.actions_by_id["open_landscape"].trigger()
    panel.kind.setCurrentIndex(2)
    parameter, entry = panel.choices[0]
    sizes = {"dense_1/weight": 64 * 16, "dense_1/bias": 16, "dense_2/weight": 160}
    for name, size in sizes.items():
        parameter.setCurrentIndex(parameter.findText(name))
        assert (entry.minimum(), entry.maximum()) == (0, size - 1)
