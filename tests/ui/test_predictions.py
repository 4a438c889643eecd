"""What the network says, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import Layers, chain
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.insight import predictions
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.predictions import CONFUSION, DRAW, MAP, WORST, PredictionsPanel
from backprop_studio.ui.widgets.dot_plot import DotPlot, Dots, View, ticks
from backprop_studio.ui.widgets.draw_pad import DrawPad

Do = Callable[[str], None]


def load(window: MainWindow, qtbot: QtBot, layers: Layers | None = None, **setup: object) -> None:
    window._document.reset(chain(layers, **setup) if layers else chain(**setup))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)


def opened(window: MainWindow, qtbot: QtBot) -> PredictionsPanel:
    panel = window.instruments.predictions
    window.actions_by_id["open_predictions"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    return panel


PLANE: Layers = [
    ("input", {}),
    ("dense", {"units": 8}),
    ("tanh", {}),
    ("dense", {"units": 2}),
    ("softmax_cross_entropy", {}),
]


def test_that_the_plane_is_coloured_read_and_copied(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine would make it coarse.
    monkeypatch.setattr(predictions, "SECONDS", 100.0)
    load(window, qtbot, PLANE, dataset="moons")
    panel = opened(window, qtbot)
    view = panel.plot.view
    assert view is not None and view.ground is not None and min(view.ground.shape) >= 100
    assert len(view.dots.places) == 500 and "held out" in panel.story.text()
    assert not panel.tabs.isTabVisible(DRAW) and panel.tabs.isTabVisible(CONFUSION)
    said = panel.plot.tell_place(0.0, 0.0)
    assert said.startswith("(0, 0)") and said.count("%") == 2
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    assert "Example" in panel.card.words.text() and "loss" in panel.plot.accessibleDescription()
    panel.map.as_table.click()
    assert panel.map.table.rowCount() == 500
    panel.map.copy.click()
    assert QApplication.clipboard().text().count("\n") == 500


def test_that_the_plane_follows_training_and_rests_when_hidden(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    load(window, qtbot, PLANE, dataset="moons")
    panel = opened(window, qtbot)
    before = panel._found
    do("step_batch")
    qtbot.waitUntil(lambda: panel._found is not before, timeout=10_000)
    window.docks["predictions"].close()
    qtbot.wait(50)
    before = panel._found
    do("step_batch")
    do("step_batch")
    qtbot.wait(50)
    assert panel._found is before
    window.actions_by_id["open_predictions"].trigger()
    qtbot.waitUntil(lambda: panel._found is not before, timeout=10_000)


def test_that_while_training_runs_it_asks_twice_a_second_at_most(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(window, qtbot, PLANE, dataset="moons")
    panel = opened(window, qtbot)
    shown: list[object] = []
    monkeypatch.setattr(panel, "_summarize", shown.append)
    window.actions_by_id["run"].trigger()
    qtbot.wait(1300)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    assert 1 <= len(shown) <= 4


def test_that_the_cells_of_the_confusion_matrix_list_their_examples_which_can_be_traced(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_epoch")
    panel = opened(window, qtbot)
    panel.tabs.setCurrentIndex(CONFUSION)
    panel.which.setCurrentIndex(1)
    found = panel._found
    assert found is not None
    # A cell with an example that is in the batch.
    inside = int(np.flatnonzero(found.batch >= 0)[0])
    true, said = int(found.targets[inside]), int(found.guesses[inside])
    panel.matrix.setFocus()
    panel.matrix.setCurrentCell(true, said)
    count = int(panel.matrix.item(true, said).text())
    assert panel.members.table.rowCount() == min(count, 200)
    assert f"{count} that are {true} and are said to be {said}" in panel.listed.text()
    QTest.keyClick(panel.matrix, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().count("\n") == 10
    panel.tabs.setCurrentIndex(WORST)
    assert panel.worst.table.rowCount() == 100
    losses = [float(panel.worst.table.item(row, 4).text()) for row in range(100)]
    assert losses == sorted(losses, reverse=True)
    panel.members.set_examples(found, np.array([inside]))
    panel.members.card.trace.click()
    example = window.instruments.example
    qtbot.waitUntil(lambda: example.row.value() == found.batch[inside], timeout=10_000)
    assert window.docks["example"].isVisible() and window.tracer._example == found.rows[inside]


def test_that_an_example_outside_the_batch_is_traced_by_itself(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_batch")
    panel = opened(window, qtbot)
    found = panel._found
    assert found is not None
    other = int(np.flatnonzero((found.batch < 0) & ~found.held)[0])
    held = int(np.flatnonzero(found.held)[0])
    example, note = window.instruments.example, window.tracer._note
    for place, tip, why in (
        (other, "of this epoch", "not in this batch"),
        (held, "held out", "never in a batch"),
    ):
        panel.card.set_example(found, place)
        assert tip in panel.card.trace.toolTip()
        panel.card.trace.click()
        row = int(found.rows[place])
        qtbot.waitUntil(lambda why=why: why in example.words.text(), timeout=10_000)
        qtbot.waitUntil(
            lambda row=row: f"example {row:,}, in a pass" in note.text(), timeout=10_000
        )
        assert f"Example {row:,}" in example.words.text() and example.example.value() == row
        assert not example.numbers.isEnabled()


def test_that_a_drawing_is_classified_while_it_is_drawn(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_epoch")
    panel = opened(window, qtbot)
    panel.tabs.setCurrentIndex(DRAW)
    pad = panel.drawing.pad
    assert panel.drawing.bars.text() == ""
    middle = pad.rect().center()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=middle - QPoint(0, 40))
    QTest.mouseMove(pad, middle + QPoint(0, 40))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "%" in panel.drawing.bars.text(), timeout=10_000)
    assert panel.drawing.bars.text().count("\n") == 9
    assert panel.drawing.seen.pixels is not None and panel.drawing.seen.pixels.shape == (8, 8)
    pad.setFocus()
    QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert panel.drawing.bars.text() == "" and not pad.ink().any()


def test_that_the_pad_is_drawn_on_with_the_keys(qtbot: QtBot) -> None:
    pad = DrawPad()
    qtbot.addWidget(pad)
    QTest.keyClick(pad, Qt.Key.Key_Down)
    assert not pad.ink().any()
    QTest.keyClick(pad, Qt.Key.Key_Space)
    dot = pad.ink().sum()
    assert dot > 0
    for _ in range(5):
        QTest.keyClick(pad, Qt.Key.Key_Right)
    assert pad.ink().sum() > 2 * dot


@pytest.mark.parametrize(
    ("layers", "setup", "told"),
    [
        ([("input", {}), ("dense", {"units": 1}), ("mse", {})], {"dataset": "sine"}, "line"),
        (
            [("input", {}), ("dense", {"units": 64}), ("mse", {"target": "features"})],
            {},
            "Predicted against true",
        ),
        (None, {}, "More than two features"),
    ],
)
def test_that_data_of_other_kinds_have_a_map_of_their_own(
    window: MainWindow, qtbot: QtBot, layers: Layers | None, setup: dict[str, object], told: str
) -> None:
    load(window, qtbot, layers, **setup)
    panel = opened(window, qtbot)
    assert told in panel.map.caption.text() and panel.plot.view is not None
    assert not panel.grab().isNull()
    panel.tabs.setCurrentIndex(WORST)
    assert panel.worst.table.rowCount() > 50
    assert panel.tabs.isTabVisible(CONFUSION) == (layers is None)


@pytest.mark.parametrize(
    ("dataset", "loss"), [("digits", "softmax_cross_entropy"), ("digits", "mse")]
)
def test_that_a_network_that_says_no_finite_number_has_an_empty_map_and_says_so(
    window: MainWindow, qtbot: QtBot, dataset: str, loss: str
) -> None:
    """It raised, and the panel kept what it had shown before."""
    layers: Layers = [("input", {}), ("dense", {"units": 10}), ("dense", {"units": 10}), (loss, {})]
    window._engine.expect({
        (f"dense_{n}", "weight"): np.full((rows, 10), np.float32(3e38))
        for n, rows in ((1, 64), (2, 10))
    })  # fmt: skip
    load(window, qtbot, layers, dataset=dataset)
    panel = opened(window, qtbot)
    found = panel._found
    assert found is not None and not np.isfinite(found.outputs).any()
    assert panel.map.caption.text().startswith("Nothing that the network says is a finite number")


def test_that_a_network_that_cannot_be_trained_says_so(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened(window, qtbot)
    load_broken = chain([("input", {}), ("softmax_cross_entropy", {})])
    window._document.reset(load_broken)
    assert "when training is possible" in panel.story.text() and panel.plot.view is None
    panel.tabs.setCurrentIndex(MAP)
    assert not panel.grab().isNull()


def test_that_points_are_found_under_the_pointer_and_not_finite_ones_are_left_out(
    qtbot: QtBot,
) -> None:
    plot = DotPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 240)
    places = np.array([[0.0, 0.0], [np.nan, 1.0], [1.0, 1.0]])
    flags = np.zeros(3, bool)
    dots = Dots(places, np.array([0, 1, 17]), ~flags, ~flags)
    plot.set_view(View((-1.0, -1.0), (2.0, 2.0), dots))
    chosen: list[int] = []
    plot.dot_chosen.connect(chosen.append)
    plot.grab()
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=plot.spot(2).toPoint())
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=plot.area().topLeft().toPoint())
    assert chosen == [2]


def test_that_ticks_are_round_and_inside() -> None:
    assert ticks(-0.9, 2.1, 3) == [0.0, 1.0, 2.0]
    assert ticks(0.0, 0.0, 3) == []
    assert len(ticks(-1e6, 1e6, 5)) <= 5
