"""Keyframes within a budget."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import Saved
from backprop_studio.training.journal import FIRST_INTERVAL, Journal


def keyframe(value: int) -> Saved:
    return Saved({"parameters": np.full(100, value, np.float32)})


def test_that_the_budget_is_kept_however_long_the_run() -> None:
    journal = Journal(budget=400 * 10)
    for iteration in range(20_000):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
        assert journal.nbytes <= journal.budget
    assert journal.first == 0


def test_that_the_whole_run_stays_within_one_interval_of_a_keyframe() -> None:
    journal = Journal(budget=400 * 10)
    for iteration in range(5_000):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
    for iteration in range(5_000):
        at, saved = journal.before(iteration)
        assert at <= iteration < at + journal.interval
        assert saved.arenas["parameters"][0] == at


def test_that_a_short_run_has_a_keyframe_every_few_iterations() -> None:
    journal = Journal()
    for iteration in range(100):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
    assert journal.before(99)[0] >= 99 - FIRST_INTERVAL


def test_that_nothing_before_the_first_keyframe_is_promised() -> None:
    journal = Journal()
    journal.add(50, keyframe(50))
    with pytest.raises(IndexError):
        journal.before(49)
