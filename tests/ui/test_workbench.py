"""Arrange, find, history, pictures and arrangements of panels, in the real window."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QTabBar
from pytestqt.qtbot import QtBot

from backprop_studio.errors import ProjectError
from backprop_studio.network import Network
from backprop_studio.network.presets import PRESETS
from backprop_studio.project import atomic
from backprop_studio.ui import stylesheet, theme
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.docks import ARRANGEMENTS
from backprop_studio.ui.finding import _EXAMPLES
from backprop_studio.ui.instruments import INSTRUMENTS
from backprop_studio.ui.main_window import MainWindow

ROOT = Path(__file__).parents[2]


def test_that_a_reason_why_not_goes_when_something_could_be_done(window: MainWindow) -> None:
    window.canvas.select([])
    window.actions_by_id["rename"].trigger()
    assert window.statusBar().currentMessage().startswith("Select a layer")
    window.canvas.add_layer("tanh")
    assert window.statusBar().currentMessage() == ""
    window.canvas.select([])
    window.actions_by_id["rename"].trigger()
    window._tell("Something else")
    window.actions_by_id["undo"].trigger()
    assert window.statusBar().currentMessage() == "Something else"


def test_that_a_network_is_arranged_as_one_edit(window: MainWindow) -> None:
    document = window._document
    document.apply("Residual", PRESETS["residual"].make())
    before = document.network
    window.actions_by_id["arrange"].trigger()
    assert document.network != before
    assert all(
        document.network.node(w.source).x < document.network.node(w.target).x
        for w in document.network.wires
    )
    document.undo_stack.undo()
    assert document.network == before


def test_that_a_layer_dropped_on_a_wire_goes_in_between(window: MainWindow) -> None:
    network = window._document.network
    wire = network.wires[1]
    item = window.canvas.canvas_scene.wires[wire]
    window.canvas.add_layer("tanh", item._path.pointAtPercent(0.5))
    now = window._document.network
    tanh = now.named("tanh_1")
    assert tanh is not None and wire not in now.wires
    assert {(w.source, w.target) for w in now.wires} >= {
        (wire.source, tanh.id),
        (tanh.id, wire.target),
    }
    assert all(now.node(n.id).x == n.x for n in network.nodes)


def test_that_a_layer_is_found_by_name(window: MainWindow) -> None:
    window.actions_by_id["find"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, "relu")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "relu_1"


def test_that_the_history_leads_back_to_any_edit(window: MainWindow) -> None:
    document = window._document
    first = document.network
    window.actions_by_id["arrange"].trigger()
    window.canvas.add_layer("tanh")
    window.actions_by_id["history"].trigger()
    assert window.docks["history"].isVisible()
    model = window.history.model()
    labels = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert labels[0] == "As it was opened" and labels[-1] == "Add Tanh"
    window.history.setCurrentIndex(model.index(0, 0))
    assert document.network == first


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_that_the_diagram_is_written_as_a_picture(
    window: MainWindow, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"net ü{suffix}"
    window.canvas.save_picture(file)
    data = file.read_bytes()
    assert [p.name for p in tmp_path.iterdir() if "net" in p.name] == [file.name]
    if suffix == ".png":
        image = QImage(str(file))
        assert image.width() > 600 and len({image.pixel(x, 80) for x in range(0, 600, 7)}) > 3
    elif suffix == ".svg":
        assert QSvgRenderer(str(file)).isValid() and b"dense_1" in data
    else:
        assert data.startswith(b"%PDF") and len(data) > 2000


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_that_a_picture_on_a_full_disk_is_told_and_the_old_one_kept(
    window: MainWindow, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    file = tmp_path / f"net{suffix}"
    file.write_bytes(b"old")
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(ProjectError, match="the disk is full"):
        window.canvas.save_picture(file)
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".", "net"))] == [file.name]


def test_that_a_picture_has_no_marks_of_work_and_can_be_read_on_any_paper(
    window: MainWindow, tmp_path: Path, qapp: QApplication
) -> None:
    def picture(name: str) -> QImage:
        window.canvas.save_picture(tmp_path / name)
        return QImage(str(tmp_path / name))

    plain = picture("plain.png")
    assert plain.pixelColor(0, 0).alpha() == 0
    window.actions_by_id["select_all"].trigger()
    chosen = window.canvas.selected_parts()
    assert len(chosen) == len(window._document.network.nodes)
    assert picture("selected.png") == plain
    assert window.canvas.selected_parts() == chosen
    theme.apply(qapp, "dark")
    assert picture("dark.png").pixelColor(0, 0).name() == theme.current().canvas
    theme.apply(qapp, "light")


def test_that_what_is_selected_is_exported_alone(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas, scene = window.canvas, window.canvas.canvas_scene
    path = tmp_path / "part.png"
    monkeypatch.setattr(window.project, "_ask_where", lambda *_: path)
    canvas.select([])
    window.actions_by_id["export_selection"].trigger()
    assert not path.exists() and "Select" in window.statusBar().currentMessage()
    canvas.select(["dense_1", "relu_1"])
    opacities = {item: item.opacity() for item in scene.items()}
    window.actions_by_id["export_selection"].trigger()
    assert canvas.selected_parts() == ("dense_1", "relu_1")
    assert {item: item.opacity() for item in scene.items()} == opacities
    part = QImage(str(path))
    left, right = (scene.nodes[i].card_rect() for i in ("dense_1", "relu_1"))
    assert part.width() / 2 == pytest.approx(right.right() - left.left() + 48, abs=40)
    # Two cards and the wire between them, and nothing at the ports that lead to others.
    middle = part.height() // 2
    assert any(part.pixelColor(x, middle).alpha() for x in range(part.width()))
    assert not any(part.pixelColor(x, middle).alpha() for x in range(20))
    assert not any(part.pixelColor(part.width() - 1 - x, middle).alpha() for x in range(20))


def test_that_an_empty_canvas_is_not_exported(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window._document.reset(Network())
    monkeypatch.setattr(window.project, "_ask_where", lambda *_: pytest.fail("it asks where"))
    window.actions_by_id["export_picture"].trigger()
    assert "nothing to export" in window.statusBar().currentMessage()


def test_that_a_list_to_choose_from_says_what_enter_would_choose(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChild(Chooser)
    assert chooser is not None
    QTest.keyClicks(chooser.search, "dropout")
    assert chooser.search.accessibleDescription().startswith("Dropout, ")
    assert not chooser.nothing.isVisible()
    QTest.keyClicks(chooser.search, "qq")
    assert chooser.nothing.isVisible()
    assert chooser.search.accessibleDescription() == chooser.nothing.text()
    chooser.reject()


@pytest.mark.parametrize(
    ("typed", "first"),
    [("activation", "ELU"), ("fully connected", "Dense"), ("mse", "Mean squared error"),
     ("comment", "Note"), ("convnet", "LeNet-like CNN")],
)  # fmt: skip
def test_that_quick_add_knows_groups_and_other_names(
    window: MainWindow, typed: str, first: str
) -> None:
    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, typed)
    assert chooser.search.accessibleDescription().startswith(f"{first}, ")
    chooser.reject()


def test_that_while_one_types_only_what_matches_is_read_out(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two letters the list was empty for a moment, and that was read out, too."""
    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChild(Chooser)
    assert chooser is not None
    said: list[str] = []
    monkeypatch.setattr(chooser.search, "setAccessibleDescription", said.append)
    QTest.keyClicks(chooser.search, "den")
    assert len(said) == 3 and said[-1].startswith("Dense, ")
    assert chooser.nothing.text() not in said
    chooser.reject()


