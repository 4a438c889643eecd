"""Explain this number, in the real window, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from backprop_studio.training import Boundary, Snapshot
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.main_window import MainWindow
from tests.ui.waiting import answered

Do = Callable[[str], None]


def _told(window: MainWindow, qtbot: QtBot, name: str) -> None:
    panel = window.instruments.explanation
    qtbot.waitUntil(lambda: panel.headline.text().startswith(f"<b>{name}"), timeout=10_000)


def test_that_a_cell_of_a_gradient_leads_to_its_derivation(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.explanation
    for _ in range(4):
        do("step_phase")
    assert not window.docks["explanation"].isVisible()
    program = window._document.analysis.require().program
    weights = program.parameters[0]
    tile = window.gradients._tiles[weights.id]
    qtbot.waitUntil(lambda: tile._data is not None, timeout=10_000)
    # Somewhere that is not the gradient of a pixel that is always dark.
    rect = tile.image_rect()
    places = (QPoint(rect.left() + 3, y) for y in range(rect.top(), rect.bottom()))
    place = next(p for p in places if tile.entry_at(p) and abs(tile._data[tile.entry_at(p)]) > 1e-4)
    entry = tile._excerpt.index(*tile.entry_at(place))
    QTest.mouseDClick(tile, Qt.MouseButton.LeftButton, pos=place)
    name = f"gradient of {tile.title} [{entry[0]}, {entry[1]}]"
    _told(window, qtbot, name)
    assert window.docks["explanation"].isVisible()
    assert "upstream × local = downstream" in panel.story.text()
    assert panel.rule.is_typeset() and panel.numbers.isVisible()
    amounts = [panel.tree.topLevelItem(i) for i in range(panel.tree.topLevelItemCount())]
    assert amounts[0].childCount() == 2 and "together" in amounts[-1].text(0)

    # Down to the input, by keyboard: the first term, its local derivative.
    panel.tree.setFocus()
    panel.tree.setCurrentItem(amounts[0])
    QTest.keyClick(panel.tree, Qt.Key.Key_Right)
    local = amounts[0].child(1)
    panel.tree.setCurrentItem(local)
    QTest.keyClick(panel.tree, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: local.childCount() == 1, timeout=10_000)
    assert local.child(0).text(0) == "from the data"
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    _told(window, qtbot, "batch of features")
    assert "of the data" in panel.story.text()
    QTest.keyClick(panel.tree, Qt.Key.Key_Backspace)
    _told(window, qtbot, name)

    ways = panel.copy.findChild(QMenu).actions()
    for action, sign in zip(ways, ("·", r"\cdot", "np.dot"), strict=True):
        action.trigger()
        assert sign in QApplication.clipboard().text()

    QTest.mouseClick(panel.show_node, Qt.MouseButton.LeftButton)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == tile.title.split("/")[0]


def test_that_any_number_is_typed_in_and_changes_with_the_moment(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.explanation
    window.actions_by_id["open_explanation"].trigger()
    do("step_op")
    panel.value.setCurrentIndex(panel.value.findText("dense_2/bias"))
    panel.value.activated.emit(panel.value.currentIndex())
    _told(window, qtbot, "dense_2/bias [0]</b> = 0")
    panel.entry.setText("3")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    _told(window, qtbot, "dense_2/bias [3]</b> = 0")
    do("step_batch")
    do("step_op")
    qtbot.waitUntil(lambda: not panel.headline.text().endswith("= 0"), timeout=10_000)

    panel.entry.setText("99")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "no entry [99]" in panel.story.text(), timeout=10_000)
    panel.entry.setText("a")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    assert "whole numbers" in panel.story.text()


def test_that_a_number_is_changed_from_its_explanation(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.explanation
    do("step_op")
    weight = window._document.analysis.require().program.parameters[0]
    window.instruments.explain(weight.id, (2, 3))
    _told(window, qtbot, "dense_1/weight [2, 3]")

    def answer() -> None:
        (dialog,) = window.findChildren(SetNumberDialog)
        assert dialog.entry.text() == "2, 3"
        dialog.number.setText("1.25")
        QTest.keyClick(dialog.number, Qt.Key.Key_Return)

    QTimer.singleShot(200, answer)
    QTest.mouseClick(panel.change, Qt.MouseButton.LeftButton)
    _told(window, qtbot, "dense_1/weight [2, 3]</b> = 1.25")
    snapshot: Snapshot = window._engine.snapshot
    assert snapshot.edited


def test_that_the_listing_leads_to_the_explanation(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    window.docks["program"].raise_()
    do("step_op")
    program = window._document.analysis.require().program
    index = next(i for i, instr in enumerate(program.instructions) if instr.op.name == "relu")
    view = window.program.view
    source = window.program.model.instruction_index(index, 1)
    view.setCurrentIndex(window.program._shown.mapFromSource(source))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_E)
    _told(window, qtbot, "relu_1: relu [0, 0]")
    assert "max(" in window.instruments.explanation.numbers.plain


def test_that_stepping_by_elements_explains_one_number_after_the_other(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    program = window._document.analysis.require().program
    while program.instructions[window._engine.snapshot.cursor.index].op.name != "relu":
        do("step_op")
    for _ in range(3):
        do("step_element")
    _told(window, qtbot, "relu_1: relu [0, 2]")
    assert window.docks["explanation"].isVisible()
    assert "Number 3 of" in window.current_step.following.text()
    do("back_element")
    _told(window, qtbot, "relu_1: relu [0, 1]")
    do("step_op")
    assert window._engine.snapshot.element == 0
    QTest.mouseClick(window.transport.size_buttons[Boundary.ELEMENT], Qt.MouseButton.LeftButton)
    with answered(qtbot, window._engine):
        QTest.mouseClick(window.transport.step_button, Qt.MouseButton.LeftButton)
    _told(window, qtbot, "dense_2: affine [0, 0]")


def test_that_an_opened_panel_begins_with_what_was_computed_last(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.explanation
    do("step_phase")
    do("step_op")
    window.actions_by_id["open_explanation"].trigger()
    _told(window, qtbot, "dense_1: affine [")
    assert panel._told is not None
    result = window._engine.snapshot.arrays[panel._told.spot.value]
    assert abs(panel._told.number) == np.abs(result).max()


def test_that_a_loss_is_derived_through_what_is_in_between(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    for _ in range(3):
        do("step_phase")
    window.actions_by_id["open_explanation"].trigger()
    program = window._document.analysis.require().program
    panel = window.instruments.explanation
    assert program.loss is not None
    panel.explain(program.loss, ())
    _told(window, qtbot, "loss_1: loss")
    first = panel.tree.topLevelItem(0)
    assert first.childCount() == 2 and first.child(0).text(0).startswith("X: loss_1: sum over [")
    panel.tree.itemActivated.emit(first.child(0), 0)
    _told(window, qtbot, "loss_1: sum over [")
    # It is nowhere in the program, so it can be explained and not be changed.
    assert panel.value.currentIndex() == -1 and not panel.change.isEnabled()
    panel.entry.setText("1, 0")
    QTest.keyClick(panel.entry, Qt.Key.Key_Return)
    _told(window, qtbot, "loss_1: sum over [1, 0]")
    QTest.mouseClick(panel.show_node, Qt.MouseButton.LeftButton)
    (node,) = window.canvas.selected_nodes()
    assert window._document.network.node(node).name == "loss_1"
