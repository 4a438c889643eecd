"""What the canvas does for people: remedies, adding at a place, ways around cards, walking."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from networks import residual
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, TrainingSetup, Wire, edits
from backprop_studio.network.layout import arranged
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.ui import finding
from backprop_studio.ui.canvas import geometry, mime, routing
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.main_window import MainWindow
from tests.ui.canvas_help import LEFT, NONE, canvas, click, digits, drag, drop, hover, mirrors

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        view.setFocus()
        yield view


# Remedies


def test_that_the_remedy_on_a_card_is_clicked(view: CanvasView) -> None:
    view.document.reset(digits(units=7))
    item = view.canvas_scene.nodes["loss_1"]
    assert item.fix == "Give 'dense_2' 10 units"
    rect = item.fix_rect()
    assert not rect.isEmpty() and not rect.intersects(item.card_rect())
    there = view.mapFromScene(rect.center())
    # Released elsewhere, it was not meant.
    drag(view, there, there + QPoint(0, 120))
    assert view.document.undo_stack.count() == 0
    click(view, there)
    assert view.document.undo_stack.undoText() == "Give 'dense_2' 10 units"
    assert not view.document.analysis.diagnostics and item.fix == ""
    assert item.fix_rect().isEmpty() and mirrors(view)


def test_that_a_problem_is_mended_by_keyboard(view: CanvasView) -> None:
    refused: list[str] = []
    view.refused.connect(refused.append)
    view.document.reset(digits(units=7))
    view.select(["loss_1"])
    view.fix_selection()
    assert not view.document.analysis.diagnostics
    view.fix_selection()
    assert refused == ["There is nothing to mend."]
    # Where nothing ails what is selected, something else is meant.
    view.document.undo_stack.undo()
    for chosen in (["input_1"], [], ["input_1", "loss_1"]):
        view.select(chosen)
        view.fix_selection()
        assert not view.document.analysis.diagnostics
        view.document.undo_stack.undo()
    assert len(refused) == 1


def test_that_one_selected_layer_without_a_remedy_hides_none_of_the_others(
    view: CanvasView,
) -> None:
    network = Network()
    for layer in ("input", "dense", "dense", "softmax_cross_entropy"):
        network, _ = edits.add_node(network, nodes()[layer](), 200.0 * len(network.nodes), 0)
    view.document.reset(network)
    view.select([n.id for n in network.nodes])
    for _ in range(6):
        view.fix_selection()
    assert not view.document.analysis.diagnostics
    assert len(view.document.network.nodes) == 4


def test_that_layers_added_one_after_the_other_by_keyboard_cover_none(
    window: MainWindow, qtbot: QtBot
) -> None:
    window._document.reset(Network())
    canvas = window.canvas
    for layer in ("Input", "Dense", "Tanh", "Dense"):
        finding.quick_add(canvas, QPoint(120, 90))
        chooser = window.findChildren(Chooser)[-1]
        QTest.keyClicks(chooser.search, layer)
        QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    cards = [item.card_rect() for item in canvas.canvas_scene.nodes.values()]
    assert len(cards) == 4
    assert not any(a.intersects(b) for a, b in itertools.combinations(cards, 2))


@pytest.mark.parametrize("way", ["quick add", "palette"])
def test_that_a_network_is_built_without_a_pointer_layer_after_layer(
    window: MainWindow, way: str
) -> None:
    window._document.reset(Network(setup=TrainingSetup(dataset="digits")))
    canvas = window.canvas
    QCursor.setPos(window.palette_panel.mapToGlobal(window.palette_panel.rect().center()))
    for layer in ("Input", "Dense", "Tanh", "Dense", "Softmax cross"):
        if way == "palette":
            QTest.keyClicks(window.palette_panel.search, layer)
            QTest.keyClick(window.palette_panel.search, Qt.Key.Key_Return)
            window.palette_panel.search.clear()
            continue
        window.actions_by_id["quick_add"].trigger()
        chooser = window.findChildren(Chooser)[-1]
        QTest.keyClicks(chooser.search, layer)
        QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    network = window._document.network
    assert [(w.source, w.target) for w in network.wires] == list(
        itertools.pairwise(("input_1", "dense_1", "tanh_1", "dense_2", "loss_1"))
    )
    assert [n.x for n in network.nodes] == sorted({n.x for n in network.nodes})
    assert len({n.y for n in network.nodes}) == 1
    assert window._document.undo_stack.count() == 5
    # Where something is wired already, nobody knows what is meant.
    canvas.select(("dense_1",))
    canvas.add_layer("relu")
    assert window._document.network.incoming("relu_1") == {}
    # Without a selection it comes after the last one, and is not wired.
    canvas.select([])
    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChildren(Chooser)[-1]
    QTest.keyClicks(chooser.search, "gelu")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    network = window._document.network
    assert network.node("gelu_1").x > network.node("relu_1").x
    assert network.node("gelu_1").y == network.node("relu_1").y
    assert network.incoming("gelu_1") == {}


def test_that_remedies_stand_in_messages_and_in_the_inspector(
    window: MainWindow, qtbot: QtBot
) -> None:
    document, messages = window._document, window.messages
    document.reset(digits(units=7))
    window.docks["messages"].raise_()
    qtbot.waitUntil(messages.view.isVisible)
    index = messages.model.index(0)
    rect = messages.view.remedy_rect(index)
    assert messages.view.viewport().rect().contains(rect)
    QTest.mouseClick(messages.view.viewport(), LEFT, NONE, rect.center())
    assert document.undo_stack.undoText() == "Give 'dense_2' 10 units"
    assert window.canvas.selected_nodes() == ()
    document.undo_stack.undo()
    messages.view.setCurrentIndex(messages.model.index(0))
    QTest.keyClick(messages.view, Qt.Key.Key_F)
    assert not document.analysis.diagnostics
    document.undo_stack.undo()
    window.canvas.select(["loss_1"])
    (note,) = window.inspector._notes
    assert note.remedy.text() == "Give 'dense_2' 10 units"
    note.remedy.click()
    assert not document.analysis.diagnostics


# Adding


def test_that_a_layer_dropped_near_a_port_is_wired_and_nothing_moves(view: CanvasView) -> None:
    document = view.document
    document.reset(edits.remove(digits(), ["relu_1"]))
    before = {n.id: (n.x, n.y) for n in document.network.nodes}
    gap = view.mapFromScene(QPointF(420, 0))
    data = mime.encode("tanh")
    assert hover(view, data, gap)
    previews = set(view.canvas_scene.items()) - {
        *view.canvas_scene.nodes.values(), *view.canvas_scene.wires.values()}  # fmt: skip
    assert len(previews) == 3  # the pale card, and a wire on each side
    assert drop(view, data, gap)
    assert {Wire("dense_1", "tanh_1"), Wire("tanh_1", "dense_2")} <= set(document.network.wires)
    assert document.undo_stack.count() == 1
    assert before.items() <= {n.id: (n.x, n.y) for n in document.network.nodes}.items()
    assert mirrors(view)


def test_that_a_layer_dropped_far_from_all_ports_is_not_wired(view: CanvasView) -> None:
    assert drop(view, mime.encode("tanh"), view.mapFromScene(QPointF(420, 170)))
    assert len(view.document.network.wires) == 4 and mirrors(view)


def test_that_a_double_click_on_nothing_asks_what_to_add(view: CanvasView) -> None:
    asked: list[tuple[QPoint, object]] = []
    view.add_requested.connect(lambda at, port: asked.append((at, port)))
    opened: list[str] = []
    view.node_opened.connect(opened.append)
    QTest.mouseDClick(view.viewport(), LEFT, NONE, QPoint(40, 30))
    assert asked == [(QPoint(40, 30), None)]
    QTest.mouseDClick(view.viewport(), LEFT, NONE, view.node_center("relu_1") + QPoint(0, -15))
    assert len(asked) == 1 and opened == ["relu_1"]


def test_that_quick_add_stands_at_the_pointer_and_adds_there(
    window: MainWindow, qtbot: QtBot
) -> None:
    canvas = window.canvas
    QTest.mouseDClick(canvas.viewport(), LEFT, NONE, QPoint(140, 60))
    chooser = window.findChild(Chooser)
    assert chooser is not None and chooser.isVisible()
    corner = canvas.viewport().mapToGlobal(QPoint(140, 60))
    assert (chooser.pos() - corner).manhattanLength() < 60
    QTest.keyClicks(chooser.search, "gelu")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    node = window._document.network.nodes[-1]
    assert node.id == "gelu_1"
    there = canvas.mapFromScene(QPointF(node.x, node.y))
    assert (there - QPoint(140, 60)).manhattanLength() < 20


def test_that_a_wire_dropped_on_nothing_asks_for_a_layer_and_is_wired_to_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    canvas = window.canvas
    canvas.zoom_to_fit()
    drag(canvas, canvas.port_point("relu_1", "out"), QPoint(300, 30))
    chooser = window.findChild(Chooser)
    assert chooser is not None
    offered = [chooser.list.item(k).text() for k in range(chooser.list.count())]
    assert not any(text.startswith("Input ") for text in offered)
    QTest.keyClicks(chooser.search, "dropout")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert Wire("relu_1", "dropout_1") in window._document.network.wires
    assert window._document.undo_stack.count() == 1


@pytest.mark.parametrize("key", PRESETS)
def test_that_a_preset_on_an_empty_canvas_can_be_trained_at_once(
    key: str, window: MainWindow, qtbot: QtBot
) -> None:
    window._document.reset(Network())
    window.canvas.setFocus()
    window.actions_by_id["quick_add"].trigger()
    chooser = window.findChild(Chooser)
    assert chooser is not None
    QTest.keyClicks(chooser.search, PRESETS[key].title)
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    analysis = window._document.analysis
    assert analysis.lowered is not None and analysis.diagnostics == ()
    assert window._document.undo_stack.count() == 1


# Wires


def test_that_a_network_dropped_from_the_palette_stands_where_it_was_dropped(
    view: CanvasView,
) -> None:
    before = view.document.network
    at = QPoint(300, 260)
    assert drop(view, mime.encode(mime.of_preset("perceptron")), at)
    network = view.document.network
    assert network.nodes[: len(before.nodes)] == before.nodes and network.setup == before.setup
    made = [n for n in network.nodes if n not in before.nodes]
    assert [n.spec.info.id for n in made] == ["input", "dense", "softmax_cross_entropy"]
    assert set(view.selected_parts()) == {n.id for n in made}
    middle = view.mapToScene(at)
    assert abs(sum(n.x for n in made) / 3 - middle.x()) < 15 and abs(made[0].y - middle.y()) < 15
    view.document.undo_stack.undo()
    assert view.document.network == before


def test_that_a_network_chosen_in_the_palette_stands_below_all_others_and_in_sight(
    view: CanvasView,
) -> None:
    before = view.canvas_scene.content()
    view.add_chosen(mime.of_preset("mlp"))
    made = [view.canvas_scene.nodes[i] for i in view.selected_nodes()]
    assert len(made) == 7 and all(i.card_rect().top() > before.bottom() for i in made)
    port = view.mapToScene(view.viewport().rect()).boundingRect()
    assert all(port.contains(i.card_rect()) for i in view.canvas_scene.nodes.values())


def test_that_a_network_on_an_empty_canvas_is_seen_whole(view: CanvasView) -> None:
    view.document.reset(Network())
    assert drop(view, mime.encode(mime.of_preset("deep_sigmoid")), QPoint(30, 30))
    assert view.document.network.setup.dataset == "digits"
    port = view.mapToScene(view.viewport().rect()).boundingRect()
    assert all(port.contains(i.card_rect()) for i in view.canvas_scene.nodes.values())


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_either_end_of_a_wire_is_dragged_elsewhere(view: CanvasView, end: str) -> None:
    document = view.document
    network, tanh = edits.add_node(digits(), nodes()["tanh"](), 420.0, 150.0)
    document.reset(network)
    wire = Wire("dense_1", "relu_1")
    a, b = view.port_point("dense_1", "out"), view.port_point("relu_1", "in")
    near = b - QPoint(22, 0) if end == "target" else a + QPoint(22, 0)
    to = view.port_point(tanh, "in" if end == "target" else "out")
    drag(view, near, to, release=False)
    glowing = {p for item in view.canvas_scene.nodes.values() for p in item.glowing}
    wanted = PortRef(tanh, "in") if end == "target" else PortRef(tanh, "out")
    assert wanted in glowing
    QTest.mouseRelease(view.viewport(), LEFT, NONE, to)
    moved = Wire("dense_1", tanh) if end == "target" else Wire(tanh, "relu_1")
    assert moved in document.network.wires and wire not in document.network.wires
    assert document.undo_stack.undoText() == f"Move wire to {tanh}"
    assert mirrors(view)


def test_that_a_wire_is_chosen_and_deleted_by_keyboard(view: CanvasView) -> None:
    told: list[str] = []
    view.refused.connect(told.append)
    view.select(["relu_1"])
    for wire in (Wire("dense_1", "relu_1"), Wire("relu_1", "dense_2"), Wire("dense_1", "relu_1")):
        QTest.keyClick(view, Qt.Key.Key_W)
        assert view.canvas_scene.selected_wires() == (wire,)
    assert told[0].startswith("Wire from dense_1 to relu_1.")
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert Wire("dense_1", "relu_1") not in view.document.network.wires
    assert view.document.undo_stack.undoText() == "Delete wire"


def crossings(view: CanvasView) -> set[tuple[Wire, str]]:
    """Every card that a wire runs over, other than its own two."""
    found = set()
    for wire, item in view.canvas_scene.wires.items():
        for node_id, node in view.canvas_scene.nodes.items():
            if node_id in (wire.source, wire.target):
                continue
            card = node.card_rect().adjusted(2, 2, -2, -2)
            points = (item._path.pointAtPercent(k / 100) for k in range(101))
            if any(card.contains(p) for p in points):
                found.add((wire, node_id))
    return found


def test_that_a_skip_runs_around_what_stands_in_its_way(view: CanvasView) -> None:
    network, ids = residual()
    row = {n.id: (200.0 * k, 0.0) for k, n in enumerate(network.nodes)}
    view.document.reset(edits.move(network, row))
    skip = view.canvas_scene.wires[Wire(ids["dense_1"], ids["add_1"], 1)]
    assert skip._routed and crossings(view) == set()
    # With nothing in its way it is the plain curve again, and while a card is dragged as well.
    aside = {ids[k]: (row[ids[k]][0], 300.0) for k in ("relu_1", "dense_2")}
    view.document.apply("Aside", edits.move(view.document.network, aside))
    assert not skip._routed
    view.document.undo_stack.undo()
    assert skip._routed
    start = view.node_center(ids["add_1"]) + QPoint(0, -12)
    drag(view, start, start + QPoint(10, 60), release=False)
    assert skip._routed
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert mirrors(view)


@pytest.mark.parametrize("key", PRESETS)
def test_that_no_wire_of_a_preset_runs_over_a_card(view: CanvasView, key: str) -> None:
    for network in (made := PRESETS[key].make(), edits.move(made, arranged(made))):
        view.document.reset(network)
        assert crossings(view) == set()


def test_that_a_route_never_crosses_more_than_the_plain_curve() -> None:
    chance = random.Random(5)
    for _ in range(60):
        cards = routing.Cards()
        rects = []
        for k in range(25):
            rect = geometry.card(132.0).translated(
                200.0 * (k % 5) + chance.randint(-30, 30),
                120.0 * (k // 5) + chance.randint(-30, 30),
            )
            rects.append(rect)
            cards.put(str(k), rect)
        a, b = chance.sample(range(25), 2)
        start = QPointF(rects[a].right(), rects[a].center().y())
        end = QPointF(rects[b].left(), rects[b].center().y())
        plain = geometry.wire_path(start, end)
        path = routing.route(start, end, cards, frozenset((str(a), str(b)))) or plain
        others = [r for k, r in enumerate(rects) if k not in (a, b)]

        def hit(way: object, others: list[QRectF] = others) -> int:
            points = [way.pointAtPercent(k / 200) for k in range(201)]  # type: ignore[attr-defined]
            return sum(any(r.adjusted(3, 3, -3, -3).contains(p) for p in points) for r in others)

        assert hit(path) <= hit(plain)
        assert path.elementAt(0).x == start.x() and path.currentPosition() == end


def test_that_cards_are_found_where_they_are_and_not_where_they_were() -> None:
    cards = routing.Cards()
    assert len(cards.put("a", QRectF(0, 0, 132, 64))) == 1
    assert cards.put("a", QRectF(0, 0, 132, 64)) == ()
    assert [*cards.under([(50, 30)])] == ["a"] and not [*cards.under([(50, 30)], frozenset("a"))]
    was, now = cards.put("a", QRectF(900, 0, 132, 64))
    assert was.contains(QRectF(0, 0, 132, 64)) and now.contains(QRectF(900, 0, 132, 64))
    assert not was.intersects(now), "what lies between does not mind"
    assert not [*cards.under([(50, 30)])] and [*cards.under([(950, 30)])] == ["a"]
    assert len(cards.put("a", QRectF(950, 0, 132, 64))) == 1, "a short way is one place"
    assert len(cards.put("a", None)) == 1 and list(cards.keys()) == []


# Walking


def test_that_arrow_keys_walk_along_the_wires(view: CanvasView) -> None:
    network, ids = residual()
    view.document.reset(edits.move(network, arranged(network)))
    order = [ids[k] for k in ("input_1", "dense_1", "relu_1", "dense_2", "add_1")]
    QTest.keyClick(view, Qt.Key.Key_Right)
    walked = list(view.selected_nodes())
    for _ in order[1:]:
        QTest.keyClick(view, Qt.Key.Key_Right)
        walked += view.selected_nodes()
    assert walked == order
    assert view.canvas_scene.nodes[ids["add_1"]].focused
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.selected_nodes() == (ids["dense_2"],)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_nodes() == (ids["dense_2"], ids["add_1"])
    assert view.document.undo_stack.count() == 0


def test_that_up_and_down_go_to_what_is_nearest_that_way(view: CanvasView) -> None:
    network, below = edits.add_node(digits(), nodes()["tanh"](), 220.0, 160.0)
    view.document.reset(network)
    view.select(["dense_1"])
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.selected_nodes() == (below,)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.selected_nodes() == (below,)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.selected_nodes() == ("dense_1",)


# The outline


def test_that_the_outline_shows_groups_and_acts_on_what_is_in_a_block(
    window: MainWindow, qtbot: QtBot
) -> None:
    document, canvas, outline = window._document, window.canvas, window.outline
    document.reset(digits())
    window.actions_by_id["outline"].trigger()
    canvas.select(["dense_1", "relu_1"])
    window.actions_by_id["group"].trigger()
    group = outline.tree.selectedItems()[0]
    assert group.text(0) == "Group 1  (group, open)" and group.isExpanded()
    members = [group.child(k).text(0) for k in range(group.childCount())]
    assert members == ["dense_1  (Dense)", "relu_1  (ReLU)"]
    outline.tree.setFocus()
    outline.tree.setCurrentItem(group)
    QTest.keyClick(outline.tree, Qt.Key.Key_Return)
    assert document.network.groups[0].collapsed
    group = outline.tree.selectedItems()[0]
    assert group.text(0) == "Group 1  (group, folded)"
    # A layer in a block is deleted alone, although the canvas shows it as a part of the block.
    outline.tree.clearSelection()
    outline.tree.setCurrentItem(group.child(1))
    assert canvas.selected_parts() == ("group_1",) and outline.selected() == ("relu_1",)
    QTest.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert "relu_1" not in document.network and "dense_1" in document.network
    assert "2 layers" not in window.inspector.message


def test_that_marks_are_described_in_the_inspector(window: MainWindow) -> None:
    window._document.reset(digits())
    window.canvas.select(["dense_1", "relu_1"])
    window.actions_by_id["group"].trigger()
    assert "2 layers, 4,160 parameters" in window.inspector.message
    window.actions_by_id["fold"].trigger()
    window.actions_by_id["leave_group"].trigger()
    window.actions_by_id["ungroup"].trigger()
    assert window.inspector.message.startswith("2 layers selected")
    assert len(list(itertools.chain(window._document.network.groups))) == 0


def test_that_a_copied_note_is_text_for_other_programs(view: CanvasView) -> None:
    view.add_note()
    QTest.keyClicks(view.editor, "hello")
    QTest.keyClick(view.editor, Qt.Key.Key_Return, CONTROL)
    view.copy_selection()
    assert QApplication.clipboard().text() == "hello"
    view.paste()
    assert [n.text for n in view.document.network.notes] == ["hello", "hello"]
    QApplication.clipboard().clear()
