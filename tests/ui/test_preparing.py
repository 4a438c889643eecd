"""Large data are prepared in the background: the window goes on, and the last rows stand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from networks import chain
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.data import Dataset, DataSettings, registry
from backprop_studio.lessons.actions import Action, StepOn
from backprop_studio.lessons.library import shipped
from backprop_studio.network import Analysis, Network, TrainingSetup, edits
from backprop_studio.training import State
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.data import DataPanel
from backprop_studio.ui.widgets.preparing_strip import PreparingStrip


class Slow:
    """Stands before a generator of rows and holds it back until it is let go."""

    def __init__(self, load: object) -> None:
        self._load = load
        self.gate = threading.Event()
        self.calls = 0
        self.threads: set[str] = set()

    def __call__(self, options: object) -> Dataset:
        # A few rows tell the shapes; they are made at once.
        if getattr(options, "count", 0) > 1000:
            self.calls += 1
            self.threads.add(threading.current_thread().name)
            assert self.gate.wait(30.0)
        made = self._load(options)  # type: ignore[operator]
        assert isinstance(made, Dataset)
        return made


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    entry = registry._entries()["moons"]
    slow = Slow(entry.load)
    entries = {**registry._entries(), "moons": replace(entry, load=slow)}
    monkeypatch.setattr(registry, "_entries", lambda: entries)
    registry.forget()
    yield slow
    slow.gate.set()
    registry.forget()
    data.prepare.cache_clear()


@pytest.fixture
def document(qapp: QApplication, slow: Slow) -> Iterator[Document]:
    document = Document()
    document.reset(on_moons(300))
    yield document
    slow.gate.set()
    document.preparing.end()


def on_moons(count: int, **changes: object) -> Network:
    recipe = data.recipe("moons")
    assert recipe is not None
    options = recipe.from_config({"count": count})
    settings = replace(DataSettings(options=options), **changes)  # type: ignore[arg-type]
    layers = [("input", {}), ("dense", {"units": 2}), ("softmax_cross_entropy", {})]
    return chain(layers, dataset="moons", data=settings)


def heard(document: Document) -> list[Analysis]:
    said: list[Analysis] = []
    document.analysis_changed.connect(said.append)
    return said


def test_that_an_edit_returns_at_once_and_the_analysis_comes_again(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    said = heard(document)
    document.apply("More", on_moons(100_000))
    assert [a.preparing for a in said] == [True]
    assert document.analysis.lowered is None
    assert [d.code for d in document.analysis.errors] == ["data-preparing"]
    assert document.analysis.shapes, "a few rows tell the shapes"
    slow.gate.set()
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    assert [a.preparing for a in said] == [True, False]
    assert document.analysis.lowered is not None and not document.analysis.errors
    assert slow.threads == {"preparing"}
    assert document.network.setup.prepared().dataset.size == 100_000


def test_that_what_was_prepared_before_is_there_at_once(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    slow.gate.set()
    document.apply("More", on_moons(100_000))
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    said = heard(document)
    document.undo_stack.undo()
    document.undo_stack.redo()
    assert [a.preparing for a in said] == [False, False]


def test_that_the_loop_of_events_goes_on_meanwhile(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    """A million real rows: no turn of the loop may take as long as making them does."""
    slow.gate.set()
    beats: list[float] = []
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start()
    started = time.perf_counter()
    document.apply("A million", on_moons(1_000_000, scaling="standard"))
    applied = time.perf_counter() - started
    qtbot.waitUntil(lambda: not document.analysis.preparing, timeout=60_000)
    took = time.perf_counter() - started
    gaps = [b - a for a, b in pairwise(beats)]
    assert applied < took / 4
    assert max(gaps) < took / 2


def test_that_of_several_edits_only_the_last_is_waited_for(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    said = heard(document)
    for count in (100_000, 200_000, 300_000):
        document.apply("More", on_moons(count))
    slow.gate.set()
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    assert [a.preparing for a in said] == [True, True, True, False]
    assert slow.calls == 2, "the one in between was never begun"
    assert document.network.setup.prepared().dataset.size == 300_000


def test_that_back_to_small_data_nothing_is_waited_for(document: Document, slow: Slow) -> None:
    document.apply("More", on_moons(100_000))
    document.undo_stack.undo()
    assert not document.preparing.busy and document.analysis.lowered is not None


def test_that_a_layer_edited_meanwhile_is_in_the_analysis_that_comes(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    document.apply("More", on_moons(100_000))
    node = document.network.nodes[1]
    spec = replace(node.spec, bias=False)  # type: ignore[call-arg]
    document.apply("Edit", edits.set_spec(document.network, node.id, spec))
    slow.gate.set()
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    assert document.analysis.network is document.network
    assert slow.calls == 1


def test_that_stopping_is_felt_at_once_and_can_be_taken_back(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    document.apply("More", on_moons(100_000))
    document.preparing.stop()
    assert document.preparing.stopped and not document.preparing.busy
    assert document.analysis.preparing and document.analysis.lowered is None
    slow.gate.set()
    document.prepare()
    qtbot.waitUntil(lambda: document.analysis.lowered is not None)
    assert not document.preparing.stopped


def test_that_what_does_not_fit_large_data_is_told_when_it_is_found(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    slow.gate.set()
    kind = data.corruptions()["leaked_feature"]
    wrong = data.corruptions()["unscaled_feature"].from_config({"column": 40})
    document.apply("Spoil", on_moons(100_000, corruptions=(kind(), wrong)))
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    assert [d.field for d in document.analysis.errors] == ["data.corruptions.1"]


def test_that_a_program_error_is_not_swallowed(
    document: Document, slow: Slow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: TrainingSetup, tell: object = None) -> object:
        raise MemoryError("no room")

    monkeypatch.setattr(TrainingSetup, "prepared", broken)
    with qtbot.captureExceptions() as caught:
        document.apply("More", on_moons(100_000))
        qtbot.waitUntil(lambda: not document.preparing.busy)
    assert [kind for kind, *_ in caught] == [MemoryError]
    assert document.preparing.stopped, "and it can be tried again"


def test_that_the_panel_keeps_the_last_rows_and_says_that_others_come(
    document: Document, slow: Slow, qtbot: QtBot
) -> None:
    panel = DataPanel(document)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    assert panel.rows.model.rowCount() == 300
    document.apply("More", on_moons(100_000))
    assert panel.rows.model.rowCount() == 300 and not panel.rows.isEnabled()
    qtbot.waitUntil(panel.preparing.isVisible)
    assert "Preparing" in panel.preparing.label.text()
    panel.preparing.button.click()
    assert "stopped" in panel.preparing.label.text()
    slow.gate.set()
    panel.preparing.button.click()
    qtbot.waitUntil(lambda: not document.analysis.preparing)
    assert panel.rows.model.rowCount() == 100_000 and panel.rows.isEnabled()
    assert panel.preparing.isHidden()


def test_that_what_is_short_does_not_flicker(document: Document, slow: Slow, qtbot: QtBot) -> None:
    strip = PreparingStrip(document)
    qtbot.addWidget(strip)
    document.apply("More", on_moons(100_000))
    assert strip.isHidden()
    document.undo_stack.undo()
    qtbot.wait(200)
    assert strip.isHidden()


def test_that_training_starts_on_the_data_once_they_are_there(
    window: MainWindow, slow: Slow, qtbot: QtBot
) -> None:
    document, engine = window._document, window._engine
    document.apply("More", on_moons(100_000))
    qtbot.waitUntil(lambda: engine.state is State.EMPTY)
    qtbot.waitUntil(window.preparing.isVisible)
    slow.gate.set()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    rows: list[int] = []
    engine.ask(lambda session: session.prepared.dataset.size, rows.append)
    qtbot.waitUntil(lambda: bool(rows))
    assert rows == [100_000]
    qtbot.waitUntil(window.preparing.isHidden)


def test_that_a_lesson_that_shows_how_waits_for_its_data(
    window: MainWindow, slow: Slow, qtbot: QtBot
) -> None:
    class More(Action, frozen=True, kw_only=True):
        def edit(self, network: Network) -> Network:
            return on_moons(100_000)

    assert window.lessons.open(shipped()[0])
    refused: list[str] = []
    window.lessons.demonstration.refused.connect(refused.append)
    window.lessons.demonstration.start([More(), StepOn(step="batch")])
    assert window.lessons.demonstration.is_running and not refused
    slow.gate.set()
    # The snapshot may be seen before the worker's answer, which is what ends the showing.
    qtbot.waitUntil(lambda: not window.lessons.demonstration.is_running)
    assert not refused
    qtbot.waitUntil(lambda: window._engine.snapshot.completed == 1)


def test_that_closing_in_the_middle_waits_for_the_thread(document: Document, slow: Slow) -> None:
    document.apply("More", on_moons(100_000))
    QTimer.singleShot(0, slow.gate.set)
    threading.Timer(0.05, slow.gate.set).start()
    document.preparing.end()
    assert not [t for t in threading.enumerate() if t.name == "preparing"]
