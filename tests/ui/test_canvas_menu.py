"""The menu of the canvas, and the mnemonics of all menus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, grouping
from backprop_studio.training.breakpoints import AtNode
from backprop_studio.ui import canvas_menu
from backprop_studio.ui.actions import ACTIONS, SUBMENUS
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.main_window import MainWindow
from tests.ui.canvas_help import body

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
Do = Callable[[str], None]


def right_click(window: MainWindow, at: QPoint) -> QMenu:
    """The menu that a right click on the canvas opens."""
    port = window.canvas.viewport()
    QTest.mousePress(port, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, at)
    wanted = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, port.mapToGlobal(at))
    QApplication.sendEvent(port, wanted)
    QTest.mouseRelease(port, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, at)
    return open_menu(window)


def open_menu(window: MainWindow) -> QMenu:
    menu = window.layers.menu.menu
    assert menu is not None and menu.isVisible()
    return menu


def ids(menu: QMenu) -> list[str]:
    """The actions of a menu, by their ids; an empty one is a line."""
    return [a.objectName().removeprefix("action-") for a in menu.actions()]


def choose(window: MainWindow, key: str) -> None:
    """Go to an action of the open menu with the keyboard, and press Return."""
    menu = open_menu(window)
    menu.setActiveAction(window.actions_by_id[key])
    QTest.keyClick(menu, Qt.Key.Key_Return)


def node(window: MainWindow, name: str) -> str:
    found = window._document.network.named(name)
    assert found is not None
    return found.id


def ground(window: MainWindow) -> QPoint:
    """A point of the viewport where nothing is."""
    at = QPoint(window.canvas.viewport().width() // 2, window.canvas.viewport().height() - 12)
    assert not window.canvas.hit(at).part
    return at


def test_that_the_ground_offers_to_add_and_pastes_where_it_was_clicked(
    window: MainWindow, qtbot: QtBot
) -> None:
    canvas, document = window.canvas, window._document
    canvas.select([node(window, "relu_1")])
    canvas.copy_selection()
    at = ground(window)
    place = canvas.mapToScene(at)
    assert ids(right_click(window, at)) == list(canvas_menu.MENUS["ground"])
    assert canvas.selected_parts() == ()
    choose(window, "paste")
    new = document.network.nodes[-1]
    assert new.name == "relu_2" and abs(new.x - place.x()) < 20 and abs(new.y - place.y()) < 20
    qtbot.waitUntil(lambda: canvas.aimed is None)

    right_click(window, at)
    choose(window, "quick_add")
    chooser = window.findChild(Chooser)
    assert chooser is not None
    qtbot.waitUntil(chooser.search.hasFocus)
    QTest.keyClicks(chooser.search, "tanh")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    new = document.network.nodes[-1]
    assert new.spec.info.title == "Tanh" and abs(new.x - place.x()) < 20


def test_that_a_layer_is_selected_by_its_menu_and_renamed_stopped_at_and_opened(
    window: MainWindow,
) -> None:
    canvas, dense = window.canvas, node(window, "dense_2")
    menu = right_click(window, body(canvas, dense))
    assert canvas.selected_parts() == (dense,)
    shown = ids(menu)
    assert "fix" not in shown and "leave_group" not in shown
    assert set(canvas_menu.MENUS["layer"]) - set(shown) == {"fix", "leave_group"}
    choose(window, "stop_here")
    assert window.breakpoints.breakpoints == (AtNode(dense),)
    right_click(window, body(canvas, dense))
    assert window.actions_by_id["stop_here"].isChecked()
    choose(window, "stop_here")
    assert window.breakpoints.breakpoints == ()
    assert not window.actions_by_id["stop_here"].isChecked()
    right_click(window, body(canvas, dense))
    choose(window, "rename")
    assert canvas.editor.isVisible()
    QTest.keyClick(canvas.editor, Qt.Key.Key_Escape)
    right_click(window, body(canvas, dense))
    choose(window, "enter")
    assert window.pages.currentWidget() is window.operations
    window.layers.leave()
    # The selected ones stay selected when one of them is pressed.
    canvas.select([dense, node(window, "relu_1")])
    assert "connect" in ids(right_click(window, body(canvas, dense)))
    assert len(canvas.selected_parts()) == 2
    choose(window, "duplicate_shared")
    assert len(window._document.network.nodes) == 7


def test_that_a_wire_offers_to_insert_to_delete_and_to_explain(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    canvas, document = window.canvas, window._document
    wire = document.network.wires[1]
    middle = canvas.mapFromScene(canvas.canvas_scene.wires[wire].middle())
    do("step_phase")
    do("step_phase")
    assert ids(right_click(window, middle)) == list(canvas_menu.MENUS["wire"])
    choose(window, "explain_output")
    panel = window.instruments.explanation
    qtbot.waitUntil(lambda: panel._spot is not None)
    value = document.analysis.lowered.program.values[panel._spot.value]
    assert value.shape[-1] == 16
    canvas.setFocus()
    middle = canvas.mapFromScene(canvas.canvas_scene.wires[wire].middle())
    right_click(window, middle)
    choose(window, "insert_layer")
    chooser = window.findChild(Chooser)
    assert chooser is not None
    qtbot.waitUntil(chooser.search.hasFocus)
    QTest.keyClicks(chooser.search, "dropout")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    network = document.network
    new = network.nodes[-1].id
    assert wire not in network.wires
    assert {(w.source, w.target) for w in network.wires} >= {
        (wire.source, new), (new, wire.target)
    }  # fmt: skip
    document.undo_stack.undo()
    middle = canvas.mapFromScene(canvas.canvas_scene.wires[wire].middle())
    right_click(window, middle)
    choose(window, "delete")
    assert wire not in document.network.wires and len(document.network.nodes) == 5


def test_that_groups_notes_and_arrows_have_menus_of_their_own(window: MainWindow) -> None:
    canvas, document = window.canvas, window._document
    canvas.select([node(window, "dense_1"), node(window, "relu_1")])
    canvas.group_selection()
    group = canvas.selected_parts()[0]
    assert canvas_menu.kind_of(canvas) == "group"
    canvas.want_menu()
    assert "leave_group" not in ids(open_menu(window))
    choose(window, "fold")
    assert grouping.group_of(document.network, group).collapsed
    block = canvas.mapFromScene(canvas.canvas_scene.part(group).card_rect().center())
    right_click(window, block)
    choose(window, "ungroup")
    assert document.network.groups == ()
    network, note = grouping.add_note(document.network, "look", 0, 200)
    network, arrow = grouping.add_arrow(network, (0, 300), (100, 300))
    document.apply("marks", network)
    for part, kind in ((note, "note"), (arrow, "arrow")):
        canvas.select([part])
        assert canvas_menu.kind_of(canvas) == kind
        canvas.want_menu()
        choose(window, "delete")
        assert part not in document.network.marks


@pytest.mark.parametrize("keys", ["menu", "shift+f10"])
def test_that_the_keyboard_opens_the_menu_at_what_is_selected(
    window: MainWindow, keys: str
) -> None:
    canvas, dense = window.canvas, node(window, "dense_1")
    asked: list[QPoint] = []
    canvas.menu_wanted.connect(asked.append)
    canvas.setFocus()
    canvas.select([dense])
    if keys == "menu":
        QTest.keyClick(canvas, Qt.Key.Key_Menu)
    else:
        QTest.keyClick(canvas, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = open_menu(window)
    rect = canvas.mapFromScene(canvas.canvas_scene.nodes[dense].card_rect()).boundingRect()
    assert [rect.contains(canvas.viewport().mapFromGlobal(at)) for at in asked] == [True]
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert window.layers.menu.menu is None
    window.docks["outline"].open()
    tree = window.outline.tree
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert "enter" in ids(open_menu(window))
    QTest.keyClick(open_menu(window), Qt.Key.Key_Escape)


def test_that_every_action_of_the_menus_exists() -> None:
    known = {spec.id for spec in ACTIONS} | {*SUBMENUS, ""}
    assert {key for menu in canvas_menu.MENUS.values() for key in menu} <= known


# Mnemonics.


def repeated(texts: list[str]) -> dict[str, list[str]]:
    """The letters after an ampersand that stand in several texts."""
    found: dict[str, list[str]] = {}
    for text in texts:
        letter = re.search("&([^&])", text.replace("&&", ""))
        if letter is not None:
            found.setdefault(letter.group(1).lower(), []).append(text)
    return {letter: texts for letter, texts in found.items() if len(texts) > 1}


def test_that_no_menu_has_a_mnemonic_twice(window: MainWindow) -> None:
    menus = [m for m in window.findChildren(QMenu) if len(m.actions()) > 1]
    assert len(menus) > 8
    bar = window.menuBar()
    assert repeated([a.text() for a in bar.actions()]) == {}
    for menu in menus:
        texts = [a.text() for a in menu.actions() if not a.isSeparator()]
        assert repeated(texts) == {}, menu.title()
    for kind, keys in canvas_menu.MENUS.items():
        texts = [window.actions_by_id[k].text() for k in keys if k in window.actions_by_id]
        texts += [SUBMENUS[k] for k in keys if k in SUBMENUS]
        assert repeated(texts) == {}, kind


def test_that_what_an_edit_is_called_is_no_mnemonic(window: MainWindow) -> None:
    document = window._document
    document.apply("Rename R&D", Network())
    undo = window.actions_by_id["undo"].text()
    assert undo == "&Undo Rename R&&D" and repeated([undo, "&Redo"]) == {}
    assert Counter(undo)["&"] == 3
