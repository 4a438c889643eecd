"""The document: every edit is one entry, and every entry can be undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import chain
from PySide6.QtWidgets import QApplication

from backprop_studio import nn
from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import EditError
from backprop_studio.network import Network, edits
from backprop_studio.ui.controllers.document import Document

LAYERS = tuple(nn.nodes())


@pytest.fixture
def document(qapp: QApplication) -> Document:
    document = Document()
    document.reset(chain())
    return document


def test_that_an_edit_is_one_entry_with_its_label(document: Document) -> None:
    before = document.network
    document.apply("Delete ReLU", edits.remove(before, ["relu_1"]))
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Delete ReLU"
    document.undo_stack.undo()
    assert document.network == before


def test_that_an_edit_that_changes_nothing_is_no_entry(document: Document) -> None:
    document.apply("Nothing", edits.move(document.network, {}))
    assert document.undo_stack.count() == 0


def test_that_what_goes_on_with_a_gesture_is_part_of_its_entry(document: Document) -> None:
    start = document.network

    def place(x: float, *, goes_on: bool) -> None:
        moved = edits.move(document.network, {"relu_1": (x, 0.0)})
        document.apply("Move", moved, goes_on=goes_on)

    for x, goes_on in ((1000.0, False), (1010.0, True), (1020.0, True)):
        place(x, goes_on=goes_on)
    first = document.network
    place(1030.0, goes_on=False)
    place(1040.0, goes_on=True)
    assert document.undo_stack.count() == 2, "another press is another entry"
    document.undo_stack.undo()
    assert document.network == first
    place(1050.0, goes_on=True)
    assert document.undo_stack.count() == 2, "what was taken back is no part of it"
    document.undo_stack.setIndex(0)
    assert document.network == start
    document.undo_stack.redo()
    assert document.network == first
    # Saved in the middle: what comes after that can be taken back to it.
    document.undo_stack.setClean()
    place(1060.0, goes_on=True)
    assert document.undo_stack.count() == 2 and not document.undo_stack.isClean()
    document.undo_stack.undo()
    assert document.undo_stack.isClean()


def test_that_the_history_forgets_its_oldest_edits_when_it_takes_too_much(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = document.network

    def place(x: float) -> None:
        document.apply("Move", edits.move(document.network, {"relu_1": (x, 0.0)}))

    for k in range(1, 31):
        place(1000.0 + k)
    # All of it is there, as long as there is room.
    document.undo_stack.setIndex(0)
    assert document.network == start
    document.undo_stack.setIndex(30)
    size = document._steps[-1]().size  # type: ignore[union-attr]
    monkeypatch.setattr("backprop_studio.ui.controllers.document.UNDO_BUDGET", 10 * size)
    place(2000.0)
    for _ in range(40):
        document.undo_stack.undo()
    # Back to the oldest that there was room for; the edits before it are there as they were made.
    assert document.network.node("relu_1").x == pytest.approx(1021.0, abs=1.0)
    assert not document.undo_stack.canUndo()
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.network.node("relu_1").x == 2000.0
    # What was undone and is replaced takes no room any more.
    document.undo_stack.undo()
    place(3000.0)
    assert sum(ref() is not None for ref in document._steps) == 10


def test_that_rows_which_only_edits_that_are_forgotten_lead_back_to_are_forgotten_too(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stroke of a drawing makes other data, and so does a file that is imported again."""

    def rows(count: int) -> Dataset:
        x = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
        y = np.arange(count, dtype=np.int64) % 2
        task, names, features = Task.CLASSIFICATION, ("no", "yes"), ("x1", "x2")
        return Dataset("", "Mine", "Points.", x, y, task, names, features, None, "me", "Your own")

    own.release()
    other = own.keep(rows(7))
    first = last = own.keep(rows(1000))
    setup = document.network.setup.for_dataset(first.id)
    document.apply("Import", edits.set_setup(document.network, setup))
    room = 10 * (first.x.nbytes + first.y.nbytes)
    monkeypatch.setattr("backprop_studio.ui.controllers.document.UNDO_BUDGET", room)
    branch: list[Network] = []
    document.leads_back = lambda: branch
    for count in range(1001, 1031):
        last = own.keep(rows(count), continuing=last.id)
        setup = replace(setup, dataset=last.id)
        document.apply("Draw", edits.set_setup(document.network, setup))
        if count == 1005:
            branch.append(document.network)
    # Those that there is room for, that of the branch, and what is offered in the list.
    assert len(own.kept().datasets) <= 12
    for dataset in (last.id, branch[0].setup.dataset, other.id):
        assert own.find(dataset) is not None
    assert own.find(first.id) is None
    times = 0
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
        assert own.find(document.network.setup.dataset) is not None
        times += 1
    assert times >= 7
    own.release()


def test_that_opening_empties_the_history_and_is_clean(document: Document) -> None:
    document.apply("Delete", edits.remove(document.network, ["relu_1"]))
    document.reset(Network())
    assert document.undo_stack.count() == 0 and document.undo_stack.isClean()
    assert document.retired == frozenset()


def test_that_an_id_is_never_given_twice_in_a_document(document: Document) -> None:
    network, first = edits.add_node(document.network, nn.nodes()["tanh"](), 0, 0)
    document.apply("Add", network)
    document.undo_stack.undo()
    _, second = edits.add_node(
        document.network, nn.nodes()["tanh"](), 0, 0, retired=document.retired
    )
    assert first != second


def test_that_moving_keeps_what_is_known_and_editing_does_not(document: Document) -> None:
    lowered = document.analysis.lowered
    document.apply("Move", edits.move(document.network, {"relu_1": (3.0, 4.0)}))
    assert document.analysis.lowered is lowered
    assert document.analysis.network is document.network
    document.apply("Delete", edits.remove(document.network, ["relu_1"]))
    assert document.analysis.lowered is None


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_any_edits_undo_to_the_start_and_redo_to_the_end(
    document: Document, data: st.DataObject
) -> None:
    document.reset(chain())
    start = document.network
    for _ in range(data.draw(st.integers(0, 12))):
        document.apply("edit", random_edit(document, data))
    end, count = document.network, document.undo_stack.count()
    for _ in range(count):
        document.undo_stack.undo()
    assert document.network == start
    for _ in range(count):
        document.undo_stack.redo()
    assert document.network == end


def random_edit(document: Document, data: st.DataObject) -> Network:
    network = document.network
    ids = [n.id for n in network.nodes]
    kind = data.draw(st.sampled_from(["add", "remove", "move", "connect", "rename"]))
    if kind == "add" or not ids:
        layer = data.draw(st.sampled_from(LAYERS))
        return edits.add_node(network, nn.nodes()[layer](), 0, 0, retired=document.retired)[0]
    node = data.draw(st.sampled_from(ids))
    try:
        if kind == "remove":
            return edits.remove(network, [node])
        if kind == "move":
            return edits.move(network, {node: (data.draw(st.floats(-1e3, 1e3)), 0.0)})
        if kind == "rename":
            return edits.rename(network, node, data.draw(st.text("abc_1", max_size=4)))
        return edits.connect(network, node, data.draw(st.sampled_from(ids)))
    except EditError:
        return network
