"""What was learned survives edits of the network, and comes back when they are undone."""

from __future__ import annotations

import numpy as np
from networks import chain
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Array
from backprop_studio.network import edits, grouping
from backprop_studio.nn import nodes
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow

Weights = dict[tuple[str, str], Array]


def trained(window: MainWindow, qtbot: QtBot) -> Weights:
    """Train for a moment, and pause; what was learned."""
    engine = window._engine
    begun = engine.snapshot.epoch
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.epoch > begun + 1.0, timeout=20_000)
    engine.pause()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    return {key: array.copy() for key, array in engine.weights().items()}


def test_that_deleting_and_undoing_brings_trained_weights_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    document, canvas = window._document, window.canvas
    learned = trained(window, qtbot)
    assert learned.keys() == {(f"dense_{n}", p) for n in (1, 2) for p in ("weight", "bias")}
    canvas.select(["dense_1", "relu_1"])
    window.actions_by_id["group"].trigger()
    canvas.delete_selection()
    assert "dense_1" not in document.network
    # Something else is trained meanwhile: the rest, wired anew.
    document.apply("Wire", edits.connect(document.network, "input_1", "dense_2"))
    document.undo_stack.undo()
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: window._engine.weights().keys() == learned.keys())
    for key, array in learned.items():
        assert np.array_equal(window._engine.weights()[key], array)


def test_that_an_edit_while_training_runs_keeps_every_weight_that_fits(
    window: MainWindow, qtbot: QtBot
) -> None:
    document, engine = window._document, window._engine
    trained(window, qtbot)
    engine.run()
    qtbot.waitUntil(lambda: engine.state is State.RUNNING)
    network, tanh = edits.add_node(document.network, nodes()["tanh"](), 0.0, 200.0)
    wire = next(w for w in network.wires if w.target == "dense_2")
    document.apply("Insert", edits.insert_into(network, tanh, wire))
    qtbot.waitUntil(lambda: engine.snapshot.state is not State.EMPTY)
    engine.pause()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    before = {key: array.copy() for key, array in engine.weights().items()}
    # Another width for one layer: its own weights are new, and no others.
    wider = nodes()["dense"].from_config({"units": 24})
    document.apply("Wider", edits.set_spec(document.network, "dense_1", wider))
    qtbot.waitUntil(lambda: engine.weights()["dense_1", "weight"].shape[1] == 24)
    assert np.array_equal(engine.weights()["dense_2", "bias"], before["dense_2", "bias"])


def test_that_marks_and_places_do_not_touch_the_run(window: MainWindow, qtbot: QtBot) -> None:
    document, engine = window._document, window._engine
    learned = trained(window, qtbot)
    cursor = engine.snapshot.cursor
    network, note = grouping.add_note(document.network, "hello", 0.0, 0.0)
    network, group = grouping.group(network, ["dense_1", note])
    document.apply("Marks", grouping.set_collapsed(network, [group], True))
    document.apply("Move", edits.move(document.network, {"relu_1": (0.0, 900.0)}))
    qtbot.wait(100)
    assert engine.snapshot.cursor == cursor
    for key, array in learned.items():
        assert np.array_equal(engine.weights()[key], array)


def test_that_a_new_name_is_seen_wherever_the_layer_is_spoken_of(
    window: MainWindow, qtbot: QtBot
) -> None:
    document = window._document
    document.reset(chain())
    window.docks["program"].raise_()
    qtbot.waitUntil(window.program.isVisible)
    document.apply("Rename", edits.rename(document.network, "dense_1", "hidden"))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    model = window.program.view.model()
    listing = []

    def gather(parent: object = None) -> None:
        rows = model.rowCount() if parent is None else model.rowCount(parent)
        for row in range(rows):
            index = model.index(row, 0) if parent is None else model.index(row, 0, parent)
            for column in range(model.columnCount()):
                listing.append(str(index.siblingAtColumn(column).data()))
            gather(index)

    gather()
    assert any("hidden" in text for text in listing)
    assert not any("dense_1" in text for text in listing)
    window.layouts.open("outline")
    assert window.outline.tree.topLevelItem(1).text(0).startswith("hidden")
    names = {tile.title for tile in window.gradients._tiles.values()}
    assert any(name.startswith("hidden/") for name in names)
