"""Nodes with two inputs: each wire ends at the port that was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, TrainingSetup, Wire, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.interactions.edit_actions import join
from backprop_studio.ui.canvas.view import CanvasView
from tests.ui.canvas_help import LEFT, NONE, body, canvas, drag, mirrors


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of Input, tanh and Add, not wired."""
    network = Network(setup=TrainingSetup(dataset="digits"))
    for place, layer in enumerate(("input", "tanh", "add")):
        network, _ = edits.add_node(network, nodes()[layer](), 250 * place, 0)
    with canvas(qtbot, network) as view:
        yield view


def test_that_two_inputs_have_two_ports_one_above_the_other(view: CanvasView) -> None:
    upper, lower = (view.port_point("add_1", "in", i) for i in (0, 1))
    assert upper.x() == lower.x() and upper.y() < lower.y()
    item = view.canvas_scene.nodes["add_1"]
    assert item.ports() == (PortRef("add_1", "in"), PortRef("add_1", "in", 1),
                            PortRef("add_1", "out"))  # fmt: skip
    for index, at in enumerate((upper, lower)):
        assert view.hit(at).port == PortRef("add_1", "in", index)
        assert item.card_rect().top() < item.port_pos(PortRef("add_1", "in", index)).y()


@pytest.mark.parametrize("port", [0, 1])
@pytest.mark.parametrize("forward", [True, False])
def test_that_a_wire_ends_at_the_port_under_the_pointer(
    view: CanvasView, port: int, forward: bool
) -> None:
    ends = [view.port_point("tanh_1", "out"), view.port_point("add_1", "in", port)]
    drag(view, *(ends if forward else reversed(ends)))
    assert view.document.network.wires == (Wire("tanh_1", "add_1", port),)
    assert mirrors(view)


def test_that_the_body_takes_the_free_port_and_then_the_nearest(view: CanvasView) -> None:
    reasons: list[str] = []
    view.refused.connect(reasons.append)
    drag(view, view.port_point("tanh_1", "out"), view.port_point("add_1", "in"))
    drag(view, view.port_point("input_1", "out"), body(view, "add_1"))
    both = (Wire("tanh_1", "add_1", 0), Wire("input_1", "add_1", 1))
    assert view.document.network.wires == both and reasons == []
    below = view.node_center("add_1") + QPoint(0, 15)
    drag(view, view.port_point("tanh_1", "out"), below)
    assert view.document.network.wires == tuple(Wire("tanh_1", "add_1", p) for p in (0, 1))
    assert len(reasons) == 1 and "takes the place of the one from input_1" in reasons[0]
    drag(view, view.port_point("input_1", "out"), body(view, "add_1"))
    assert set(view.document.network.wires) == {
        Wire("input_1", "add_1", 0), Wire("tanh_1", "add_1", 1)
    }  # fmt: skip


def test_that_one_output_may_feed_both_ports(view: CanvasView) -> None:
    for port in (0, 1):
        start = view.port_point("input_1", "out")
        drag(view, start, view.port_point("add_1", "in", port))
    assert view.document.network.wires == tuple(Wire("input_1", "add_1", p) for p in (0, 1))
    assert mirrors(view)


def test_that_a_port_with_another_wire_glows_as_one_that_gives_it(view: CanvasView) -> None:
    drag(view, view.port_point("tanh_1", "out"), view.port_point("add_1", "in", 1))
    drag(view, view.port_point("input_1", "out"), QPoint(200, 20), release=False)
    item = view.canvas_scene.nodes["add_1"]
    assert item.glowing == {PortRef("add_1", "in", 0), PortRef("add_1", "in", 1)}
    assert item._taken == {PortRef("add_1", "in", 1)}
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(200, 20))


def test_that_two_selected_nodes_are_wired_to_the_free_port(view: CanvasView) -> None:
    for source in ("input_1", "tanh_1"):
        view.select([source, "add_1"])
        view.connect_selection()
    assert [w.port for w in view.document.network.wires] == [0, 1]


def test_that_a_layer_for_a_port_that_is_gone_is_added_and_left_alone(view: CanvasView) -> None:
    """The list of layers was open for it, and Undo took its node away meanwhile."""
    network = view.document.network
    gone = PortRef("gone_1", "in")
    with_one, node = edits.add_node(network, nodes()["relu"](), 900.0, 0.0)
    assert join(with_one, node, (gone, PortRef("gone_2", "out"))) == with_one
