"""What hands know from drawing programs: keys held in a drag, lines, boxes, rows and blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, Wire, edits, grouping
from backprop_studio.network.marks import MAX_DEPTH
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions.ghosts import Ghosts
from backprop_studio.ui.canvas.interactions.guides import REACH, GuideItem, Guides
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.main_window import MainWindow
from tests.ui.canvas_help import (
    LEFT,
    NONE,
    body,
    canvas,
    click,
    digits,
    drag,
    drag_with,
    drop,
    hover,
    mirrors,
    send,
)  # fmt: skip

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        view.setFocus()
        yield view


def places(view: CanvasView) -> dict[str, tuple[float, float]]:
    return {n.id: (n.x, n.y) for n in view.document.network.nodes}


def changed(view: CanvasView, before: Network) -> set[str]:
    return {n.id for n in before.nodes if (n.x, n.y) != places(view)[n.id]}


def told_by(view: CanvasView) -> list[str]:
    told: list[str] = []
    view.refused.connect(told.append)
    return told


def folded(view: CanvasView, *members: str) -> GroupItem:
    """A folded group of these layers."""
    network, group = grouping.group(view.document.network, members, "Encoder")
    view.document.reset(grouping.set_collapsed(network, [group], True))
    item = view.canvas_scene.part(group)
    assert isinstance(item, GroupItem)
    return item


def middle(view: CanvasView, item: GroupItem) -> QPoint:
    return view.mapFromScene(item.card_rect().center())


# Keys that are held


def test_that_a_drag_with_shift_goes_straight(view: CanvasView) -> None:
    before = view.document.network
    start = body(view, "relu_1")
    drag_with(view, start, start + QPoint(30, 120), SHIFT, press=NONE)
    assert changed(view, before) == {"relu_1"}
    x, y = places(view)["relu_1"]
    assert x == before.node("relu_1").x and y > 60
    view.document.undo_stack.undo()
    drag_with(view, start, start + QPoint(90, 40), SHIFT, press=NONE)
    x, y = places(view)["relu_1"]
    assert x > before.node("relu_1").x and y == 0


def test_that_shift_held_from_the_press_drags_all_that_is_selected(view: CanvasView) -> None:
    before = view.document.network
    view.select(["dense_1", "relu_1"])
    start = body(view, "relu_1")
    drag_with(view, start, start + QPoint(9, 100), SHIFT)
    assert changed(view, before) == {"dense_1", "relu_1"}
    assert view.selected_nodes() == ("dense_1", "relu_1")
    # A click with it takes one out of the selection, and puts it in again.
    click(view, body(view, "relu_1"), SHIFT)
    assert view.selected_nodes() == ("dense_1",)
    click(view, body(view, "relu_1"), CTRL)
    assert view.selected_nodes() == ("dense_1", "relu_1")
    assert view.document.undo_stack.count() == 1


@pytest.mark.parametrize("key", [CTRL, ALT])
def test_that_a_drag_with_a_key_takes_a_copy_along(
    view: CanvasView, key: Qt.KeyboardModifier
) -> None:
    before = view.document.network
    view.select(["dense_1", "relu_1"])
    start = body(view, "relu_1")
    drag_with(view, start, start + QPoint(0, 120), key, release=False)
    # What is there stays; outlines show where the copy will be.
    assert [i.pos() for i in view.canvas_scene.nodes.values()] == [
        QPointF(n.x, n.y) for n in before.nodes
    ]
    (ghosts,) = (i for i in view.canvas_scene.items() if isinstance(i, Ghosts))
    assert view.document.network is before and len(ghosts._cards) == 2
    send(view, QEvent.Type.MouseButtonRelease, start + QPoint(0, 120), key)
    network = view.document.network
    made = [n for n in network.nodes if n.id not in before]
    assert [n.spec.info.id for n in made] == ["dense", "relu"]
    assert changed(view, before) == set()
    assert {n.y for n in made} == {made[0].y} and made[0].y > 60
    assert [n.x for n in made] == [before.node(i).x for i in ("dense_1", "relu_1")]
    assert Wire(made[0].id, made[1].id) in network.wires
    assert set(view.selected_nodes()) == {n.id for n in made}
    assert view.document.undo_stack.undoText() == "Duplicate 2 layers" and mirrors(view)
    view.document.undo_stack.undo()
    assert view.document.network is before


def test_that_a_card_that_is_not_selected_is_copied_alone(view: CanvasView) -> None:
    view.select(["dense_1", "input_1"])
    start = body(view, "relu_1")
    drag_with(view, start, start + QPoint(0, 120), CTRL)
    assert view.document.undo_stack.undoText() == "Duplicate relu_2"
    view.document.undo_stack.undo()
    # With Shift it joins the others, and goes with them.
    view.select(["dense_1"])
    before = view.document.network
    drag_with(view, start, start + QPoint(0, 120), SHIFT)
    assert changed(view, before) == {"dense_1", "relu_1"}


def test_that_the_key_may_come_and_go_while_one_drags(view: CanvasView) -> None:
    before = view.document.network
    start, end = body(view, "relu_1"), body(view, "relu_1") + QPoint(0, 120)
    drag_with(view, start, end, CTRL, press=NONE, release=False)
    assert any(isinstance(i, Ghosts) for i in view.canvas_scene.items())
    send(view, QEvent.Type.MouseMove, end, NONE)
    assert not any(isinstance(i, Ghosts) for i in view.canvas_scene.items())
    assert view.canvas_scene.nodes["relu_1"].y() > 60
    send(view, QEvent.Type.MouseMove, end, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Escape, CTRL)
    assert mirrors(view)
    send(view, QEvent.Type.MouseButtonRelease, end, CTRL)
    assert view.document.network is before and mirrors(view)


def test_that_a_box_joins_leaves_or_begins_a_selection(view: CanvasView) -> None:
    def box(first: str, last: str, key: Qt.KeyboardModifier) -> None:
        a, b = view.node_center(first) - QPoint(60, 70), view.node_center(last) + QPoint(60, 60)
        drag_with(view, a, b, key)

    box("input_1", "relu_1", NONE)
    assert set(view.selected_nodes()) == {"input_1", "dense_1", "relu_1"}
    box("dense_1", "dense_1", ALT)
    assert set(view.selected_nodes()) == {"input_1", "relu_1"}
    box("loss_1", "loss_1", SHIFT)
    assert set(view.selected_nodes()) == {"input_1", "relu_1", "loss_1"}
    box("relu_1", "dense_2", CTRL | SHIFT)
    assert set(view.selected_nodes()) == {"input_1", "loss_1"}
    box("dense_2", "dense_2", NONE)
    assert set(view.selected_nodes()) == {"dense_2"}


def test_that_control_and_arrows_move_by_a_step_and_with_shift_by_five(view: CanvasView) -> None:
    view.select(["relu_1"])
    x, y = places(view)["relu_1"]
    QTest.keyClick(view, Qt.Key.Key_Right, CTRL)
    assert places(view)["relu_1"] == (x + 10, y)
    QTest.keyClick(view, Qt.Key.Key_Down, CTRL | SHIFT)
    assert places(view)["relu_1"] == (x + 10, y + 50)
    QTest.keyClick(view, Qt.Key.Key_Left, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Up, CTRL | SHIFT)
    assert places(view)["relu_1"] == (x, y) and view.document.undo_stack.count() == 4


# Lines


@pytest.mark.parametrize("gap", [-REACH, -1.0, 0.0, REACH, REACH + 1.0])
@pytest.mark.parametrize("edge", ["left", "middle", "right"])
def test_that_only_what_is_near_is_aligned(gap: float, edge: str) -> None:
    stands = QRectF(100, 0, 130, 60)
    # Another width, so that one edge or the middle alone is near.
    x = {"left": 100.0, "middle": 65.0, "right": 30.0}[edge] + gap
    dragged = QRectF(x, 500, 200, 60)
    found = Guides([stands, QRectF(900, 930, 132, 64)]).align([dragged])
    near = abs(gap) <= REACH
    assert found.shift == QPointF(-gap if near else 0.0, 0.0)
    assert (found.across, found.down, len(found.lines)) == (near, False, int(near))
    if near:
        line = found.lines[0]
        assert line.x1() == line.x2() == {"left": 100.0, "middle": 165.0, "right": 230.0}[edge]
        assert line.y1() < 0 and line.y2() > 560


def test_that_middles_go_before_edges_and_a_direction_can_be_left_out() -> None:
    guides = Guides([QRectF(0, 0, 100, 60)])
    found = guides.align([QRectF(3, 4, 100, 60)])
    assert found.shift == QPointF(-3, -4)
    assert found.lines[0].x1() == 50 and found.lines[1].y1() == 30
    assert guides.align([QRectF(3, 4, 100, 60)], down=False).shift == QPointF(-3, 0)
    assert Guides([]).align([QRectF(0, 0, 9, 9)]).lines == ()
    assert guides.align([]).lines == ()


def test_that_a_card_dragged_to_the_edge_of_a_wider_one_keeps_to_it(view: CanvasView) -> None:
    scene = view.canvas_scene
    wide = scene.nodes["loss_1"].card_rect()
    assert wide.width() != scene.nodes["relu_1"].card_rect().width()
    start = body(view, "relu_1")
    left = wide.left() + scene.nodes["relu_1"].width / 2
    by = QPointF(left + 2 - 420, 150) * view.transform().m11()
    drag(view, start, start + by.toPoint(), release=False)
    (item,) = (i for i in scene.items() if isinstance(i, GuideItem))
    assert [line.x1() for line in item.lines if line.x1() == line.x2()] == [wide.left()]
    QTest.mouseRelease(view.viewport(), LEFT, NONE, start + by.toPoint())
    assert scene.nodes["relu_1"].card_rect().left() == pytest.approx(wide.left(), abs=1e-6)
    assert places(view)["relu_1"][1] % 10 == 0


def test_that_what_is_in_a_block_draws_nothing_to_its_line(view: CanvasView) -> None:
    network, hidden = edits.add_node(view.document.network, nodes()["tanh"](), 420.0, 163.0)
    network = edits.move(network, {"dense_1": (210.0, 80.0)})
    view.document.reset(network)
    folded(view, "dense_1", hidden)
    start = body(view, "relu_1")
    drag(view, start, start + QPointF(0, 161 * view.transform().m11()).toPoint())
    assert places(view)["relu_1"][1] == 160


# Blocks


@pytest.mark.parametrize("what", ["layer", "group"])
def test_that_what_is_let_go_of_on_a_block_comes_into_its_group(
    view: CanvasView, what: str
) -> None:
    block = folded(view, "dense_1", "relu_1")
    told, before = told_by(view), view.document.network
    stood = block.card_rect()
    start = body(view, "dense_2")
    if what == "group":
        network, group = grouping.group(before, ["dense_2"], "Inner")
        view.document.reset(network)
        before = view.document.network
        item = view.canvas_scene.part(group)
        assert isinstance(item, GroupItem)
        start = view.mapFromScene(item.title_rect().center())
    drag(view, start, middle(view, block), release=False)
    assert block.hovered and view.bubble.isVisible() and "Encoder" in view.bubble.text()
    QTest.mouseRelease(view.viewport(), LEFT, NONE, middle(view, block))
    assert not view.bubble.isVisible()
    network = view.document.network
    assert "dense_2" in grouping.nodes_in(network, block.part)
    assert view.selected_parts() == (block.part,)
    assert view.document.undo_stack.undoText().endswith("into Encoder")
    assert len(told) == 1 and "Unfold" in told[0]
    assert block.card_rect().topLeft() == stood.topLeft()
    # Unfolded, it covers nothing that was there.
    view.fold_selection()
    cards = [item.card_rect() for item in view.canvas_scene.nodes.values()]
    assert not any(a.intersects(b) for k, a in enumerate(cards) for b in cards[:k])
    for _ in range(2):
        view.document.undo_stack.undo()
    assert view.document.network is before


@pytest.mark.parametrize("what", ["tanh", mime.of_preset("mlp")])
def test_that_what_is_dropped_on_a_block_from_the_palette_comes_into_its_group(
    view: CanvasView, what: str
) -> None:
    block = folded(view, "dense_1", "relu_1")
    before, members = view.document.network, grouping.nodes_in(view.document.network, block.part)
    assert hover(view, mime.encode(what), middle(view, block))
    assert block.hovered and "Encoder" in view.bubble.text()
    view._drop.leave()
    assert not block.hovered and not view.bubble.isVisible()
    assert drop(view, mime.encode(what), middle(view, block))
    network = view.document.network
    new = [n.id for n in network.nodes if n.id not in before]
    assert new and set(grouping.nodes_in(network, block.part)) == {*members, *new}
    # Nothing is wired where nobody sees it.
    assert {*network.wires} - {*before.wires} == {w for w in network.wires if w.source in new}
    assert view.document.undo_stack.count() == 1
    cards = [item.card_rect() for item in view.canvas_scene.nodes.values()]
    assert not any(a.intersects(b) for k, a in enumerate(cards) for b in cards[:k])


def test_that_a_copy_is_dropped_into_a_block_and_never_into_itself(view: CanvasView) -> None:
    block = folded(view, "dense_1", "relu_1")
    start = body(view, "dense_2")
    drag_with(view, start, middle(view, block), CTRL)
    network = view.document.network
    assert network.node("dense_3").id in grouping.nodes_in(network, block.part)
    assert "dense_2" not in network.holders
    start = middle(view, block)
    drag_with(view, start, start + QPoint(12, 6), CTRL)
    network = view.document.network
    assert [g.name for g in network.groups] == ["Encoder", "Encoder 2"]
    assert not {g.id for g in network.groups} & network.holders.keys()


def test_that_a_group_too_deep_for_a_block_stays_where_it_was(view: CanvasView) -> None:
    network, outer = grouping.group(view.document.network, ["dense_2"])
    for _ in range(MAX_DEPTH - 1):
        network, outer = grouping.group(network, [outer])
    view.document.reset(network)
    block = folded(view, "dense_1", "relu_1")
    before, told = view.document.network, told_by(view)
    item = view.canvas_scene.part(outer)
    assert isinstance(item, GroupItem)
    for key in (NONE, CTRL):
        start = view.mapFromScene(item.title_rect().center())
        drag_with(view, start, middle(view, block), key)
        assert view.document.network is before
    assert len(told) == 2 and all("can stand in each other" in t for t in told)


@pytest.mark.parametrize("collapsed", [False, True])
def test_that_layers_are_put_into_a_group_without_the_mouse(
    window: MainWindow, collapsed: bool
) -> None:
    view = window.canvas
    network, group = grouping.group(digits(), ["dense_1", "relu_1"], "Encoder")
    network, note = grouping.add_note(network, "words", 0.0, 200.0)
    view.document.reset(grouping.set_collapsed(network, [group], collapsed))
    before, told = view.document.network, told_by(view)
    view.select(["dense_2", note, group])
    window.actions_by_id["join_group"].trigger()
    network = view.document.network
    assert {"dense_2", note} <= grouping.contents(network, [group])
    assert view.document.undo_stack.undoText() == "Put into Encoder"
    assert view.selected_parts() == (group,) and len(told) == collapsed
    if not collapsed:
        assert (network.nodes, network.notes) == (before.nodes, before.notes)
    view.document.undo_stack.undo()
    # Of two groups it is the last; what is in it already, or nothing at all, is refused.
    network, other = grouping.group(before, ["loss_1"], "Other")
    view.document.reset(network)
    view.select([group, other])
    window.actions_by_id["join_group"].trigger()
    assert view.document.network.holders[group] == other
    view.document.undo_stack.undo()
    told.clear()
    for chosen in ((), ("dense_2",), (group,), (group, "dense_1") if not collapsed else (group,)):
        view.select(chosen)
        window.actions_by_id["join_group"].trigger()
    assert view.document.network is network and len(told) == 4


def test_that_a_copied_arrow_is_seen_while_it_is_dragged(view: CanvasView) -> None:
    network, _ = grouping.add_arrow(view.document.network, (0.0, 120.0), (200.0, 120.0))
    view.document.reset(network)
    start = view.mapFromScene(QPointF(100, 120))
    drag_with(view, start, start + QPoint(0, 40), CTRL, release=False)
    (ghosts,) = (i for i in view.canvas_scene.items() if isinstance(i, Ghosts))
    assert len(ghosts._cards) == 1
    send(view, QEvent.Type.MouseButtonRelease, start + QPoint(0, 40), CTRL)
    first, second = view.document.network.arrows
    assert second.y1 > first.y1 == 120.0 and second.x1 == first.x1


def test_that_quick_add_over_a_block_puts_the_layer_beside_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    view = window.canvas
    view.document.reset(digits())
    block = folded(view, "dense_1", "relu_1")
    view.zoom_to_fit()
    view.setFocus()
    QCursor.setPos(view.viewport().mapToGlobal(middle(view, block)))
    QTest.keyClick(view, Qt.Key.Key_Slash)
    chooser = window.findChildren(Chooser)[-1]
    qtbot.waitUntil(chooser.search.hasFocus)
    QTest.keyClicks(chooser.search, "tanh")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    (new,) = view.selected_nodes()
    assert new not in view.document.network.holders
    assert not view.canvas_scene.nodes[new].card_rect().intersects(block.card_rect())


# Pasting


@pytest.mark.parametrize("on", ["card", "between"])
def test_that_what_is_pasted_at_the_pointer_covers_no_card(window: MainWindow, on: str) -> None:
    view = window.canvas
    view.document.reset(digits())
    view.zoom_to_fit()
    view.select(["dense_1", "relu_1"])
    view.copy_selection()
    at = view.node_center("relu_1")
    if on == "between":
        at = (at + view.node_center("dense_2")) / 2
    QCursor.setPos(view.viewport().mapToGlobal(at))
    for _ in range(3):
        view.paste()
    cards = [item.card_rect() for item in view.canvas_scene.nodes.values()]
    assert len(cards) == 11
    assert not any(a.intersects(b) for k, a in enumerate(cards) for b in cards[:k])
    # Where there is room, the pointer says where.
    free = QPointF(400.0, 900.0)
    view.aimed = free
    view.paste()
    xs = [view.canvas_scene.nodes[i].x() for i in view.selected_nodes()]
    assert abs(sum(xs) / 2 - free.x()) <= 5


def test_that_copies_stand_on_the_grid_and_cover_nothing(view: CanvasView) -> None:
    network, _ = edits.add_node(view.document.network, nodes()["tanh"](), 330.0, 130.0)
    view.document.reset(network)
    view.select(["dense_1", "relu_1"])
    view.duplicate_selection(shared=False)
    assert all(x % 10 == 0 and y % 10 == 0 for x, y in places(view).values())
    cards = [item.card_rect() for item in view.canvas_scene.nodes.values()]
    assert not any(a.intersects(b) for k, a in enumerate(cards) for b in cards[:k])


# Wires, and the menus


def test_that_a_double_click_on_a_wire_asks_what_to_put_into_it(window: MainWindow) -> None:
    view = window.canvas
    wire = view.document.network.wires[1]
    # Beside its label.
    at = view.mapFromScene(view.canvas_scene.wires[wire].middle())
    QTest.mouseClick(view.viewport(), LEFT, NONE, at)
    QTest.mouseDClick(view.viewport(), LEFT, NONE, at)
    assert view.canvas_scene.selected_wires() == (wire,)
    chooser = window.findChildren(Chooser)[-1]
    assert chooser.isVisible()
    QTest.keyClicks(chooser.search, "dropout")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    network = view.document.network
    (new,) = view.selected_nodes()
    assert wire not in network.wires
    assert {Wire(wire.source, new), Wire(new, wire.target)} <= set(network.wires)


def test_that_a_selection_is_inverted_and_given_up(window: MainWindow) -> None:
    view = window.canvas
    view.document.reset(grouping.group(digits(), ["relu_1", "dense_2"])[0])
    view.select(["dense_1", "relu_1"])
    window.actions_by_id["select_inverse"].trigger()
    assert set(view.selected_parts()) == {"input_1", "dense_2", "loss_1"}
    window.actions_by_id["select_inverse"].trigger()
    assert set(view.selected_parts()) == {"dense_1", "relu_1"}
    view.select(["group_1"])
    window.actions_by_id["select_inverse"].trigger()
    assert set(view.selected_parts()) == {"input_1", "dense_1", "loss_1"}
    window.actions_by_id["select_none"].trigger()
    assert view.selected_parts() == ()
    window.actions_by_id["select_all"].trigger()
    window.actions_by_id["select_inverse"].trigger()
    assert view.selected_parts() == () == view.canvas_scene.selected_wires()


def test_that_layers_notes_and_blocks_are_aligned_and_distributed(window: MainWindow) -> None:
    view, undo = window.canvas, window._document.undo_stack
    scattered = {"input_1": (0.0, 0.0), "dense_1": (170.0, 40.0), "loss_1": (700.0, 90.0)}
    network, note = grouping.add_note(edits.move(digits(), scattered), "words", 300.0, -200.0)
    network, group = grouping.group(network, ["relu_1", "dense_2"], "Block")
    network = grouping.set_collapsed(network, [group], True)
    view.document.reset(network)
    before, told = view.document.network, told_by(view)

    def rects(*parts: str) -> list[QRectF]:
        items = [view.canvas_scene.part(p) for p in parts]
        return [i.card_rect() for i in items if i is not None]

    def same(values: list[float]) -> bool:
        return max(values) - min(values) < 1e-6

    view.select(["dense_1", "loss_1", note, group])
    for action, edge in (
        ("align_left", QRectF.left), ("align_right", QRectF.right), ("align_top", QRectF.top),
        ("align_bottom", QRectF.bottom),
    ):  # fmt: skip
        window.actions_by_id[action].trigger()
        assert same([edge(r) for r in rects("dense_1", "loss_1", note, group)]), action
        assert undo.undoText() in window.actions_by_id[action].text().replace("&", "")
        undo.undo()
        assert view.document.network is before
    window.actions_by_id["align_middle"].trigger()
    found = rects("dense_1", "loss_1", note, group)
    assert same([r.center().y() for r in found]) and found[0].center().y() % 10 == 0
    # What is in the block keeps its place in it.
    a, b = (view.document.network.node(i) for i in ("relu_1", "dense_2"))
    assert b.x - a.x == before.node("dense_2").x - before.node("relu_1").x
    undo.undo()
    view.select(["input_1", "dense_1", "loss_1"])
    window.actions_by_id["align_across"].trigger()
    one, two, three = rects("input_1", "dense_1", "loss_1")
    assert two.left() - one.right() == pytest.approx(three.left() - two.right())
    assert places(view)["input_1"] == (0.0, 0.0) and places(view)["loss_1"] == (700.0, 90.0)
    # Again there is nothing to be done, and of too few it says so.
    count = undo.count()
    window.actions_by_id["align_across"].trigger()
    view.select(["input_1", "dense_1"])
    window.actions_by_id["align_down"].trigger()
    view.select(["input_1"])
    window.actions_by_id["align_left"].trigger()
    assert undo.count() == count
    assert ["already" in told[0], "three" in told[1], "two" in told[2]] == [True] * 3


def test_that_a_card_off_the_grid_keeps_its_line_when_it_is_dragged_along_it(
    view: CanvasView,
) -> None:
    view.document.reset(edits.move(view.document.network, {"relu_1": (423.5, 200.0)}))
    start = body(view, "relu_1")
    drag_with(view, start, start + QPoint(2, 100), SHIFT)
    x, y = places(view)["relu_1"]
    assert x == 423.5 and y % 10 == 0 and y > 250
