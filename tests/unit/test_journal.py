"""Keyframes within a budget."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from backprop_studio.autograd import Saved
from backprop_studio.training.journal import DEFAULT_INTERVAL, Journal, size_of


def keyframe(value: int) -> Saved:
    return Saved({"parameters": np.full(100, value, np.float32)})


SIZE = size_of(keyframe(0))


def test_that_the_budget_is_kept_however_long_the_run() -> None:
    journal = Journal(budget=SIZE * 10)
    for iteration in range(20_000):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
        assert journal.nbytes <= journal.budget
    assert journal.before(0)[0] == 0


def test_that_every_moment_has_a_keyframe_as_near_as_it_is_old() -> None:
    journal = Journal(budget=SIZE * 12)
    last = 5_000
    for iteration in range(last):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
    for iteration in range(last):
        at, saved = journal.before(iteration)
        assert at <= iteration <= at + max(2 * journal.interval, 2 * (last - iteration))
        assert saved.arenas["parameters"][0] == at


def test_that_many_keyframes_are_thinned_as_evenly_as_few() -> None:
    journal = Journal(budget=SIZE * 200)
    last = 60_000
    for iteration in range(0, last, journal.interval):
        journal.add(iteration, keyframe(iteration))
        assert journal.nbytes <= journal.budget
    assert len(journal.iterations) > 150
    for iteration in range(0, last, 7):
        at, _ = journal.before(iteration)
        assert at <= iteration <= at + max(2 * journal.interval, 0.1 * (last - iteration))


def test_that_a_keyframe_counts_with_what_python_needs_for_it() -> None:
    tracemalloc.start()
    try:
        keyframes = [Saved({n: np.zeros(3, np.float32) for n in "abcd"}) for _ in range(1_000)]
        taken = tracemalloc.get_traced_memory()[0] / len(keyframes)
    finally:
        tracemalloc.stop()
    assert taken / 1.5 < size_of(keyframes[0]) < taken * 1.5


def test_that_one_step_back_is_near_even_when_two_keyframes_fill_the_budget() -> None:
    journal = Journal(budget=1)
    for iteration in range(1_000):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
        assert journal.before(iteration)[0] > iteration - journal.interval
    assert journal.before(10)[0] == 0


def test_that_a_short_run_has_a_keyframe_every_few_iterations() -> None:
    journal = Journal()
    for iteration in range(100):
        if journal.wants(iteration):
            journal.add(iteration, keyframe(iteration))
    assert journal.before(99)[0] >= 99 - DEFAULT_INTERVAL


def test_that_nothing_before_the_first_keyframe_is_promised() -> None:
    journal = Journal()
    journal.add(50, keyframe(50))
    with pytest.raises(IndexError):
        journal.before(49)