def test_that_a_picture_that_cannot_be_written_is_told(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", staticmethod(lambda *args: told.append(args[2])))
    for name in ("missing/net.svg", "net.gif"):
        path = tmp_path / name
        monkeypatch.setattr(window.project, "_ask_where", lambda *_, p=path: p)
        window.actions_by_id["export_picture"].trigger()
    assert len(told) == 2 and all(text for text in told)


def test_that_panels_come_in_four_arrangements(window: MainWindow, qtbot: QtBot) -> None:
    for name, wanted in ARRANGEMENTS.items():
        window.actions_by_id[f"layout_{name}"].trigger()
        shown = {key for key, dock in window.docks.items() if not dock.isHidden()}
        assert shown == set(wanted)
        assert window.height() <= 800
    window.actions_by_id["reset_layout"].trigger()
    assert not window.docks["palette"].isHidden() and window.docks["credit"].isHidden()


def test_that_the_map_appears_when_something_is_out_of_sight(
    window: MainWindow, qtbot: QtBot
) -> None:
    canvas = window.canvas
    window.actions_by_id["zoom_fit"].trigger()
    assert not canvas.minimap.isVisible()
    for _ in range(6):
        window.actions_by_id["zoom_in"].trigger()
    assert canvas.minimap.isVisible() and not canvas.minimap.grab().isNull()
    left = canvas.node_center(window._document.network.nodes[0].id)
    QTest.mouseClick(canvas.minimap, Qt.MouseButton.LeftButton, pos=canvas.minimap.rect().center())
    assert canvas.node_center(window._document.network.nodes[0].id) != left
    window.actions_by_id["minimap"].trigger()
    assert not canvas.minimap.isVisible()
    window.actions_by_id["minimap"].trigger()
    window.actions_by_id["zoom_fit"].trigger()
    assert not canvas.minimap.isVisible()


def test_that_every_example_is_offered_and_opens(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {p.stem for p in (ROOT / "resources" / "examples").glob("*.bps")}
    assert set(_EXAMPLES) == files
    for title, _ in _EXAMPLES.values():
        window.actions_by_id["examples"].trigger()
        chooser = window.findChildren(Chooser)[-1]
        QTest.keyClicks(chooser.search, title)
        QTest.keyClick(chooser.search, Qt.Key.Key_Return)
        assert not window._document.analysis.errors
        assert window.project.path is None


def test_that_the_names_on_tabs_are_never_cut_short(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1500, 800)
    window.setStyleSheet(stylesheet.build(theme.current()))
    for key in INSTRUMENTS:
        window.actions_by_id[f"open_{key}"].trigger()

    def bars() -> list[QTabBar]:
        found = window.findChildren(QTabBar)
        return [b for b in found if b.parent() is window and b.isVisible() and b.count() > 1]

    qtbot.waitUntil(lambda: len(bars()) == 4)
    for bar in bars():
        assert bar.elideMode() is Qt.TextElideMode.ElideNone and bar.usesScrollButtons()


def test_that_an_empty_table_says_what_will_be_there(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["open_gradient_check"].trigger()
    table = window.instruments.gradient_check.table
    qtbot.waitUntil(table.isVisible)
    assert "central differences" in table.accessibleDescription()
    with_words = table.viewport().grab().toImage()
    table.set_invitation("")
    assert table.viewport().grab().toImage() != with_words
