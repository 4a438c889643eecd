"""A wire that is dropped on an input with a wire takes its place, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from networks import residual
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, Wire, edits, grouping
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.main_window import MainWindow
from tests.ui.canvas_help import LEFT, NONE, body, canvas, digits, drag, mirrors
from tests.ui.test_edits_while_training import trained

OLD, NEW = Wire("relu_1", "dense_2"), Wire("tanh_1", "dense_2")


def beside() -> Network:
    """The digits network, and a tanh below that takes what the first dense layer gives."""
    network, tanh = edits.add_node(digits(), nodes()["tanh"](), 420.0, 150.0)
    return edits.connect(network, "dense_1", tanh)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    with canvas(qtbot, beside()) as view:
        view.setFocus()
        yield view


def told_by(view: CanvasView) -> list[str]:
    told: list[str] = []
    view.refused.connect(told.append)
    return told


def check_replaced(view: CanvasView, before: Network, label: str) -> None:
    """The old wire is gone and the new one there, by one entry that can be taken back."""
    document = view.document
    assert set(document.network.wires) == {*before.wires} - {OLD} | {NEW}
    assert document.undo_stack.count() == 1 and document.undo_stack.undoText() == label
    assert mirrors(view)
    document.undo_stack.undo()
    assert document.network is before and mirrors(view)


@pytest.mark.parametrize("on", ["port", "body"])
def test_that_a_wire_on_a_taken_input_takes_its_place(view: CanvasView, on: str) -> None:
    before, told = view.document.network, told_by(view)
    end = view.port_point("dense_2", "in") if on == "port" else body(view, "dense_2")
    item = view.canvas_scene.wires[OLD]
    drag(view, view.port_point("tanh_1", "out"), end, release=False)
    assert view.bubble.isVisible() and view.bubble.text() == "Replaces the wire from relu_1."
    assert item.leaving and view.canvas_scene.nodes["dense_2"]._taken
    # Only while it is held there.
    QTest.mouseMove(view.viewport(), QPoint(30, 30))
    assert not item.leaving and not view.bubble.isVisible()
    QTest.mouseMove(view.viewport(), end)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, end)
    assert not view.bubble.isVisible() and len(told) == 1 and "from relu_1" in told[0]
    check_replaced(view, before, "Connect tanh_1 to dense_2 instead of relu_1")


def test_that_escape_leaves_the_old_wire(view: CanvasView) -> None:
    before, item = view.document.network, view.canvas_scene.wires[OLD]
    drag(view, view.port_point("tanh_1", "out"), view.port_point("dense_2", "in"), release=False)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not item.leaving and not view.bubble.isVisible()
    assert not view.canvas_scene.nodes["dense_2"]._taken
    QTest.mouseRelease(view.viewport(), LEFT, NONE, view.port_point("dense_2", "in"))
    assert view.document.network is before and mirrors(view)


def test_that_the_end_of_a_wire_put_on_a_taken_input_takes_its_place(view: CanvasView) -> None:
    document = view.document
    network = edits.connect(
        edits.remove(document.network, wires=[Wire("dense_2", "loss_1")]), "tanh_1", "loss_1"
    )
    document.reset(network)
    drag(view, view.port_point("loss_1", "in"), view.port_point("dense_2", "in"))
    assert set(document.network.wires) == {*network.wires} - {OLD, Wire("tanh_1", "loss_1")} | {NEW}
    assert document.undo_stack.undoText() == "Move wire to dense_2 instead of relu_1"
    document.undo_stack.undo()
    assert document.network is network and mirrors(view)


@pytest.mark.parametrize("way", ["key", "outline"])
def test_that_the_keyboard_replaces_a_wire_as_well(window: MainWindow, way: str) -> None:
    view = window.canvas
    view.document.reset(beside())
    before, told = view.document.network, told_by(view)
    if way == "key":
        view.setFocus()
        view.select(["tanh_1", "dense_2"])
        QTest.keyClick(view, Qt.Key.Key_C)
    else:
        window.actions_by_id["outline"].trigger()
        tree = window.outline.tree
        view.select(["tanh_1", "dense_2"])
        tree.setFocus()
        QTest.keyClick(tree, Qt.Key.Key_C)
    assert len(told) == 1 and "takes the place of the one from relu_1" in told[0]
    check_replaced(view, before, "Connect tanh_1 to dense_2 instead of relu_1")


def test_that_a_circle_is_refused_at_a_taken_input_too(view: CanvasView) -> None:
    before, told = view.document.network, told_by(view)
    start, end = view.port_point("dense_2", "out"), view.port_point("dense_1", "in")
    drag(view, start, end, release=False)
    assert "circle" in view.bubble.text()
    assert PortRef("dense_1", "in") not in view.canvas_scene.nodes["dense_1"].glowing
    assert not view.canvas_scene.wires[Wire("input_1", "dense_1")].leaving
    QTest.mouseRelease(view.viewport(), LEFT, NONE, end)
    view.select(["dense_2", "dense_1"])
    view.connect_selection()
    view.select(["relu_1", "dense_2"])
    view.connect_selection()
    assert [("circle" in t, "already wired" in t) for t in told] == [
        (True, False), (True, False), (False, True),
    ]  # fmt: skip
    assert view.document.network is before


def test_that_without_a_pointer_nothing_is_replaced_where_several_could_be_meant(
    qtbot: QtBot,
) -> None:
    network, ids = residual()
    network, tanh = edits.add_node(network, nodes()["tanh"](), 0.0, 300.0)
    with canvas(qtbot, edits.move(network, {ids["add_1"]: (500.0, 0.0)})) as view:
        before, told = view.document.network, told_by(view)
        view.select([tanh, ids["add_1"]])
        view.connect_selection()
        assert view.document.network is before
        assert len(told) == 1 and told[0].startswith("Each input of 'add_1' has a wire.")


@pytest.mark.parametrize("by_mouse", [True, False])
def test_that_the_input_of_a_block_gives_its_wire(view: CanvasView, by_mouse: bool) -> None:
    grouped, group = grouping.group(beside(), ["dense_2"])
    view.document.reset(grouping.set_collapsed(grouped, [group], True))
    before, block = view.document.network, view.canvas_scene.part(group)
    assert block is not None
    if by_mouse:
        middle = view.mapFromScene(block.card_rect().center())
        drag(view, view.port_point("tanh_1", "out"), middle, release=False)
        assert view.bubble.text() == "Replaces the wire from relu_1."
        assert block._taken == {PortRef("dense_2", "in")}
        QTest.mouseRelease(view.viewport(), LEFT, NONE, middle)
        assert block._taken == frozenset()
    else:
        view.select(["tanh_1", group])
        view.connect_selection()
    document = view.document
    assert set(document.network.wires) == {*before.wires} - {OLD} | {NEW}
    document.undo_stack.undo()
    assert document.network is before


def test_that_what_was_learned_stays_when_a_wire_is_replaced_and_comes_back_with_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    document, engine = window._document, window._engine
    network, tanh = edits.add_node(document.network, nodes()["tanh"](), 420.0, 150.0)
    document.reset(edits.connect(network, "dense_1", tanh))
    learned = trained(window, qtbot)

    def loaded_after(revision: int) -> bool:
        """Whether the worker has the network of an edit."""
        return revision != engine._revision == engine.snapshot.revision

    for change in (window.canvas.connect_selection, document.undo_stack.undo):
        revision = engine._revision
        window.canvas.select([tanh, "dense_2"])
        change()
        qtbot.waitUntil(partial(loaded_after, revision))
        weights = engine.weights()
        assert weights.keys() == learned.keys()
        assert all(np.array_equal(weights[key], array) for key, array in learned.items())
    assert Wire("relu_1", "dense_2") in document.network.wires
