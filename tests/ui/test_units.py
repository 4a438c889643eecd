"""What units respond to, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from networks import Layers, chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio import project
from backprop_studio.network import Network
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.units import UnitsPanel

Do = Callable[[str], None]
EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"
PLANE: Layers = [
    ("input", {}),
    ("dense", {"units": 8}),
    ("relu", {}),
    ("dense", {"units": 2}),
    ("softmax_cross_entropy", {}),
]


def load(window: MainWindow, qtbot: QtBot, network: Network) -> None:
    window._document.reset(network)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)


def opened(window: MainWindow, qtbot: QtBot) -> UnitsPanel:
    panel = window.instruments.units
    window.actions_by_id["open_units"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    return panel


def test_that_the_bar_of_the_chosen_unit_is_shown_and_stands_out(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = opened(window, qtbot)
    assert panel._found is not None
    least = int(panel._found.here.argmin())
    panel.unit.setValue(least)
    qtbot.waitUntil(lambda: panel._found is not None and panel._found.unit == least)
    bars = panel.bars.text().splitlines()
    assert len(bars) == 12 < len(panel._found.here)
    assert bars[-1].startswith(f"unit {least}\t") and panel.bars._marked == f"unit {least}"


def test_that_each_unit_has_a_map_which_is_chosen_by_mouse_and_keys(
    window: MainWindow, qtbot: QtBot
) -> None:
    load(window, qtbot, chain(PLANE, dataset="moons"))
    panel = opened(window, qtbot)
    assert panel.layer.currentText() == "dense_1" and len(panel.maps._views) == 8
    QTest.mouseClick(panel.maps._views[3], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Unit 3" in panel.answers.text(), timeout=10_000)
    panel.maps.setFocus()
    QTest.keyClick(panel.maps, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "Unit 4" in panel.answers.text(), timeout=10_000)
    assert "Most to examples" in panel.answers.text()
    panel.layer.setCurrentIndex(panel.layer.findText("dense_2"))
    qtbot.waitUntil(lambda: len(panel.maps._views) == 2, timeout=10_000)
    assert panel.unit.value() == 1 and panel.unit.suffix() == " of 2"
    panel.views.as_table.click()
    assert panel.views.table.rowCount() == 2
    panel.views.copy.click()
    assert QApplication.clipboard().text().startswith("Unit\tHere\tMean")


def test_that_pictures_of_the_traced_example_follow_it(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_epoch")
    panel = opened(window, qtbot)
    assert panel.saliency.isVisible() and panel.climbed.isVisible()
    found = panel._found
    assert found is not None
    wanted = 4 if found.example != 4 else 5
    window.instruments.example.trace(wanted)
    qtbot.waitUntil(lambda: panel._found is not found, timeout=10_000)
    again = panel._found
    assert again is not None and again.example == wanted
    before = again.saliency
    panel.score.setCurrentIndex(3)
    qtbot.waitUntil(lambda: panel._found is not again, timeout=10_000)
    assert panel._found is not None and before is not None
    assert (panel._found.saliency != before).any()


def test_that_channels_tokens_and_regression_are_all_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    load(window, qtbot, project.load(EXAMPLES / "digits_cnn.bps").network)
    panel = opened(window, qtbot)
    conv = next(i for i in range(panel.layer.count()) if "conv" in panel.layer.itemText(i))
    panel.layer.setCurrentIndex(conv)
    qtbot.waitUntil(lambda: len(panel.maps._views) > 3, timeout=10_000)
    assert "channel" in panel.story.text()
    load(window, qtbot, project.load(EXAMPLES / "story.bps").network)
    panel.layer.setCurrentIndex(panel.layer.count() - 1)
    qtbot.waitUntil(lambda: "tokens" in panel.matters.text(), timeout=10_000)
    sine = chain([("input", {}), ("dense", {"units": 1}), ("mse", {})], dataset="sine")
    load(window, qtbot, sine)
    qtbot.waitUntil(lambda: "feature 1" in panel.features.text(), timeout=10_000)
    assert not panel.grab().isNull()
    load_broken = chain([("input", {}), ("softmax_cross_entropy", {})])
    window._document.reset(load_broken)
    assert "when training is possible" in panel.story.text() and panel.layer.count() == 0
