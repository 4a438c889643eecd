"""Importing weights with the dialog, and undoing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import path_of
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio.training import Boundary, State, Weights
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.main_window import MainWindow


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[ImportWeightsDialog]]:
    """Press Import in the dialog, or Cancel; the dialogs that came are in what is returned."""

    def answer(accept: bool) -> list[ImportWeightsDialog]:
        seen: list[ImportWeightsDialog] = []

        def run(dialog: ImportWeightsDialog) -> int:
            seen.append(dialog)
            dialog.import_button.click() if accept else dialog.reject()
            return dialog.result()

        monkeypatch.setattr(ImportWeightsDialog, "exec", run)
        return seen

    return answer


def trained(window: MainWindow, qtbot: QtBot, steps: int) -> Weights:
    done = window._engine.snapshot.completed
    for _ in range(steps):
        window._engine.step(Boundary.BATCH)
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == done + steps)
    return window._engine.weights()


def same(first: Weights, other: Weights) -> bool:
    return all(np.array_equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_that_exported_weights_are_imported_on_a_branch_and_undone(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    answer: Callable[[bool], list[ImportWeightsDialog]],
    suffix: str,
) -> None:
    engine, document = window._engine, window._document
    first = engine.weights()
    good = trained(window, qtbot, 3)
    assert window.project.export_path(tmp_path / f"w{suffix}")
    later = trained(window, qtbot, 2)
    seen = answer(True)
    network = document.network
    assert window.weights.open(tmp_path / f"w{suffix}")
    assert seen[0].summary.text().startswith("All 4 weights of the network are in w")
    assert seen[0].note.text == ""
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2 and engine.state is State.PAUSED)
    assert same(engine.weights(), good)
    assert engine.snapshot.completed == 0, "training begins with them"
    assert document.network == network and document.undo_stack.undoText() == "Import Weights"
    more = trained(window, qtbot, 1)

    document.undo_stack.undo()
    qtbot.waitUntil(lambda: engine.snapshot.completed == 5)
    assert same(engine.weights(), later)
    engine.seek(0)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 0)
    assert same(engine.weights(), first), "what was recorded is whole"
    document.undo_stack.redo()
    qtbot.waitUntil(lambda: engine.snapshot.completed == 1)
    assert same(engine.weights(), more)


def test_that_weights_imported_before_any_training_are_undone_too(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    answer: Callable[[bool], list[ImportWeightsDialog]],
) -> None:
    engine = window._engine
    first = engine.weights()
    name = window._document.network.nodes[1].name
    np.savez(tmp_path / "w.npz", **{f"{name}/bias": np.full(16, 0.5), "else/weight": np.eye(2)})
    seen = answer(True)
    assert window.weights.open(tmp_path / "w.npz")
    assert "4 weights, 1 are in w.npz and fit" in seen[0].summary.text()
    assert "else/weight\t2 × 2\t–\t✗ no layer of this name" in seen[0].table.as_text()
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    node = window._document.network.nodes[1].id
    now = engine.weights()
    assert np.array_equal(now[node, "bias"], np.full(16, 0.5, np.float32))
    assert all(np.array_equal(now[k], first[k]) for k in first if k != (node, "bias"))
    window._document.undo_stack.undo()
    qtbot.waitUntil(lambda: same(engine.weights(), first))
    window._document.undo_stack.redo()
    qtbot.waitUntil(lambda: same(engine.weights(), now))


def test_that_nothing_changes_where_nothing_fits_or_the_person_says_no(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    answer: Callable[[bool], list[ImportWeightsDialog]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights, stack = window._engine.weights(), window._document.undo_stack
    np.savez(tmp_path / "w.npz", **{"else/weight": np.eye(2)})
    seen = answer(True)
    assert not window.weights.open(tmp_path / "w.npz")
    assert not seen[0].import_button.isEnabled()
    assert seen[0].summary.text() == "None of the network's 4 weights fits one in w.npz."
    assert window.project.export_path(tmp_path / "good.npz")
    answer(False)
    assert not window.weights.open(tmp_path / "good.npz")
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *a: said.append(a[2]))
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04")
    assert not window.weights.open(tmp_path / "bad.npz")
    assert "the archive is damaged" in said[0]
    assert stack.count() == 0 and same(window._engine.weights(), weights)


def test_that_a_lesson_takes_no_weights_from_elsewhere(window: MainWindow, qtbot: QtBot) -> None:
    action = window.actions_by_id["import_weights"]
    assert action.isVisible()
    assert window.lessons.open(path_of("01_one_neuron"))
    assert not action.isVisible()
    window.lessons.leave()
    assert action.isVisible()
