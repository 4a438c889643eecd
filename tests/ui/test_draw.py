"""Drawing the data set by hand, also while training runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import chain
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.data import Dataset, Task, drawing, own
from backprop_studio.network import edits
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.draw import DrawPanel
from backprop_studio.ui.widgets.plane import Tool

PLANE = [
    ("input", {}),
    ("dense", {"units": 6}),
    ("tanh", {}),
    ("dense", {"units": 2}),
    ("softmax_cross_entropy", {}),
]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def panel(window: MainWindow, qtbot: QtBot) -> DrawPanel:
    """The panel in front, on two moons."""
    window._document.reset(chain(PLANE, dataset="moons", batch_size=16))
    own.release()
    window.actions_by_id["open_draw"].trigger()
    qtbot.waitUntil(window.draw.isVisible)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    return window.draw


def spot(panel: DrawPanel, x: float, y: float) -> QPoint:
    return panel.plane.at(x, y).toPoint()


def current(window: MainWindow) -> Dataset:
    return data.load(window._document.network.setup.dataset)


def drag(panel: DrawPanel, *places: tuple[float, float]) -> None:
    points = [spot(panel, *place) for place in places]
    QTest.mousePress(panel.plane, LEFT, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(panel.plane, point)
    QTest.mouseRelease(panel.plane, LEFT, pos=points[-1])


def test_that_the_rows_of_the_data_set_are_shown_and_which_are_held_out(
    panel: DrawPanel, window: MainWindow
) -> None:
    assert len(panel.plane.drawing) == 500
    assert panel.status.text() == "400 training rows, filled; 100 held out, hollow."
    assert panel._held_out(current(window)).sum() == 100
    assert panel.label.itemText(1) == "lower moon" and panel.count.value() == 2


def test_that_each_gesture_is_one_entry_of_the_history(
    panel: DrawPanel, window: MainWindow
) -> None:
    stack = window._document.undo_stack
    panel.label.setCurrentIndex(1)
    QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, -1.5, 1.5))
    dataset = current(window)
    assert own.is_own(dataset.id) and dataset.size == 501 and dataset.y[-1] == 1
    assert np.allclose(dataset.x[-1], [-1.5, 1.5], atol=0.02)
    assert stack.count() == 1 and stack.undoText() == "Add Point"
    drag(panel, (-1.5, 1.5), (-1.0, 1.7), (1.5, 1.6))
    assert current(window).size == 501 and stack.count() == 2
    assert np.allclose(current(window).x[-1], [1.5, 1.6], atol=0.02)
    QTest.mouseClick(panel.plane, RIGHT, pos=spot(panel, 1.5, 1.6))
    assert current(window).size == 500 and stack.count() == 3
    panel.tools[Tool.BRUSH].click()
    drag(panel, (-1.8, -1.8), (-1.4, -1.7), (-1.0, -1.8))
    assert current(window).size >= 506 and stack.count() == 4
    panel.tools[Tool.ERASER].click()
    before = current(window).size
    drag(panel, (-1.0, 0.2), (-1.4, 0.2))
    assert current(window).size < before and stack.count() == 5
    while stack.canUndo():
        stack.undo()
    assert current(window).id == "moons" and len(panel.plane.drawing) == 500
    # A press that does nothing is no entry.
    panel.tools[Tool.POINT].click()
    x, y = panel.plane.drawing.places[3].tolist()
    QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, x, y))
    assert current(window).id == "moons" and not stack.canUndo()


def test_that_training_goes_on_with_its_weights_while_points_are_drawn(
    panel: DrawPanel, window: MainWindow, qtbot: QtBot
) -> None:
    engine = window._engine
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.completed > 60)
    states: list[State] = []
    engine.state_changed.connect(states.append)
    for place in ((1.8, 1.8), (-1.9, 1.9), (-1.9, -1.9)):
        QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, *place))
        revision = engine._revision
        qtbot.waitUntil(
            lambda wanted=revision: (
                engine.snapshot.revision == wanted and engine.snapshot.completed > 60
            )
        )
        assert engine.snapshot.state is State.RUNNING
    assert states == [] and current(window).size == 503
    window._document.undo_stack.undo()
    qtbot.waitUntil(lambda: engine.snapshot.completed > 60)
    assert engine.state is State.RUNNING
    engine.pause()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)


def test_that_the_keyboard_draws_too(panel: DrawPanel, window: MainWindow) -> None:
    plane = panel.plane
    plane.setFocus()
    said: list[str] = []
    plane.pointed.connect(said.append)
    for _ in range(19):
        QTest.keyClick(plane, Qt.Key.Key_Up)
    QTest.keyClick(plane, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert said[-1] == "Cross at 0.02, 1.90"
    QTest.keyClick(plane, Qt.Key.Key_2)
    assert panel.label.currentText() == "lower moon"
    QTest.keyClick(plane, Qt.Key.Key_Space)
    assert current(window).size == 501 and current(window).y[-1] == 1
    assert np.allclose(current(window).x[-1], [0.02, 1.9], atol=1e-3)
    QTest.keyClick(plane, Qt.Key.Key_M)
    for _ in range(5):
        QTest.keyClick(plane, Qt.Key.Key_Left)
    QTest.keyClick(plane, Qt.Key.Key_M)
    assert np.allclose(current(window).x[-1], [-0.48, 1.9], atol=1e-3)
    assert window._document.undo_stack.count() == 2
    QTest.keyClick(plane, Qt.Key.Key_Delete)
    assert current(window).size == 500
    QTest.keyClick(plane, Qt.Key.Key_M)
    QTest.keyClick(plane, Qt.Key.Key_Escape)
    assert window._document.undo_stack.count() == 3
    assert plane.accessibleName() and "Arrow keys" in plane.accessibleDescription()


def test_that_a_set_is_drawn_from_nothing(
    panel: DrawPanel, window: MainWindow, qtbot: QtBot
) -> None:
    panel.clear_button.click()
    setup = window._document.network.setup
    assert setup.dataset == "" and len(panel.plane.drawing) == 0
    assert "No points yet" in panel.status.text() and not panel.clear_button.isEnabled()
    panel.count.setValue(3)
    assert panel.label.count() == 3
    QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, 0, 0))
    assert current(window).size == 1 and "at least two points" in panel.status.text()
    problems = window._document.analysis.errors
    assert [p.field for p in problems if p.node is None] == ["dataset"]
    panel.label.setCurrentIndex(2)
    for place in range(1, 6):
        QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, -1 + place / 3, 1))
    assert current(window).class_names == ("class 1", "class 2", "class 3")
    # Batches grow with the rows, up to the size that was wanted.
    assert window._document.network.setup.batch_size == 5
    panel.tools[Tool.BRUSH].click()
    drag(panel, (-1.5, -1.5), (-1, -1.5), (-0.5, -1.5), (0, -1.5), (0.5, -1.5), (1, -1.5))
    assert window._document.network.setup.batch_size == min(16, len_train(window))
    # Classes with points stay.
    assert panel.count.minimum() == 3


def len_train(window: MainWindow) -> int:
    setup = window._document.network.setup
    dataset = current(window)
    return len(data.split(dataset, validation_fraction=setup.validation, seed=setup.seed).train)


def test_that_numbers_can_be_drawn(panel: DrawPanel, window: MainWindow) -> None:
    panel.kind.setCurrentIndex(1)
    panel.kind.activated.emit(1)
    assert window._document.network.setup.dataset == ""
    assert panel.label.isHidden() and panel.count.isHidden()
    for x in (-1.0, 0.0, 1.0):
        QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, x, x / 2))
    dataset = current(window)
    assert dataset.task is Task.REGRESSION
    assert np.allclose(dataset.y, dataset.x / 2, atol=0.03)
    window._document.undo_stack.undo()
    assert current(window).size == 2 and panel.kind.currentData() == "numbers"


def test_that_data_that_are_no_plane_are_told_and_replaced_by_the_first_point(
    panel: DrawPanel, window: MainWindow
) -> None:
    window._document.reset(chain())
    assert "'Handwritten digits' is no plane" in panel.story.text()
    QTest.mouseClick(panel.plane, LEFT, pos=spot(panel, 0.5, 0.5))
    assert current(window).size == 1
    window._document.undo_stack.undo()
    assert current(window).id == "digits"


def test_that_a_hidden_panel_does_nothing(
    window: MainWindow, do: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(window.draw.plane, "set_drawing", lambda *a: asked.append(a))
    window._document.apply("Choose", chain(PLANE, dataset="moons"))
    assert asked == []


def test_that_drawing_on_from_generated_data_leaves_their_options_behind(
    panel: DrawPanel, window: MainWindow
) -> None:
    network = window._document.network
    options = data.recipe("moons")
    assert options is not None
    settings = replace(network.setup.data, options=options.from_config({"noise": 0.3}))
    settings = replace(settings, scaling="standard")
    noisy = edits.set_setup(network, replace(network.setup, data=settings))
    window._document.apply("More noise", noisy)
    panel._apply("Add", drawing.add(panel.plane.drawing, np.zeros(2, np.float32), 0))
    made = window._document.network.setup
    assert own.is_own(made.dataset) and made.data.options is None
    assert made.prepared().dataset.size > 1
    # Who then scales own data goes on with them scaled.
    scaled = replace(made, data=replace(made.data, scaling="standard"))
    window._document.apply("Scale", edits.set_setup(window._document.network, scaled))
    panel._apply("Add", drawing.add(panel.plane.drawing, np.ones(2, np.float32), 1))
    assert window._document.network.setup.data.scaling == "standard"


def test_that_the_rows_are_those_that_the_options_make(
    panel: DrawPanel, window: MainWindow
) -> None:
    network = window._document.network
    options = data.recipe("moons")
    assert options is not None
    for count, drawn in ((80, 80), (5_000, 5_000), (6_000, 0)):
        settings = replace(network.setup.data, options=options.from_config({"count": count}))
        other = edits.set_setup(network, replace(network.setup, data=settings))
        window._document.apply("Other rows", other)
        assert len(panel.plane.drawing) == drawn
    assert "more than 5,000 points" in panel.story.text()
