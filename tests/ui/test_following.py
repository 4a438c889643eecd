"""When a panel asks: with the moment, now and then while training runs, never while hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from networks import chain
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.network import analyze
from backprop_studio.training import Cursor, Session, Snapshot, State
from backprop_studio.ui import following
from backprop_studio.ui.following import PAUSE, SHARE, Follower


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(following, "time", clock)
    return clock


class Case:
    """A follower whose questions are answered when the test says so."""

    def __init__(self, qtbot: QtBot, clock: Clock) -> None:
        self.clock = clock
        self.panel = QWidget()
        qtbot.addWidget(self.panel)
        self.panel.show()
        self.waiting: list[tuple[Callable[[Session], Any], Callable[[Any], object]]] = []
        self.answers: list[object] = []
        self.lasts = 0.01
        self.asked = 0
        self.follower = Follower(
            self.panel, lambda q, a, _: self.waiting.append((q, a)), lambda: self._question,
            self.answers.append, pytest.fail,
        )  # fmt: skip
        network = chain()
        self.follower.set_network(analyze(network))

    def _question(self, _: object) -> int:
        self.asked += 1
        self.clock.now += self.lasts
        return self.asked

    def see(self, iteration: int, index: int = 0, state: State = State.PAUSED) -> None:
        self.follower.show_snapshot(
            Snapshot(1, state, Cursor(iteration, index), completed=iteration)
        )

    def reply(self) -> None:
        question, answer = self.waiting.pop(0)
        answer(question(None))  # type: ignore[arg-type]


@pytest.fixture
def case(qtbot: QtBot, clock: Clock) -> Case:
    return Case(qtbot, clock)


def test_that_a_moment_is_asked_about_once(case: Case) -> None:
    case.see(3)
    case.see(3)
    case.reply()
    case.see(3, index=2)  # the forward pass changes no weight
    assert case.answers == [1] and not case.waiting
    case.see(4)
    case.reply()
    assert case.answers == [1, 2]


def test_that_a_moment_that_came_meanwhile_is_asked_about_next(case: Case) -> None:
    case.see(3)
    case.see(4)
    case.see(5)
    assert len(case.waiting) == 1
    case.reply()
    assert len(case.waiting) == 1
    case.reply()
    assert case.answers == [1, 2] and not case.waiting


def test_that_while_training_runs_questions_are_rare_and_rarer_where_they_take_long(
    case: Case,
) -> None:
    for lasts, least in ((0.01, PAUSE), (0.5, 0.5 / SHARE)):
        case.lasts = lasts
        case.clock.now += 1000
        case.see(1, state=State.RUNNING)
        case.reply()
        asked = case.asked
        began = case.clock.now
        iteration = 2
        while case.asked == asked:
            case.clock.now += 0.05
            case.see(iteration, state=State.RUNNING)
            iteration += 1
            if case.waiting:
                case.reply()
        assert case.clock.now - began >= least - lasts - 0.1


def test_that_a_hidden_panel_asks_nothing_and_a_pause_is_answered_at_once(case: Case) -> None:
    case.see(1, state=State.RUNNING)
    case.reply()
    case.see(2)
    case.reply()
    assert case.answers == [1, 2]
    case.panel.hide()
    case.see(3)
    assert not case.waiting
    case.panel.show()
    case.follower.refresh()
    assert len(case.waiting) == 1
