"""Wiring with the mouse and with the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, Wire, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.interactions.draw_wire import targets, wire_between
from backprop_studio.ui.canvas.interactions.guides import GuideItem
from backprop_studio.ui.canvas.view import CanvasView
from tests.ui.canvas_help import LEFT, NONE, body, canvas, digits, drag, mirrors


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits layers, not wired."""
    with canvas(qtbot, digits(wired=False)) as view:
        yield view


def test_that_a_wire_is_drawn_from_output_to_input(view: CanvasView) -> None:
    drag(view, view.port_point("input_1", "out"), view.port_point("dense_1", "in"))
    assert view.document.network.wires == (Wire("input_1", "dense_1"),)
    assert view.document.undo_stack.undoText() == "Connect input_1 to dense_1"
    assert view.document.undo_stack.count() == 1
    assert mirrors(view)


def test_that_a_wire_is_drawn_from_input_to_output(view: CanvasView) -> None:
    drag(view, view.port_point("dense_1", "in"), view.port_point("input_1", "out"))
    assert view.document.network.wires == (Wire("input_1", "dense_1"),)
    assert mirrors(view)


@pytest.mark.parametrize("forward", [True, False])
def test_that_a_wire_may_be_dropped_on_the_body_of_a_node(view: CanvasView, forward: bool) -> None:
    if forward:
        drag(view, view.port_point("input_1", "out"), body(view, "dense_1"))
    else:
        drag(view, view.port_point("dense_1", "in"), body(view, "input_1"))
    assert view.document.network.wires == (Wire("input_1", "dense_1"),)


def test_that_a_wire_dropped_on_nothing_is_forgotten(view: CanvasView) -> None:
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    drag(view, view.port_point("input_1", "out"), QPoint(200, 20))
    assert view.document.undo_stack.count() == 0 and reasons == []
    assert mirrors(view)


def test_that_ports_glow_while_they_would_take_the_wire(view: CanvasView) -> None:
    drag(view, view.port_point("relu_1", "out"), QPoint(200, 20), release=False)
    glowing = {p for item in view.canvas_scene.nodes.values() for p in item.glowing}
    assert glowing == {PortRef(i, "in") for i in ("dense_1", "dense_2", "loss_1")}
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not any(item.glowing for item in view.canvas_scene.nodes.values())
    QTest.mouseRelease(view.viewport(), LEFT, NONE, view.port_point("dense_2", "in"))
    assert view.document.network.wires == ()
    assert mirrors(view)


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [
        (("dense_1", "out"), ("dense_1", "in"), "cannot be wired to itself"),
        (("dense_1", "out"), ("input_1", "out"), "has no input"),
        (("relu_1", "out"), ("input_1", "out"), "has no input"),
        (("relu_1", "in"), ("loss_1", "in"), "has no output"),
        (("input_1", "out"), ("dense_1", "in"), "already wired"),
    ],
)
def test_that_a_wrong_wire_says_why_and_changes_nothing(
    view: CanvasView, start: tuple[str, str], end: tuple[str, str], part: str
) -> None:
    document = view.document
    document.reset(edits.connect(document.network, "input_1", "dense_1"))
    before = document.network
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    a = view.port_point(start[0], start[1])  # type: ignore[arg-type]
    b = view.port_point(end[0], end[1])  # type: ignore[arg-type]
    drag(view, a, b, release=False)
    assert view.bubble.isVisible() and part in view.bubble.text()
    QTest.mouseRelease(view.viewport(), LEFT, NONE, b)
    assert document.network is before
    assert len(reasons) == 1 and part in reasons[0]
    assert mirrors(view)


def test_that_a_circle_is_refused(view: CanvasView) -> None:
    document = view.document
    network = edits.connect(document.network, "dense_1", "relu_1")
    document.reset(edits.connect(network, "relu_1", "dense_2"))
    before = document.network
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    drag(view, view.port_point("dense_2", "out"), view.port_point("dense_1", "in"))
    assert document.network is before
    assert ["circle" in r for r in reasons] == [True]


def test_that_the_bubble_stays_inside_the_canvas(view: CanvasView) -> None:
    for at in (QPoint(0, 0), QPoint(1199, 499), QPoint(1199, 0), QPoint(0, 499)):
        view.bubble.say("A reason that is long enough to be broken into several lines. " * 2, at)
        assert view.rect().contains(view.bubble.geometry())


