"""The panel of gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import chain
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from backprop_studio.network import analyze, edits
from backprop_studio.nn import nodes, optimizers
from backprop_studio.training import Cursor, Snapshot, State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels import gradients

Do = Callable[[str], None]


def _nobody(question: object, answer: object, dropped: object) -> None:
    """No worker answers."""


def test_that_an_optimizer_without_gradient_is_said_to_use_none(qtbot: QtBot) -> None:
    panel = gradients.GradientsPanel(_nobody)
    qtbot.addWidget(panel)
    panel.show()
    wanted: list[frozenset[int]] = []
    panel.watch_changed.connect(wanted.append)

    def said() -> list[str]:
        return [
            x.text() for x in panel.findChildren(QLabel) if x.isVisible() and "radient" in x.text()
        ]

    assert said() == ["The gradients of the weights appear here."]
    search = chain(optimizer=optimizers()["random_search"]())
    panel.set_network(analyze(search))
    assert said() == ["This optimizer uses no gradient."]
    assert wanted[-1] == frozenset()
    panel.set_network(analyze(chain()))
    assert said() == []
    assert panel.tile("dense_1/weight").isVisible()
    panel.set_network(analyze(search))
    panel.set_network(analyze(search))
    assert said() == ["This optimizer uses no gradient."]


def test_that_no_gradient_is_awaited_for_frozen_weights(qtbot: QtBot) -> None:
    panel = gradients.GradientsPanel(_nobody)
    qtbot.addWidget(panel)
    network = chain()
    first = next(n.id for n in network.nodes if isinstance(n.spec, nodes()["dense"]))
    panel.set_network(analyze(network))
    assert panel.tile(f"{first}/weight") is not None
    panel.set_network(analyze(edits.freeze(network, first, True)))
    with pytest.raises(KeyError):
        panel.tile(f"{first}/weight")
    assert panel.tile("dense_2/weight") is not None


def test_that_each_mode_shows_what_it_says_with_its_numbers(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel, engine = window.gradients, window._engine
    do("step_batch")
    program = window._document.analysis.require().program
    weight = program.parameters[0]
    tile = panel.tile("dense_1/weight")
    qtbot.waitUntil(lambda: tile._data is not None and "Δ/w –" not in tile._note, timeout=10_000)
    session = engine._worker.session
    assert session is not None
    gradient = session.machine.array(program.gradients[weight.id])
    assert np.array_equal(
        np.sort(tile._excerpt.table[tile._excerpt.places >= 0]), np.sort(gradient.ravel())
    )
    largest = float(np.abs(gradient).max())
    assert f"max {largest:.1e}" in tile._note

    def choose(mode: str) -> None:
        panel.what.setCurrentIndex(panel.what.findData(mode))
        do("step_op")

    def shown(wanted: np.ndarray) -> bool:
        laid = tile._excerpt.table
        if laid is None:
            return False
        return bool(
            np.array_equal(np.sort(laid[tile._excerpt.places >= 0]), np.sort(wanted.ravel()))
        )

    choose(gradients.VALUE)
    qtbot.waitUntil(lambda: shown(session.storage.view(weight)), timeout=10_000)
    choose(gradients.CHANGE)
    qtbot.waitUntil(lambda: shown(np.zeros(weight.shape)), timeout=10_000)
    before = session.storage.view(weight).copy()
    do("step_batch")
    qtbot.waitUntil(lambda: shown(session.storage.view(weight) - before), timeout=10_000)
    choose(gradients.UPDATE)
    after = session.storage.view(weight).copy()
    do("step_batch")
    qtbot.waitUntil(lambda: shown(session.storage.view(weight) - after), timeout=10_000)
    choose("state:v")
    (state,) = [v for v in program.states if v.of == weight.key and v.name == "v"]
    qtbot.waitUntil(lambda: shown(session.storage.view(state)), timeout=10_000)

    chosen: list[tuple[int, object]] = []
    panel.number_chosen.connect(lambda value, entry: chosen.append((value, entry)))
    tile.entry_chosen.emit((3, 4))
    assert chosen == [(state.id, (3, 4))]


def test_that_an_own_scale_is_only_used_when_asked_for_and_is_labelled(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.gradients
    do("step_batch")
    tile = panel.tile("dense_1/weight")
    qtbot.waitUntil(lambda: tile._data is not None, timeout=10_000)
    assert {t._scale for t in panel._tiles.values()} == {0.1} and "own" not in tile._note
    panel._scale.setCurrentIndex(panel._scale.findData(gradients.OWN))
    assert len({t._scale for t in panel._tiles.values()}) == len(panel._tiles)
    assert tile._note.startswith("own ±") and not panel._bar.isVisible()

    panel.copy_text()
    copied = QApplication.clipboard().text()
    panel.numbers.setChecked(True)
    assert panel.table.rowCount() == 4 and copied == panel.table.as_text()
    norms = {panel.table.item(r, 0).text(): float(panel.table.item(r, 1).text()) for r in range(4)}
    assert norms["dense_1/weight"] == pytest.approx(tile._norm, rel=1e-3)
    assert panel.table.as_text().count("\n") == 4
    with qtbot.waitSignal(panel.number_chosen):
        panel.table.row_entered.emit(0)


def test_that_tiles_take_turns_while_training_runs_at_speed(qtbot: QtBot) -> None:
    panel = gradients.GradientsPanel(_nobody)
    qtbot.addWidget(panel)
    panel.resize(1200, 900)
    panel.show()
    widths = (9, 8, 7, 6, 5, 10)
    layers = [("dense", {"units": n}) for n in widths]
    network = chain([("input", {}), *layers, ("softmax_cross_entropy", {})])
    panel.set_network(analyze(network))
    program = analyze(network).require().program
    length = len(program.instructions)

    def moment(state: State, number: float) -> Snapshot:
        arrays = {program.gradients[p.id]: np.full(p.shape, number) for p in program.parameters}
        return Snapshot(1, state, Cursor(0, length), arrays=arrays)

    def shown() -> list[float]:
        return [float(t._data.max()) for t in panel._tiles.values() if t._data is not None]

    panel.show_snapshot(moment(State.PAUSED, 1.0))
    qtbot.waitUntil(lambda: not panel.tile("dense_6/bias").visibleRegion().isEmpty())
    assert shown() == [1.0] * 12
    for turn in (1, 2, 3):
        panel.show_snapshot(moment(State.RUNNING, 2.0))
        assert shown() == [2.0] * 4 * turn + [1.0] * (12 - 4 * turn)
    # What is looked at when it rests is of one moment.
    panel.show_snapshot(moment(State.PAUSED, 3.0))
    assert shown() == [3.0] * 12
