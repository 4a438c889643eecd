"""Notes, arrows and groups, with the mouse and with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Arrow, Wire, analyze, edits, grouping
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import mime, note_item, style
from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.note_item import NoteItem
from backprop_studio.ui.canvas.view import CanvasView
from tests.ui.canvas_help import LEFT, NONE, body, canvas, click, digits, drag, drop

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        view.setFocus()
        yield view


def grouped(view: CanvasView, *, collapsed: bool = False) -> GroupItem:
    """The hidden layer and its ReLU in a group, by hand."""
    view.select(["dense_1", "relu_1"])
    view.group_selection()
    if collapsed:
        view.fold_selection()
    item = view.canvas_scene.part("group_1")
    assert isinstance(item, GroupItem)
    return item


def write(view: CanvasView, text: str, *, lines: bool = False) -> None:
    """Type into the field that is open on the canvas."""
    assert view.editor.is_open and view.editor.isVisible()
    QTest.keyClicks(view.editor, text)
    QTest.keyClick(view.editor, Qt.Key.Key_Return, CONTROL if lines else NONE)
    assert not view.editor.isVisible()


def at(view: CanvasView, point: QPointF) -> QPoint:
    return view.mapFromScene(point)


def double_click(view: CanvasView, point: QPoint) -> None:
    QTest.mouseDClick(view.viewport(), LEFT, NONE, point)


# Groups


def test_that_what_is_selected_is_put_into_a_frame_and_taken_out(view: CanvasView) -> None:
    before = view.document.network
    item = grouped(view)
    assert view.document.undo_stack.undoText() == "Group 2 layers"
    assert view.selected_parts() == ("group_1",) and view.selected_nodes() == ()
    for node in ("dense_1", "relu_1"):
        assert item.card_rect().contains(view.canvas_scene.nodes[node].card_rect())
    assert not item.card_rect().intersects(view.canvas_scene.nodes["dense_2"].card_rect())
    view.ungroup_selection()
    assert view.document.network == before
    assert view.selected_nodes() == ("dense_1", "relu_1")
    view.document.undo_stack.undo()
    view.document.undo_stack.undo()
    assert view.document.network is before and view.canvas_scene.marks.items == {}


def test_that_a_frame_is_dragged_by_its_title_and_not_by_its_inside(view: CanvasView) -> None:
    item = grouped(view)
    title = at(view, item.title_rect().center())
    drag(view, title, title + QPoint(0, 60))
    moved = {n.id: n.y for n in view.document.network.nodes if n.y}
    assert set(moved) == {"dense_1", "relu_1"} and len(set(moved.values())) == 1
    assert view.document.undo_stack.undoText() == "Move Group 1"
    # On the ground inside of it, a box is drawn.
    inside = at(view, item.card_rect().bottomLeft() + QPointF(15, -15))
    drag(view, inside, inside + QPoint(250, -60))
    assert view.selected_nodes() == ("dense_1", "relu_1")


def test_that_what_is_let_go_of_in_a_frame_is_in_the_group(view: CanvasView) -> None:
    item = grouped(view)
    group, before = item.part, view.document.network
    members = grouping.group_of(before, group).members
    assert "loss_1" not in members
    inside = at(view, item.card_rect().center() + QPointF(0, 30))
    drag(view, view.node_center("loss_1") + QPoint(0, 12), inside, release=False)
    assert item.hovered
    QTest.mouseRelease(view.viewport(), LEFT, NONE, inside)
    assert not item.hovered
    network = view.document.network
    assert grouping.group_of(network, group).members == (*members, "loss_1")
    assert view.document.undo_stack.undoText() == "Move loss_1 into Group 1"
    # Inside its own frame it only moves.
    start = view.node_center("loss_1") + QPoint(0, 12)
    drag(view, start, start + QPoint(0, 40))
    assert view.document.undo_stack.undoText() == "Move loss_1"
    view.document.undo_stack.undo()
    view.document.undo_stack.undo()
    assert view.document.network == before
    # What is dropped there from the palette comes into it as well.
    assert drop(view, mime.encode("tanh"), inside)
    assert view.document.network.holders["tanh_1"] == group
    view.document.undo_stack.undo()
    assert view.document.network == before


def test_that_a_frame_is_let_go_of_in_another_and_never_in_itself(view: CanvasView) -> None:
    network, inner = grouping.group(view.document.network, ["relu_1"], "Inner")
    network, outer = grouping.group(network, ["dense_2", "loss_1"], "Outer")
    view.document.reset(network)
    start = at(view, view.canvas_scene.part(inner).title_rect().center())
    end = at(view, view.canvas_scene.part(outer).card_rect().center() + QPointF(0, 10))
    drag(view, start, end)
    assert view.document.network.holders[inner] == outer
    start = at(view, view.canvas_scene.part(outer).title_rect().center())
    drag(view, start, start + QPoint(20, 40))
    assert outer not in view.document.network.holders
    view.document.undo_stack.undo()
    view.document.undo_stack.undo()
    assert view.document.network == network


def test_that_a_block_stands_for_its_members_with_their_ports(view: CanvasView) -> None:
    item = grouped(view, collapsed=True)
    scene = view.canvas_scene
    assert view.document.undo_stack.undoText() == "Collapse Group 1"
    assert not scene.nodes["dense_1"].isVisible() and not scene.nodes["relu_1"].isVisible()
    assert item.ports() == (PortRef("dense_1", "in"), PortRef("relu_1", "out"))
    assert not scene.wires[Wire("dense_1", "relu_1")].isVisible()
    for wire in (Wire("input_1", "dense_1"), Wire("relu_1", "dense_2")):
        assert scene.wires[wire].isVisible()
    ends = scene._ends(Wire("input_1", "dense_1"))
    assert ends[1] == item.port_pos(PortRef("dense_1", "in"))
    assert item.facts.detail == "2 layers, 4,160 parameters"
    assert analyze(view.document.network).lowered is not None
    # It opens at its sign, by a double-click, and by Return.
    click(view, at(view, item.card_rect().topLeft() + QPointF(12, 12)))
    assert scene.nodes["dense_1"].isVisible()
    view.fold_selection()
    double_click(view, at(view, item.card_rect().center()))
    assert scene.nodes["dense_1"].isVisible()
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert item.collapsed and view.document.undo_stack.undoText() == "Collapse Group 1"


def test_that_a_group_folds_at_its_sign_where_a_wire_runs_across_it(view: CanvasView) -> None:
    item, scene, document = grouped(view), view.canvas_scene, view.document
    sign = item.card_rect().topLeft() + QPointF(12, 12)
    network, first = edits.add_node(document.network, nodes()["input"](), sign.x() - 300, sign.y())
    network, second = edits.add_node(network, nodes()["tanh"](), sign.x() + 700, sign.y())
    document.apply("Wire across", edits.connect(network, first, second))
    # As high as the sign: a wire from one to the other runs straight through it.
    above = sign.y() - scene.port_pos(PortRef(first, "out")).y()
    places = {
        n: (scene.nodes[n].pos().x(), scene.nodes[n].pos().y() + above) for n in (first, second)
    }
    document.apply("Move", edits.move(document.network, places))
    assert scene.wires[Wire(first, second)].shape().contains(sign)
    click(view, at(view, sign))
    assert item.collapsed


def test_that_a_block_has_its_ports_in_the_order_in_which_its_layers_stand(
    view: CanvasView,
) -> None:
    network = PRESETS["residual"].make()
    ids = {n.name: n.id for n in network.nodes}
    members = [ids[n] for n in ("relu_1", "dense_2", "relu_2", "dense_3")]
    for above, below in (("dense_3", "relu_1"), ("relu_1", "dense_3")):
        placed = edits.move(network, {ids[above]: (500, 0), ids[below]: (300, 200)})
        grouped, group = grouping.group(placed, members)
        view.document.reset(grouping.set_collapsed(grouped, [group], True))
        block = view.canvas_scene.part(group)
        out = [p for p in block.ports() if p.side == "out"]
        assert [p.node for p in out] == [ids[above], ids[below]]
        assert block.port_pos(out[0]).y() < block.port_pos(out[1]).y()


def test_that_wires_are_drawn_from_and_to_a_block(view: CanvasView) -> None:
    document = view.document
    document.reset(digits(wired=False))
    item = grouped(view, collapsed=True)
    # Nothing is wired: all of its members' ports are its own.
    assert len(item.ports()) == 4
    start = view.port_point("input_1", "out")
    drag(view, start, view.port_point("dense_1", "in"))
    drag(view, view.port_point("relu_1", "out"), body(view, "dense_2"))
    assert set(document.network.wires) == {Wire("input_1", "dense_1"), Wire("relu_1", "dense_2")}
    glowing = PortRef("relu_1", "in")
    drag(view, view.port_point("dense_1", "out"), QPoint(600, 30), release=False)
    assert item._glowing == {glowing}
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert item._glowing == frozenset()
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(600, 30))
    # By keyboard, the block as a whole: its first free output.
    view.select(["group_1", "loss_1"])
    QTest.keyClick(view, Qt.Key.Key_C)
    assert Wire("dense_1", "loss_1") in document.network.wires


def test_that_a_block_is_moved_copied_and_deleted_with_all_that_is_in_it(view: CanvasView) -> None:
    document = view.document
    item = grouped(view, collapsed=True)
    centre = at(view, item.card_rect().center() + QPointF(0, 12))
    drag(view, centre, centre + QPoint(0, 80))
    assert {n.id for n in document.network.nodes if n.y} == {"dense_1", "relu_1"}
    view.select(["group_1"])
    view.copy_selection()
    view.paste()
    assert [n.id for n in document.network.nodes][-2:] == ["dense_3", "relu_2"]
    copy = document.network.groups[-1]
    assert copy.collapsed and set(copy.members) == {"dense_3", "relu_2"}
    assert view.selected_parts() == (copy.id,)
    before = document.network
    view.delete_selection()
    assert len(document.network.nodes) == 5 and len(document.network.groups) == 1
    document.undo_stack.undo()
    assert document.network == before
    QApplication.clipboard().clear()


def test_that_selecting_a_hidden_layer_selects_its_block_and_revealing_opens_it(
    view: CanvasView,
) -> None:
    grouped(view, collapsed=True)
    view.select(["relu_1"])
    assert view.selected_parts() == ("group_1",)
    view.reveal("relu_1")
    assert view.selected_nodes() == ("relu_1",)
    assert view.document.undo_stack.undoText() == "Expand Group 1"


def test_that_groups_and_layers_are_renamed_in_place(view: CanvasView) -> None:
    refused: list[str] = []
    view.refused.connect(refused.append)
    item = grouped(view)
    double_click(view, at(view, item.title_rect().center()))
    write(view, "Encoder")
    assert view.document.network.groups[0].name == "Encoder"
    assert view.document.undo_stack.undoText() == "Rename Group 1"
    view.select(["relu_1"])
    view.rename_selection()
    write(view, "kink")
    assert view.document.network.node("relu_1").name == "kink"
    view.rename_selection()
    QTest.keyClicks(view.editor, "dense_1")
    QTest.keyClick(view.editor, Qt.Key.Key_Return)
    assert refused == ["Another layer is already called 'dense_1'."]
    # What cannot be taken stays, to be put right; and the same layer stays chosen.
    assert view.editor.is_open and view.editor.toPlainText() == "dense_1"
    assert view.bubble.isVisible() and "dense_1" in view.bubble.text()
    assert (view.bubble.geometry().topLeft() - view.editor.geometry().bottomLeft()).x() < 40
    QTest.keyClick(view.editor, Qt.Key.Key_End)
    write(view, "_too")
    assert view.document.network.node("relu_1").name == "dense_1_too"
    assert not view.editor.is_open and view.selected_nodes() == ("relu_1",)
    view.rename_selection()
    write(view, "kink")
    assert view.selected_nodes() == ("relu_1",) and view.hasFocus()
    view.rename_selection()
    QTest.keyClicks(view.editor, "never")
    QTest.keyClick(view.editor, Qt.Key.Key_Escape)
    assert view.document.network.node("relu_1").name == "kink" and view.hasFocus()


def test_that_a_problem_inside_shows_on_the_block(view: CanvasView) -> None:
    network = view.document.network
    cut = [w for w in network.wires if w.target == "relu_1"]
    view.document.apply("Cut", edits.remove(network, wires=cut))
    item = grouped(view, collapsed=True)
    assert item.facts.problem.startswith("'relu_1' has nothing wired")
    name, state = item.spoken
    assert name == "Group Group 1" and "collapsed" in state and "nothing wired" in state


def test_that_an_arranged_block_covers_no_card(view: CanvasView) -> None:
    for collapsed in (False, True):
        item = grouped(view, collapsed=collapsed)
        view.arrange()
        others = [n for i, n in view.canvas_scene.nodes.items() if i not in ("dense_1", "relu_1")]
        assert not any(item.card_rect().intersects(n.card_rect()) for n in others)
        view.ungroup_selection()


# Notes


def test_that_a_note_is_written_changed_widened_and_moved(view: CanvasView) -> None:
    view.add_note()
    assert view.document.undo_stack.count() == 0
    write(view, "Two lines:", lines=True)
    (note,) = view.document.network.notes
    assert note.text == "Two lines:" and view.selected_parts() == (note.id,)
    item = view.canvas_scene.part(note.id)
    assert isinstance(item, NoteItem)
    double_click(view, at(view, item.card_rect().center()))
    write(view, "A longer text that needs some more lines than it needed before " * 2, lines=True)
    tall = item.card_rect().height()
    edge = at(view, QPointF(item.card_rect().right() - 3, item.card_rect().center().y()))
    drag(view, edge, edge + QPoint(100, 0))
    assert view.document.undo_stack.undoText() == "Change the width of a note"
    assert item.note.width > note.width and item.card_rect().height() < tall
    x = view.document.network.notes[0].x
    centre = at(view, item.card_rect().center())
    drag(view, centre, centre + QPoint(50, 0))
    assert view.document.network.notes[0].x > x
    assert view.document.undo_stack.undoText() == "Move a note"
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert view.document.network.notes == () and view.document.undo_stack.count() == 5


def test_that_a_note_without_a_text_is_none(view: CanvasView) -> None:
    view.add_note()
    QTest.keyClick(view.editor, Qt.Key.Key_Return, CONTROL)
    assert view.document.network.notes == () and view.document.undo_stack.count() == 0


# Arrows


def test_that_an_arrow_is_drawn_tied_and_put_elsewhere(view: CanvasView) -> None:
    document = view.document
    view.arm_arrow()
    drag(view, QPoint(300, 60), body(view, "dense_1"))
    (arrow,) = document.network.arrows
    assert (arrow.source, arrow.target) == ("", "dense_1")
    item = view.canvas_scene.part(arrow.id)
    assert isinstance(item, ArrowItem)
    # It stops at the card, and goes along with it.
    assert not view.canvas_scene.nodes["dense_1"].card_rect().contains(item.end)
    document.apply("Move", edits.move(document.network, {"dense_1": (210.0, 60.0)}))
    assert document.network.arrows[0].y2 == pytest.approx(arrow.y2 + 60)
    assert document.network.arrows[0].y1 == arrow.y1
    drag(view, at(view, item.end), QPoint(700, 60))
    moved = document.network.arrows[0]
    assert moved.target == "" and (moved.x1, moved.y1) == (arrow.x1, arrow.y1)
    # Once only: the next drag does what it always does.
    drag(view, QPoint(900, 60), QPoint(950, 90))
    assert len(document.network.arrows) == 1


def test_that_an_arrow_between_two_selected_parts_needs_no_mouse(view: CanvasView) -> None:
    view.select(["input_1", "relu_1"])
    view.add_arrow()
    (arrow,) = view.document.network.arrows
    assert (arrow.source, arrow.target) == ("input_1", "relu_1") and arrow.x1 < arrow.x2
    assert view.selected_parts() == (arrow.id,)


def test_that_an_arrow_to_something_in_a_block_ends_at_the_block(view: CanvasView) -> None:
    network, _ = grouping.add_arrow(
        view.document.network, (315.0, -200.0), (420.0, -40.0), target="relu_1"
    )
    view.document.apply("Arrow", network)
    item = grouped(view, collapsed=True)
    shown = view.canvas_scene.part("arrow_1")
    assert isinstance(shown, ArrowItem)
    reach = item.card_rect().adjusted(-6, -6, 6, 6)
    assert reach.contains(shown.end) and not item.card_rect().contains(shown.end)
    assert shown.arrow == Arrow("arrow_1", 315.0, -200.0, 420.0, -40.0, "", "relu_1")


# Screen readers


def test_that_a_screen_reader_finds_marks_and_no_hidden_layers(view: CanvasView) -> None:
    view.document.apply("Note", grouping.add_note(view.document.network, "hello", 0.0, -200.0)[0])
    grouped(view, collapsed=True)
    interface = QAccessible.queryAccessibleInterface(view)
    children = [interface.child(k) for k in range(interface.childCount())]
    names = [c.text(QAccessible.Text.Name) for c in children]
    assert names == [
        "input_1, Input",
        "dense_2, Dense",
        "loss_1, Softmax cross-entropy",
        "Note: hello",
        "Group Group 1",
    ]
    assert "2 layers" in children[-1].text(QAccessible.Text.Description)


def test_that_lines_of_a_note_are_those_that_were_typed_and_none_is_too_wide() -> None:
    look = style.current()
    text = "\n\nA word " + "and another " * 9 + "\n\nthe end\n"
    lines = note_item._wrapped(text, look, 160.0)
    assert lines[:2] == ("", "") and lines[-3:] == ("", "the end", "")
    assert "".join(lines) == text.replace("\n", "") and len(lines) > 7
    assert all(look.name_metrics.horizontalAdvance(line.rstrip()) <= 160.0 for line in lines)
    assert note_item._wrapped("", look, 160.0) == ()
    assert len(note_item._wrapped("\n" * 2_000, look, 160.0)) == 2_001
