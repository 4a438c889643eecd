"""Copy, paste, duplicate, quick-add and the command palette, in the real window."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QClipboard, QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui.canvas.interactions.clipboard import MIME
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.main_window import MainWindow

CTRL = Qt.KeyboardModifier.ControlModifier

ROOT = Path(__file__).resolve().parents[2]


def _names(window: MainWindow) -> list[str]:
    return [n.name for n in window._document.network.nodes]


def _select(window: MainWindow, *names: str) -> None:
    network = window._document.network
    window.canvas.select([n.id for name in names for n in network.nodes if n.name == name])
    window.canvas.setFocus()


def test_that_layers_are_copied_cut_pasted_and_undone_by_keyboard(window: MainWindow) -> None:
    canvas, before = window.canvas, window._document.network
    _select(window, "dense_1", "relu_1")
    QTest.keyClick(canvas, Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "dense_1, relu_1"
    QTest.keyClick(canvas, Qt.Key.Key_V, CTRL)
    assert _names(window)[-2:] == ["dense_3", "relu_2"]
    network = window._document.network
    assert len(network.wires) == len(before.wires) + 1
    assert [network.node(i).name for i in canvas.selected_nodes()] == ["dense_3", "relu_2"]
    QTest.keyClick(canvas, Qt.Key.Key_X, CTRL)
    assert _names(window) == [n.name for n in before.nodes]
    undo = window._document.undo_stack
    assert undo.undoText() == "Delete 2 layers"
    undo.undo()
    undo.undo()
    assert window._document.network == before


def test_that_a_duplicate_has_its_own_weights_or_the_same(window: MainWindow) -> None:
    _select(window, "dense_1")
    window.actions_by_id["duplicate"].trigger()
    _select(window, "dense_1")
    window.actions_by_id["duplicate_shared"].trigger()
    network = window._document.network
    original = network.named("dense_1")
    assert original is not None
    assert [n.weights == original.weights for n in network.nodes[-2:]] == [False, True]


def test_that_what_cannot_be_pasted_is_refused(window: MainWindow, qtbot: QtBot) -> None:
    before = window._document.network
    for text in (b"", b"{", b'{"format": 99}', b"[" * 5000, b"x" * (5 << 20)):
        data = QMimeData()
        data.setData(MIME, text)
        QApplication.clipboard().setMimeData(data)
        with qtbot.waitSignal(window.canvas.refused):
            window.canvas.paste()
    QApplication.clipboard().setText("dense")
    with qtbot.waitSignal(window.canvas.refused):
        window.canvas.paste()
    window.canvas.select(())
    with qtbot.waitSignal(window.canvas.refused):
        window.canvas.copy_selection()
    assert window._document.network == before


def test_that_a_few_letters_add_a_layer_or_a_preset(window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Slash)
    (chooser,) = window.findChildren(Chooser)
    QTest.keyClicks(chooser.search, "tanh")
    assert chooser.list.item(0).text().startswith("Tanh")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert _names(window)[-1] == "tanh_1"

    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, "residual")
    count = len(_names(window))
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert len(_names(window)) == count + 10


def test_that_every_command_is_found_by_name(window: MainWindow) -> None:
    window.actions_by_id["commands"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, "bug")
    assert chooser.list.count() == 1
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert window.docks["bug_hunt"].isVisible()
    window.actions_by_id["commands"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, "step one")
    first = chooser.list.currentRow()
    QTest.keyClick(chooser.search, Qt.Key.Key_Down)
    assert chooser.list.currentRow() == first + 1
    QTest.keyClicks(chooser.search, "zzz")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert chooser.isVisible()
    QTest.keyClick(chooser, Qt.Key.Key_Escape)


def test_that_all_commands_are_listed_and_what_is_not_possible_says_so(window: MainWindow) -> None:
    assert not window.actions_by_id["redo"].isEnabled()
    window.actions_by_id["commands"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    listed = [chooser.list.item(k).text() for k in range(chooser.list.count())]
    assert len(listed) == len(window.actions_by_id) - 1
    for action in window.actions_by_id.values():
        keys = action.shortcut().toString()
        assert not keys or keys == "Ctrl+Shift+P" or any(keys in line for line in listed), keys
    QTest.keyClicks(chooser.search, "redo")
    assert "not now" in chooser.list.item(0).text()
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert window.statusBar().currentMessage().startswith("Redo: there is nothing")


def test_that_a_clipboard_that_was_never_used_is_no_error(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QClipboard, "mimeData", lambda *_: None)
    window.actions_by_id["paste"].trigger()
    assert window.statusBar().currentMessage() == "There are no layers on the clipboard."


QUIT = """
import sys
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from backprop_studio import app as application
from backprop_studio.ui.settings import Settings

app = QApplication(["studio"])
store = QSettings(sys.argv[1], QSettings.Format.IniFormat)
window, engine = application.build(Settings(store))
window.show_at_last_place()
window.project.load_example()
window.canvas.select_all()
window.canvas.copy_selection()
window.project.recovery.guard()
window._document.undo_stack.setClean()
assert window.close()
application.dispose(app, window)
"""


def test_that_who_has_copied_something_can_quit(tmp_path: Path) -> None:
    """Without a screen, Qt destroys the clipboard after the interpreter that filled it."""
    command = [sys.executable, "-c", QUIT, str(tmp_path / "settings.ini")]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_that_pasting_twice_at_one_place_gives_two_that_are_seen(window: MainWindow) -> None:
    canvas = window.canvas
    _select(window, "dense_1", "relu_1")
    canvas.copy_selection()
    canvas.zoom_to_fit()
    canvas.zoom_by(0.7)
    at = canvas.viewport().rect().center() + QPoint(0, 90)
    QCursor.setPos(canvas.viewport().mapToGlobal(at))
    for _ in range(3):
        canvas.paste()
    made = window._document.network.nodes[-6:]
    assert all(abs(a.x - b.x) + abs(a.y - b.y) >= 20 for a, b in itertools.combinations(made, 2))
    canvas.aimed = QPointF(0, 2000)
    canvas.paste()
    canvas.paste()
    assert canvas.aimed == QPointF(0, 2000), "the menu's place has moved"


@pytest.mark.parametrize("large", [False, True])
def test_that_a_paste_without_the_pointer_covers_nothing(window: MainWindow, large: bool) -> None:
    canvas = window.canvas
    if large:
        canvas.add_preset("residual")
        canvas.select_all()
    else:
        _select(window, "dense_1", "relu_1")
    canvas.zoom_to_fit()
    canvas.copy_selection()
    QCursor.setPos(window.palette_panel.mapToGlobal(window.palette_panel.rect().center()))
    before = {i: item.card_rect() for i, item in canvas.canvas_scene.nodes.items()}
    canvas.paste()
    made = [i for i in canvas.canvas_scene.nodes if i not in before]
    assert len(made) == (len(before) if large else 2)
    for node in made:
        rect = canvas.canvas_scene.nodes[node].card_rect()
        assert not any(rect.intersects(other) for other in before.values())


def test_that_the_history_names_what_was_added_or_deleted(window: MainWindow) -> None:
    canvas, undo = window.canvas, window._document.undo_stack
    canvas.add_preset("residual")
    assert undo.undoText() == "Add Residual MLP"
    _select(window, "dense_1", "relu_1")
    canvas.group_selection()
    canvas.copy_selection()
    canvas.paste()
    assert undo.undoText() == "Paste Group 2"
    count = len(window._document.network.nodes)
    canvas.select_all()
    canvas.delete_selection()
    # Those inside of groups as well.
    assert undo.undoText() == f"Delete {count} layers"
    assert window._document.network.nodes == ()
