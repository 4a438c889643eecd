"""What the engine passes on of what the worker says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from networks import chain
from pytestqt.qtbot import QtBot

from backprop_studio.network import edits
from backprop_studio.training import (
    Command,
    CurveUpdate,
    Load,
    Pause,
    Session,
    Snapshot,
    State,
)
from backprop_studio.ui.asking import Enquiry
from backprop_studio.ui.controllers.engine import PULL_INTERVAL, SCREEN_SHARE, SLOWEST
from backprop_studio.ui.main_window import MainWindow


def test_that_late_news_of_a_longer_network_is_not_shown_as_news_of_the_new_one(
    window: MainWindow, do: Callable[[str], None], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, worker = window._engine, window._engine._worker
    do("step_batch")
    last = engine.snapshot
    assert last.cursor is not None
    held: list[Command] = []
    send = worker.send
    monkeypatch.setattr(worker, "send", held.append)
    # Fewer instructions than the cursor's index; the worker has not heard of it yet.
    short = chain([("input", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})])
    window._document.apply("Shorten", short)
    lowered = window._document.analysis.lowered
    assert lowered is not None and len(lowered.program.instructions) < last.cursor.index

    point = np.array([[last.epoch + 0.01, 0.125]])
    late = Snapshot(last.revision, State.RUNNING, last.cursor)
    engine._mailbox.put(late)
    engine._mailbox.add(CurveUpdate(None, point, np.empty((0, 5))))
    engine.pull()  # raised IndexError in the panels

    # A network is handed over a moment after the window has shown it.
    qtbot.waitUntil(lambda: any(isinstance(command, Load) for command in held))
    for command in held:
        send(command)
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    assert engine.snapshot.revision > last.revision
    # The point was true of its time, and later than where the new network goes on from.
    assert 0.125 not in window.losses.losses[:, 1]


def test_that_a_panel_whose_question_a_change_of_the_batch_overtakes_asks_on(
    window: MainWindow, do: Callable[[str], None], qtbot: QtBot
) -> None:
    """The program stays the same then, so that no panel forgets what it has asked."""
    engine, document = window._engine, window._document
    enquiry = Enquiry(engine.ask, pytest.fail)
    begun, go_on = Event(), Event()

    def slow(session: Session) -> int:
        begun.set()
        assert go_on.wait(10.0)
        return 1

    heard: list[int] = []
    enquiry.put(slow, heard.append)
    assert begun.wait(10.0)
    setup = replace(document.network.setup, batch_size=7)
    document.apply("Set batch size", edits.set_setup(document.network, setup))
    go_on.set()
    qtbot.waitUntil(lambda: not enquiry.busy)
    enquiry.put(lambda session: session.machine.batch, heard.append)
    qtbot.waitUntil(lambda: heard == [7])


def test_that_the_screen_looks_less_often_where_showing_takes_long(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, worked = window._engine, [0.0]
    stand_in = SimpleNamespace(thread_time=lambda: worked[0])
    monkeypatch.setattr("backprop_studio.ui.controllers.engine.time", stand_in)

    def after(seconds: float) -> int:
        for _ in range(20):
            worked[0] += seconds
            engine._look()
        return engine._timer.interval()

    assert after(0.001) == PULL_INTERVAL
    rare = after(0.015)
    assert rare == pytest.approx(1000 * 0.015 / SCREEN_SHARE, abs=10)
    # Never so seldom that it seems to stand still, and soon again once it is cheap.
    assert after(5.0) == pytest.approx(SLOWEST, abs=10)
    assert after(0.001) == pytest.approx(PULL_INTERVAL, abs=10)


def test_that_whoever_waits_for_an_answer_learns_that_there_is_none(
    window: MainWindow, qtbot: QtBot
) -> None:
    """A lesson would wait for it for ever otherwise."""
    dropped: list[bool] = []

    def faulty(session: Session) -> int:
        return len(session.losses.points[10**9])

    with qtbot.waitSignal(window._engine.unanswered):
        window._engine.ask(faulty, pytest.fail, lambda: dropped.append(True))
    assert dropped == [True]


def test_that_pause_pauses_also_where_an_edit_is_not_answered_yet(
    window: MainWindow, qtbot: QtBot
) -> None:
    """It said "Pause" and trained on: of the edited network, nothing is known until the answer."""
    engine, document = window._engine, window._document
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: engine.state is State.RUNNING)
    heard: list[Command] = []
    engine.listen(heard.append)
    setup = replace(document.network.setup, batch_size=7)
    document.apply("Set batch size", edits.set_setup(document.network, setup))
    assert window.transport.run_button.text() == "Pause"
    window.actions_by_id["run"].trigger()
    assert isinstance(heard[-1], Pause)
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    assert window.transport.run_button.text() == "Run"


def test_that_who_comes_back_to_a_run_that_has_paused_by_itself_finds_out_why(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_studio.training.worker.AT_ONE_GO", 20)
    window.docks["messages"].hide()
    with qtbot.waitSignal(window._engine.unanswered) as told:
        window.actions_by_id["run"].trigger()
    assert window._engine.state is State.PAUSED
    assert [notice.text for notice in window.messages._notices] == told.args
    assert "Press Run to go on" in told.args[0]
    assert window.docks["messages"].isVisible()
