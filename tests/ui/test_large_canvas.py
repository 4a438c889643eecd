"""What is done at one go, or only when it is seen, because a document may be large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, Node, Wire, analyze, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import geometry, routing
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.canvas.wire_item import WireItem
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.panels.messages import MessagesPanel
from backprop_studio.ui.panels.outline import _NODE, OutlinePanel
from tests.ui.canvas_help import canvas, digits

MANY = 80


def row(count: int, *, y: float = 0.0) -> Network:
    """The digits with a row of activations that nothing is wired to."""
    network, kind = digits(), nodes()["relu"]()
    loose = (Node(f"r{k}", f"r{k}", kind, 160.0 * k, y) for k in range(count))
    return replace(network, nodes=(*network.nodes, *loose))


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    with canvas(qtbot, digits()) as view:
        yield view


# Ways of wires


def test_that_a_way_among_cards_on_each_other_does_not_depend_on_their_order() -> None:
    places = {str(k): geometry.card(132.0).translated(150.0 + 20 * k, 5.0 * k) for k in range(8)}
    ways = []
    for keys in (list(places), list(places)[::-1]):
        cards = routing.Cards()
        for key in keys:
            cards.put(key, places[key])
        ways.append(routing.route(QPointF(0, 0), QPointF(500, 0), cards, frozenset()))
    assert ways[0] is not None and ways[0] == ways[1]


def test_that_cards_are_found_in_an_area_that_is_larger_than_all_of_them() -> None:
    few, many = routing.Cards(), routing.Cards()
    for k in range(40):
        many.put(str(k), geometry.card(132.0).translated(200.0 * k, 0.0))
    few.put("3", geometry.card(132.0).translated(600.0, 0.0))
    wide = (-1e4, -1e4, 1e4, 1e4)
    assert len(many.within(wide)) == 40 and len(few.within(wide)) == 1
    near = (500.0, -50.0, 700.0, 50.0)
    assert many.within(near) == few.within(near) and len(few.within(near)) == 1
    assert many.within(near, frozenset("3")) == []


def test_that_only_wires_in_the_way_of_many_new_cards_are_led_around(view: CanvasView) -> None:
    scene, document = view.canvas_scene, view.document
    network = edits.move(digits(), {"loss_1": (2400.0, 0.0)})
    document.reset(network)
    ways = {wire: item.way(1.0) for wire, item in scene.wires.items()}
    across = next(wire for wire in ways if wire.target == "loss_1")
    assert not scene.wires[across].content_rect().isValid(), "nothing is in its way"
    fresh = row(MANY).nodes[-MANY:]
    places = {n.id: (1000.0 + 160 * (k % 6), 20.0 + 100 * (k // 6)) for k, n in enumerate(fresh)}
    document.apply("Paste", edits.move(replace(network, nodes=(*network.nodes, *fresh)), places))
    changed = {wire for wire, item in scene.wires.items() if item.way(1.0) != ways[wire]}
    assert changed == {across}
    cards = [scene.nodes[key].card_rect() for key in places]
    points = [scene.wires[across].way(1.0).pointAtPercent(k / 400) for k in range(401)]
    assert not any(card.contains(point) for point in points for card in cards)
    document.undo_stack.undo()
    assert {wire: item.way(1.0) for wire, item in scene.wires.items()} == ways


def test_that_a_wire_without_length_has_a_way() -> None:
    item = WireItem(Wire("a", "b", 0))
    assert item.boundingRect().isEmpty()
    item.place(QPointF(), QPointF())
    assert item.runs_between(QPointF(), QPointF()) and not item.boundingRect().isEmpty()


def test_that_the_label_of_a_wire_that_goes_around_has_room(view: CanvasView) -> None:
    view.document.reset(edits.move(digits(), {"relu_1": (1500.0, 0.0), "loss_1": (2400.0, 0.0)}))
    around = [i for i in view.canvas_scene.wires.values() if i.content_rect().isValid()]
    assert around
    for item in around:
        label = item._label_rect(item._label_width())
        assert item.boundingRect().contains(label) and label.contains(item.middle())


# Selection


def test_that_many_selected_cards_that_go_are_told_once(view: CanvasView) -> None:
    document, scene = view.document, view.canvas_scene
    before = document.network
    document.apply("Paste", row(MANY, y=300.0))
    view.select([f"r{k}" for k in range(MANY)])
    told: list[tuple[str, ...]] = []
    scene.selection_noted.connect(told.append)
    document.undo_stack.undo()
    assert document.network == before and told == [()]
    assert view.selected_nodes() == () and scene.selectedItems() == []


def test_that_a_selection_with_gaps_is_the_same_in_the_outline(qtbot: QtBot) -> None:
    outline = OutlinePanel()
    qtbot.addWidget(outline)
    outline.show()
    outline.set_network(analyze(row(20)))
    told: list[object] = []
    outline.nodes_chosen.connect(told.append)
    for chosen in (("r2", "r3", "r4", "r9", "input_1"), ("r3", "r9"), (), ("r0",)):
        outline.select(chosen)
        marked = {item.data(0, _NODE) for item in outline.tree.selectedItems()}
        assert set(outline.selected()) == set(chosen) == marked
    assert told == [], "what is selected elsewhere is told to nobody"


# What is wrong


def test_that_a_problem_takes_no_other_room_on_the_canvas(qtbot: QtBot) -> None:
    network = digits()
    parted = analyze(edits.remove(network, wires=network.wires[2:3]))
    node = network.node("relu_1")
    problems = [d for d in parted.diagnostics if d.node == node.id]
    item = NodeItem(node, analyze(network))
    before = item.boundingRect()
    assert problems and not item.note and item.content_rect() == item.card_rect()
    item.describe(node, parted, problems)
    assert item.note and item.boundingRect() == before
    item.describe(node, parted, problems, "Wire it on to the layer that follows")
    below = item._note_rect.united(item._fix_rect)
    assert item.boundingRect().contains(below)
    assert item.content_rect().contains(item.card_rect().united(below.translated(item.pos())))
    item.describe(node, analyze(network), ())
    assert item.boundingRect() == before and item.content_rect() == item.card_rect()


def test_that_a_card_tells_where_it_stands_only_when_that_changes() -> None:
    told: list[str] = []
    network = digits()
    node = network.node("dense_1")
    looked = lambda _: told.append("look")  # noqa: E731
    item = NodeItem(node, analyze(network), looked, lambda _: told.append("place"))
    told.clear()
    item.set_marks(hovered=True, focused=False)
    problems = analyze(edits.remove(network, ["input_1"])).errors
    item.describe(node, analyze(network), problems)
    assert told == ["look", "look"]
    told.clear()
    item.move_to(QPointF(5, 5))
    assert told == ["place", "look"]


def test_that_every_row_of_many_problems_finds_its_place(qtbot: QtBot) -> None:
    document = Document()
    document.reset(row(3 * MANY))
    panel = MessagesPanel(document)
    qtbot.addWidget(panel)
    panel.resize(400, 300)
    panel.show()
    model = panel.view.model()
    count = model.rowCount()
    assert count >= 3 * MANY
    assert panel.view.visualRect(model.index(0, 0)).isValid(), "what is in sight is there at once"
    last = model.index(count - 1, 0)
    qtbot.waitUntil(lambda: panel.view.visualRect(last).isValid())
    panel.view.scrollToBottom()
    assert QRectF(panel.view.viewport().rect()).intersects(QRectF(panel.view.visualRect(last)))
