"""What a learner reaches for in a lesson is where the text says, wherever the keyboard is."""

from __future__ import annotations

import pytest
from lesson_cases import path_of
from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot

from backprop_studio.network import Wire
from backprop_studio.ui import finding
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.main_window import MainWindow


@pytest.fixture
def fading(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The lesson with many panels, open."""
    window.resize(1280, 800)
    assert window.lessons.open(path_of("08_fading_and_bursting"))
    return window


def test_that_a_slash_adds_a_layer_while_the_keyboard_is_in_the_lesson(
    fading: MainWindow, qtbot: QtBot
) -> None:
    fading.lessons.panel.next.setFocus()
    qtbot.keyClick(fading.lessons.panel.next, Qt.Key.Key_Slash)
    (chooser,) = fading.findChildren(Chooser)
    assert chooser.isVisible()


def test_that_a_slash_in_a_text_is_a_slash(fading: MainWindow, qtbot: QtBot) -> None:
    fading.canvas.select(("squash1",))
    name = fading.inspector.form.editor("expression")
    name.setFocus()
    qtbot.keyClicks(name, "/")
    assert not fading.findChildren(Chooser)


def test_that_a_step_one_jumps_to_says_that_what_comes_before_it_was_done(
    fading: MainWindow, qtbot: QtBot
) -> None:
    panel, runner = fading.lessons.panel, fading.lessons.runner
    assert runner is not None
    panel.step_requested.emit(2)
    assert "One moment" in panel._carried.text() and panel._carried.isVisible()
    qtbot.waitUntil(lambda: not runner.is_held)
    assert "What comes before this step was done for you" in panel._carried.text()
    assert panel._carried.isVisible()
    panel.step_requested.emit(0)
    assert not panel._carried.isVisible()


def test_that_a_layer_that_is_added_from_the_lesson_hides_nothing_and_is_on_no_wire(
    fading: MainWindow, qtbot: QtBot
) -> None:
    QCursor.setPos(fading.lessons.panel.mapToGlobal(fading.lessons.panel.rect().center()))
    before = fading._document.network
    qtbot.keyClick(fading.lessons.panel.next, Qt.Key.Key_Slash)
    (chooser,) = fading.findChildren(Chooser)
    qtbot.keyClicks(chooser.search, "add")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    canvas, network = fading.canvas, fading._document.network
    (added,) = (n.id for n in network.nodes if n not in before.nodes)
    assert network.wires == before.wires
    cards = {key: item.card_rect() for key, item in canvas.canvas_scene.nodes.items()}
    assert not any(cards[added].intersects(r) for key, r in cards.items() if key != added)
    assert canvas.viewport().rect().contains(canvas.node_center(added)), "it is in sight"


def test_that_a_layer_that_is_inserted_stands_beside_a_wire_without_room(
    fading: MainWindow, qtbot: QtBot
) -> None:
    canvas = fading.canvas
    finding.insert(canvas, Wire("layer3", "squash3"))
    (chooser,) = fading.findChildren(Chooser)
    qtbot.keyClicks(chooser.search, "layernorm")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    wires = fading._document.network.wires
    assert Wire("layer3", "layer_norm_1") in wires and Wire("layer_norm_1", "squash3") in wires
    cards = {key: item.card_rect() for key, item in canvas.canvas_scene.nodes.items()}
    new = cards.pop("layer_norm_1")
    assert not any(new.intersects(rect) for rect in cards.values())
    assert canvas.viewport().rect().contains(canvas.node_center("layer_norm_1"))


def test_that_a_lesson_is_left_safely_after_an_instrument_had_the_keyboard(
    fading: MainWindow, qtbot: QtBot
) -> None:
    fading.layouts.open("gradient_flow")
    qtbot.waitUntil(fading.docks["gradient_flow"].isActiveWindow)
    # The keyboard is given once more when the tabs have changed.
    qtbot.wait(50)
    fading.lessons.leave()
    assert fading.docks["palette"].isVisible() and not fading.docks["gradient_flow"].isVisible()
