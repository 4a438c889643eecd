"""The window as a whole: run, step, rewind, files, failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import chain, diverging
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file

from backprop_studio import nn
from backprop_studio.network import Network, Wire, edits
from backprop_studio.training import Boundary, State
from backprop_studio.ui import actions, theme
from backprop_studio.ui.main_window import MainWindow
from tests.ui.waiting import answered

Do = Callable[[str], None]


@pytest.fixture
def warnings_shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []

    def warning(parent: object, title: str, text: str) -> None:
        shown.append(text)

    monkeypatch.setattr(QMessageBox, "warning", warning)
    return shown


def test_that_every_action_has_its_own_shortcut() -> None:
    used = [spec.shortcut for spec in actions.ACTIONS if spec.shortcut]
    assert len(used) == len(set(used))


def test_that_running_trains_and_pausing_stops(window: MainWindow, qtbot: QtBot) -> None:
    engine = window._engine
    QTest.mouseClick(window.transport.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: engine.state is State.RUNNING)
    assert window.transport.run_button.text() == "Pause"
    qtbot.waitUntil(lambda: len(window.losses.losses) > 200, timeout=20_000)
    QTest.mouseClick(window.transport.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    assert window.transport.run_button.text() == "Run"
    losses = window.losses.losses
    assert losses[-1, 1] < losses[0, 1]
    assert "held-out accuracy" in window.status.accuracy.text()
    # Every iteration is on the chart, once.
    cursor, program = engine.snapshot.cursor, window._document.analysis.lowered.program
    assert len(losses) == cursor.iteration + (cursor.index == len(program.instructions))
    assert (np.diff(losses[:, 0]) > 0).all()


def test_that_stepping_shows_the_op_its_formula_and_shapes(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    for _ in range(3):
        do("step_op")
    panel = window.current_step
    assert panel.title.text() == "affine of dense_1"
    assert panel.formula.plain == "Y = X · W + b"

    def shown() -> set[str]:
        return {w.text() for w in panel.findChildren(QLabel) if w.isVisible()}

    qtbot.waitUntil(lambda: {"32×64", "64×16", "32×16"} <= shown())
    assert panel.following.text() == "Next: relu of relu_1"


def test_that_heatmaps_show_exactly_what_has_been_computed(window: MainWindow, do: Do) -> None:
    panel, program = window.gradients, window._document.analysis.lowered.program
    order = [
        name
        for instr in program.instructions
        for name, p in ((f"{p.node}/{p.name}", p) for p in program.parameters)
        if program.gradients[p.id] in instr.outputs
    ]
    assert len(order) == 4
    while (cursor := window._engine.snapshot.cursor).index < len(program.instructions):
        shown = {t.title for t in panel._tiles.values() if t._data is not None}
        expected = [
            f"{p.node}/{p.name}"
            for p in program.parameters
            if program.producer[program.gradients[p.id]] < cursor.index
        ]
        assert shown == set(expected)
        do("step_op")
    do("back_batch")
    assert all(t._data is None for t in panel._tiles.values())


def test_that_stepping_back_across_an_update_restores_the_weights(
    window: MainWindow, do: Do
) -> None:
    engine = window._engine
    do("step_batch")
    before, there = engine.weights(), engine.snapshot.cursor
    do("step_batch")
    moved = engine.weights()
    assert any((moved[k] != v).any() for k, v in before.items())
    do("back_batch")
    assert engine.snapshot.cursor == there
    for key, array in engine.weights().items():
        assert (array == before[key]).all()


def test_that_the_step_size_in_the_toolbar_is_used(window: MainWindow, qtbot: QtBot) -> None:
    engine = window._engine
    for boundary, index in ((Boundary.PHASE, 2), (Boundary.OP, 3), (Boundary.LAYER, 4)):
        window.transport.size_buttons[boundary].click()
        with answered(qtbot, engine):
            window.transport.step_button.click()
        assert engine.snapshot.cursor.index == index
    with answered(qtbot, engine):
        window.transport.back_button.click()
    assert engine.snapshot.cursor.index == 3


def test_that_the_canvas_follows_the_cursor(window: MainWindow, do: Do) -> None:
    seen: list[object] = []
    original = window.canvas.set_activity
    window.canvas.set_activity = lambda a: (seen.append(a), original(a))  # type: ignore[method-assign]
    for _ in range(4):
        do("step_layer")
    assert [a.node for a in seen] == ["input_1", "loss_1", "dense_1", "relu_1"]
    assert seen[-1].computed == {"input_1", "dense_1", "relu_1"}


def test_that_an_edit_while_training_pauses_and_keeps_what_fits(
    window: MainWindow, qtbot: QtBot
) -> None:
    engine, document = window._engine, window._document
    engine.run()
    qtbot.waitUntil(lambda: len(window.losses.losses) > 50, timeout=20_000)
    network = document.network
    setup = network.setup
    faster = nn.optimizers()["adam"].from_config({"learning_rate": 0.01})
    document.apply("Faster", edits.set_setup(network, replace(setup, optimizer=faster)))
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    assert engine.snapshot.cursor.iteration >= 50
    assert len(window.losses.losses) >= 50


def test_that_moving_and_renaming_do_not_touch_the_worker(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_batch")
    document, engine = window._document, window._engine
    revision = engine._revision
    document.apply("Move", edits.move(document.network, {"dense_1": (5.0, 5.0)}))
    document.apply("Rename", edits.rename(document.network, "dense_1", "hidden"))
    assert engine._revision == revision
    assert window.gradients.tile("hidden/weight")
    assert engine.snapshot.cursor.iteration == 0 and engine.snapshot.cursor.index > 0


def test_that_a_network_with_errors_cannot_be_run_and_says_why(
    window: MainWindow, qtbot: QtBot
) -> None:
    document = window._document
    document.apply("Delete", edits.remove(document.network, ["dense_2"]))
    qtbot.waitUntil(lambda: not window.transport.run_button.isEnabled())
    assert window._engine.state is State.EMPTY
    assert not window.actions_by_id["step_op"].isEnabled()
    assert document.analysis.errors
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    assert window.transport.run_button.isEnabled()


def test_that_a_non_finite_loss_stops_and_names_the_op(window: MainWindow, qtbot: QtBot) -> None:
    window._document.reset(diverging())
    with qtbot.waitSignal(window._engine.failed, timeout=20_000) as failed:
        window._engine.run()
    assert failed.args[0].code == "non-finite"
    assert window.status.state.text() == "Stopped"
    for array in window._engine.weights().values():
        assert np.isfinite(array).all()
    window._engine.back(Boundary.BATCH)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)


def test_that_saving_leaves_the_view_as_it_is_and_opening_shows_all_with_nothing_selected(
    window: MainWindow, tmp_path: Path
) -> None:
    path, canvas = tmp_path / "net.bps", window.canvas
    canvas.select(["relu_1"])
    canvas.zoom_by(2.0)
    seen = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    assert window.project.save_path(path) and window.project.save_path(path)
    assert canvas.mapToScene(canvas.viewport().rect()).boundingRect() == seen
    assert canvas.selected_nodes() == ("relu_1",)
    window.project.open_path(path)
    assert canvas.mapToScene(canvas.viewport().rect()).boundingRect().width() > seen.width()
    assert canvas.selected_nodes() == ()


def test_that_saving_and_opening_gives_the_same_document_and_weights(
    window: MainWindow, do: Do, tmp_path: Path, qtbot: QtBot
) -> None:
    do("step_batch")
    learned, network = window._engine.weights(), window._document.network
    path = tmp_path / "a b ü.bps"
    assert window.project.save_path(path)
    assert "a b ü.bps" in window.windowTitle()
    window.project.new()
    assert window._document.network == Network()
    assert window.project.open_path(path)
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    assert window._document.network == network
    for key, array in window._engine.weights().items():
        assert (array == learned[key]).all()


def test_that_a_broken_file_leaves_the_document_as_it_was(
    window: MainWindow, tmp_path: Path, warnings_shown: list[str]
) -> None:
    before = window._document.network
    path = tmp_path / "broken.bps"
    path.write_bytes(b"PK\x03\x04 not really")
    assert not window.project.open_path(path)
    assert window._document.network is before
    assert window.project.path is None
    assert "broken.bps" in warnings_shown[0]


def test_that_an_unwritable_export_says_so(
    window: MainWindow, do: Do, tmp_path: Path, warnings_shown: list[str]
) -> None:
    assert not window.project.export_path(tmp_path / "nowhere" / "w.npz")
    assert "nowhere" in warnings_shown[0]
    assert not window.project.export_path(tmp_path / "weights.docx")
    assert ".npz" in warnings_shown[1]
    assert list(tmp_path.glob("**/*.docx")) == []


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_that_exported_weights_are_the_trained_ones(
    window: MainWindow, do: Do, tmp_path: Path, suffix: str
) -> None:
    do("step_batch")
    path = tmp_path / f"weights.{suffix}"
    assert window.project.export_path(path)
    if suffix == "npz":
        with np.load(path, allow_pickle=False) as archive:
            tensors = {k: archive[k] for k in archive.files}
    else:
        tensors = load_file(path)
    for (node, name), array in window._engine.weights().items():
        assert (tensors[f"{node}/{name}"] == array).all()


def test_that_unsaved_changes_are_asked_about(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def question(parent: object, title: str, text: str, *rest: object) -> object:
        asked.append(title)
        assert text.startswith("Untitled has changes")
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", question)
    document = window._document
    network, _ = edits.add_node(document.network, nn.nodes()["tanh"](), 0.0, 200.0)
    document.apply("Add", network)
    assert window.isWindowModified()
    window.project.new()
    assert asked == ["Unsaved changes"]
    assert document.network is network
    window.close()
    assert window.isVisible()


def test_that_new_weights_means_another_seed_that_can_be_undone(
    window: MainWindow, qtbot: QtBot
) -> None:
    first = window._engine.weights()
    window.actions_by_id["new_weights"].trigger()
    assert window.status.seed.text() == "seed 2"
    assert (window._engine.weights()[("dense_1", "weight")] != first[("dense_1", "weight")]).all()
    window._document.undo_stack.undo()
    assert window.status.seed.text() == "seed 1"
    assert (window._engine.weights()[("dense_1", "weight")] == first[("dense_1", "weight")]).all()


def test_that_both_themes_can_be_switched_while_running(window: MainWindow, qtbot: QtBot) -> None:
    before = theme.current().name
    window._engine.run()
    qtbot.waitUntil(lambda: window._engine.state is State.RUNNING)
    window.actions_by_id["theme"].trigger()
    assert theme.current().name != before
    qtbot.waitUntil(lambda: len(window.losses.losses) > 10, timeout=20_000)
    window.actions_by_id["theme"].trigger()
    assert theme.current().name == before


def test_that_quitting_while_training_ends_the_thread(window: MainWindow, qtbot: QtBot) -> None:
    window._engine.run()
    qtbot.waitUntil(lambda: window._engine.state is State.RUNNING)
    window.close()
    assert not window._engine._thread.isRunning()


def test_that_hidden_heatmaps_cost_nothing(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    worker = window._engine._worker
    qtbot.waitUntil(lambda: len(worker._watch) == 4)
    window.docks["gradients"].hide()
    qtbot.waitUntil(lambda: not worker._watch)
    window.docks["gradients"].show()
    qtbot.waitUntil(lambda: len(worker._watch) == 4)


def test_that_a_cycle_in_a_file_is_shown_and_not_hidden(window: MainWindow) -> None:
    network = chain()
    looped = replace(network, wires=(Wire("dense_2", "dense_1"), *network.wires[1:]))
    window._document.reset(looped)
    assert any(d.code == "cycle" for d in window._document.analysis.diagnostics)


def test_that_recent_projects_are_listed_and_reopen(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "mine.bps"
    assert window.project.save_path(path)
    saved = window._document.network
    window.project.new()
    window._recent.aboutToShow.emit()
    (action,) = window._recent.actions()
    action.trigger()
    assert window.project.path == path
    assert window._document.network == saved


def test_that_a_number_being_typed_counts_when_run_is_pressed(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.canvas.select(("dense_1",))
    editor = window.inspector.form.editor("units")
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "24")
    window.actions_by_id["step_batch"].trigger()
    qtbot.waitUntil(lambda: window._engine.weights()[("dense_1", "weight")].shape == (64, 24))
    assert window._document.network.node("dense_1").spec.config()["units"] == 24


def test_that_letters_choose_in_an_open_menu_and_do_nothing_on_the_canvas(
    window: MainWindow,
) -> None:
    menu = window._menus["help"]
    window.canvas.setFocus()
    for letter in "AWE":
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride,
            getattr(Qt.Key, f"Key_{letter}"),
            Qt.KeyboardModifier.NoModifier,
            letter.lower(),
        )
        event.ignore()
        QApplication.sendEvent(menu, event)
        assert event.isAccepted(), f"{letter} is the menu's"
    # Keys with modifiers are the window's, also then.
    event = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier, "\x13"
    )
    event.ignore()
    QApplication.sendEvent(menu, event)
    assert not event.isAccepted()
