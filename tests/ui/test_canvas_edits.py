"""Adding, moving, deleting and undoing on the canvas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, edits
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.canvas.mime import LAYER_MIME
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.document import Document
from tests.ui.canvas_help import LEFT, NONE, body, canvas, click, digits, drag, drop, hover, mirrors


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        yield view


def places(view: CanvasView) -> dict[str, tuple[float, float]]:
    return {n.id: (n.x, n.y) for n in view.document.network.nodes}


def test_that_a_layer_too_many_is_refused_in_words(
    view: CanvasView, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    monkeypatch.setattr(edits, "MAX_NODES", len(view.document.network.nodes))
    assert view.add_layer("tanh") == ""
    assert drop(view, mime.encode("tanh"), QPoint(300, 60))
    assert len(reasons) == 2 and all("Delete one first" in reason for reason in reasons)
    assert view.document.undo_stack.count() == 0
    assert mirrors(view)


def test_that_a_dropped_layer_stands_where_it_was_dropped(view: CanvasView) -> None:
    at = QPoint(300, 60)
    assert drop(view, mime.encode("tanh"), at)
    node = view.document.network.node("tanh_1")
    there = view.mapToScene(at)
    assert abs(node.x - there.x()) <= 5 and abs(node.y - there.y()) <= 5
    assert (node.x % 10, node.y % 10) == (0, 0)
    assert view.selected_nodes() == ("tanh_1",)
    assert view.document.undo_stack.count() == 1
    assert mirrors(view)


def test_that_a_preview_shows_while_a_layer_hovers_and_goes_with_it(view: CanvasView) -> None:
    before = len(view.canvas_scene.items())
    data = mime.encode("dense")
    assert hover(view, data, QPoint(300, 60))
    assert len(view.canvas_scene.items()) == before + 1
    # As Qt does when the pointer leaves, or Escape is pressed.
    view._drop.leave()
    assert mirrors(view)
    assert view.document.undo_stack.count() == 0


@pytest.mark.parametrize("raw", [b"", b"no-such-layer", b"\xff\xfe", b"x" * 10_000_000])
def test_that_unknown_layers_and_foreign_data_are_refused(view: CanvasView, raw: bytes) -> None:
    data = QMimeData()
    data.setData(LAYER_MIME, raw)
    assert not drop(view, data, QPoint(300, 60))
    text = QMimeData()
    text.setText("dense")
    assert not drop(view, text, QPoint(300, 60))
    assert view.document.undo_stack.count() == 0


def test_that_layers_added_without_a_place_stand_free_and_visible(view: CanvasView) -> None:
    view.select(["dense_1"])
    before = places(view)
    for layer in ("dense", "relu", "mse"):
        node_id = view.add_layer(layer)
        item = view.canvas_scene.nodes[node_id]
        others = [n for i, n in view.canvas_scene.nodes.items() if i != node_id]
        assert not any(item.card_rect().intersects(n.card_rect()) for n in others)
        assert view.viewport().rect().contains(view.node_center(node_id))
    assert {i: p for i, p in places(view).items() if i in before} == before


def test_that_a_layer_can_be_given_a_place(view: CanvasView) -> None:
    node_id = view.add_layer("dense", QPointF(33, -218))
    assert places(view)[node_id] == (30, -220)


def test_that_a_drag_is_one_undo_entry_and_ends_on_the_grid(view: CanvasView) -> None:
    start = places(view)
    drag(view, body(view, "relu_1"), body(view, "relu_1") + QPoint(57, 83))
    assert view.document.undo_stack.count() == 1
    assert view.document.undo_stack.undoText() == "Move relu_1"
    moved = places(view)
    assert {i for i in moved if moved[i] != start[i]} == {"relu_1"}
    assert moved["relu_1"][0] % 10 == moved["relu_1"][1] % 10 == 0
    assert mirrors(view)
    view.document.undo_stack.undo()
    assert places(view) == start and mirrors(view)


def test_that_all_selected_nodes_move_together(view: CanvasView) -> None:
    start = places(view)
    view.select(["dense_1", "relu_1"])
    drag(view, body(view, "dense_1"), body(view, "dense_1") + QPoint(0, 90))
    moved = places(view)
    by = moved["dense_1"][1] - start["dense_1"][1]
    assert by > 0 and moved["relu_1"][1] - start["relu_1"][1] == by
    assert view.document.undo_stack.count() == 1
    assert view.selected_nodes() == ("dense_1", "relu_1")


def test_that_a_drag_shows_at_once_and_changes_nothing_before_the_release(view: CanvasView) -> None:
    start = view.document.network
    drag(view, body(view, "relu_1"), body(view, "relu_1") + QPoint(0, 80), release=False)
    assert view.document.network is start
    assert view.canvas_scene.nodes["relu_1"].y() > 40
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert mirrors(view)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(5, 5))
    assert view.document.network is start


def test_that_a_drag_back_to_the_start_is_no_edit(view: CanvasView) -> None:
    at = body(view, "relu_1")
    drag(view, at, at + QPoint(60, 60), release=False)
    QTest.mouseMove(view.viewport(), at)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, at)
    assert view.document.undo_stack.count() == 0
    assert mirrors(view)


def test_that_an_undo_in_the_middle_of_a_drag_ends_the_drag(view: CanvasView) -> None:
    node_id = view.add_layer("dense", QPointF(200, 150))
    drag(view, body(view, node_id), body(view, node_id) + QPoint(40, 40), release=False)
    view.document.undo_stack.undo()
    assert mirrors(view)
    QTest.mouseMove(view.viewport(), QPoint(50, 50))
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(50, 50))
    assert mirrors(view)


def test_that_deleting_takes_nodes_with_their_wires_in_one_entry(view: CanvasView) -> None:
    view.select(["relu_1", "dense_2"])
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert set(places(view)) == {"input_1", "dense_1", "loss_1"}
    assert len(view.document.network.wires) == 1
    assert view.document.undo_stack.count() == 1
    assert view.selected_nodes() == ()
    assert mirrors(view)
    view.document.undo_stack.undo()
    assert view.document.network == digits() and mirrors(view)


def test_that_a_wire_can_be_clicked_and_deleted(view: CanvasView) -> None:
    middle = (view.port_point("input_1", "out") + view.port_point("dense_1", "in")) / 2
    click(view, middle)
    assert len(view.canvas_scene.selected_wires()) == 1
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert len(view.document.network.wires) == 3
    assert len(view.document.network.nodes) == 5
    assert mirrors(view)


def test_that_deleting_nothing_is_no_edit(view: CanvasView) -> None:
    view.delete_selection()
    assert view.document.undo_stack.count() == 0


def test_that_the_first_hint_shows_on_an_empty_canvas_alone(view: CanvasView) -> None:
    assert not view.hint.isVisible()
    view.document.reset(Network())
    assert view.hint.isVisible()
    view.add_layer("input")
    assert not view.hint.isVisible()


def test_that_a_removed_item_is_given_up(view: CanvasView) -> None:
    view._mouse.look_at(view.hit(body(view, "relu_1")))
    view.select_all()
    view.delete_selection()
    assert view.canvas_scene.items() == []
    assert view.canvas_scene._at_node == {}
    assert view._mouse.over.node is None


STEP = st.tuples(st.sampled_from(["add", "move", "wire", "delete", "undo", "redo"]), st.integers())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=25))
def test_that_the_scene_mirrors_the_document_through_any_edits(
    qapp: QApplication, steps: list[tuple[str, int]]
) -> None:
    document = Document()
    document.reset(digits())
    view = CanvasView(document)
    view.resize(800, 400)
    for what, number in steps:
        ids = [n.id for n in document.network.nodes]
        pick = ids[number % len(ids)] if ids else None
        if what == "add":
            view.add_layer(("input", "dense", "relu", "mse")[number % 4])
        elif what == "move" and pick:
            place = (float(number % 4000), float(number % 700))
            document.apply("Move", edits.move(document.network, {pick: place}))
        elif what == "wire" and pick:
            view.select([pick, ids[number // 7 % len(ids)]])
            view.connect_selection()
        elif what == "delete" and pick:
            view.select([pick])
            view.delete_selection()
        elif what == "undo":
            document.undo_stack.undo()
        else:
            document.undo_stack.redo()
        assert mirrors(view)
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.network == digits()
    assert mirrors(view)
    view.deleteLater()