@pytest.mark.parametrize(
    "next_thing",
    [
        lambda view: view.zoom_by(1.5),
        lambda view: view.document.apply(
            "Rename", edits.rename(view.document.network, "relu_1", "bent")
        ),
    ],
    ids=["zoom", "edit"],
)
def test_that_a_reason_goes_when_what_it_spoke_of_has_moved(
    view: CanvasView, next_thing: Callable[[CanvasView], object]
) -> None:
    drag(view, view.port_point("relu_1", "in"), view.port_point("loss_1", "in"))
    assert view.bubble.isVisible()
    next_thing(view)
    assert not view.bubble.isVisible()


def test_that_a_click_on_a_port_selects_its_node(view: CanvasView) -> None:
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.port_point("relu_1", "in"))
    assert view.selected_nodes() == ("relu_1",)
    assert view.document.undo_stack.count() == 0


def test_that_ports_catch_from_beyond_their_dot_and_at_any_zoom(view: CanvasView) -> None:
    for _ in range(3):
        at = view.port_point("relu_1", "in") - QPoint(8, 0)
        assert view.hit(at).port == PortRef("relu_1", "in")
        view.zoom_by(0.6)


def test_that_two_selected_nodes_are_wired_in_order(view: CanvasView) -> None:
    view.select(["input_1", "dense_1"])
    view.connect_selection()
    view.select(["dense_2", "relu_1"])
    QTest.keyClick(view, Qt.Key.Key_C)
    assert set(view.document.network.wires) == {
        Wire("input_1", "dense_1"),
        Wire("dense_2", "relu_1"),
    }


@pytest.mark.parametrize("chosen", [(), ("dense_1",), ("loss_1", "dense_1"), ("a", "b")])
def test_that_wiring_a_wrong_selection_says_why(view: CanvasView, chosen: tuple[str, ...]) -> None:
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    view.select(chosen)
    view.connect_selection()
    assert len(reasons) == 1
    assert view.document.undo_stack.count() == 0


def test_that_what_glows_is_exactly_what_can_be_connected() -> None:
    network: Network = digits()
    network, _ = edits.add_node(network, nodes()["dense"](), 0, 200)
    network, tail = edits.add_node(network, nodes()["tanh"](), 200, 200)
    network = edits.remove(edits.connect(network, "dense_1", tail), wires=[network.wires[2]])
    ports = [PortRef(n.id, "in", p) for n in network.nodes for p in range(len(n.spec.ports))]
    ports += [PortRef(n.id, "out") for n in network.nodes if n.spec.has_output]
    for start in ports:
        allowed = set()
        for end in ports:
            wire = wire_between(start, end)
            if wire is not None and not edits.why_not_connect(
                network, wire.source, wire.target, wire.port, replacing=True
            ):
                allowed.add(end)
        assert targets(network, start) == allowed, start


def test_that_the_end_of_a_wire_is_dragged_to_another_input(view: CanvasView) -> None:
    document = view.document
    document.reset(edits.connect(document.network, "input_1", "dense_1"))
    before = document.network
    end = view.port_point("dense_1", "in")
    # Dropped on nothing, or back where it was, it stays.
    told: list[str] = []
    view.refused.connect(told.append)
    drag(view, end, end + QPoint(0, 150))
    assert len(told) == 1 and "Del" in told[0]
    drag(view, end, end + QPoint(20, 20), release=False)
    (item,) = view.canvas_scene.wires.values()
    assert not item.isVisible()
    QTest.mouseMove(view.viewport(), end)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, end)
    assert document.network == before and item.isVisible() and len(told) == 1
    drag(view, end, view.port_point("dense_2", "in"))
    assert document.network.wires == (Wire("input_1", "dense_2"),)
    assert document.undo_stack.undoText() == "Move wire to dense_2"
    document.undo_stack.undo()
    assert document.network == before


def test_that_a_dragged_layer_lines_up_with_others(view: CanvasView) -> None:
    document = view.document
    relu = document.network.node("relu_1")
    start = body(view, "relu_1")
    down = round(120 * view.transform().m11())
    drag(view, start, start + QPoint(0, down), release=False)
    lines = [i for i in view.canvas_scene.items() if isinstance(i, GuideItem)]
    assert len(lines) == 1
    QTest.mouseRelease(view.viewport(), LEFT, NONE, start + QPoint(0, down))
    assert not [i for i in view.canvas_scene.items() if isinstance(i, GuideItem)]
    # Dragged back to nearly where it was, it is drawn to the line of the others.
    start = body(view, "relu_1")
    nearly = round(-114 * view.transform().m11())
    drag(view, start, start + QPoint(0, nearly))
    assert document.network.node("relu_1").y == relu.y
