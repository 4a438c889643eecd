"""How often panels show what changes all the time."""

from __future__ import annotations

import pytest

from backprop_studio.training import Cursor, Snapshot, State
from backprop_studio.ui import pacing
from backprop_studio.ui.pacing import NUMBERS, Seldom


class Clock:
    now = 50.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


def test_that_numbers_change_a_few_times_a_second_while_training_runs(clock: Clock) -> None:
    seldom, shown = Seldom(), 0
    for _ in range(500):
        shown += seldom.due(Snapshot(1, State.RUNNING, Cursor(3, 0)))
        clock.now += 0.01
    assert shown == pytest.approx(5.0 / NUMBERS, abs=2)


def test_that_another_state_is_shown_at_once_and_every_step_is(clock: Clock) -> None:
    seldom = Seldom()
    running, paused = (Snapshot(1, s, Cursor(3, 0)) for s in (State.RUNNING, State.PAUSED))
    slow = Snapshot(1, State.RUNNING, Cursor(3, 0), slow=True)
    assert seldom.due(running) and not seldom.due(running)
    assert seldom.due(paused) and seldom.due(paused)
    assert seldom.due(running) and not seldom.due(running)
    assert seldom.due(slow) and seldom.due(slow)
