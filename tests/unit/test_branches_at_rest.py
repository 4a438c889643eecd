"""Branches that rest keep what they have learned, and hardly any room."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from networks import chain, diverging
from sessions import bits, everything

from backprop_studio.errors import StudioError
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session, Timeline


def _begun() -> Timeline:
    network = chain(dataset="digits")
    timeline = Timeline()
    timeline.begin(Session(analyze(network).require(), network.setup), 1)
    return timeline


def test_that_branches_read_the_same_rows_and_do_not_copy_the_data() -> None:
    timeline = _begun()
    first = timeline.session
    assert first is not None
    timeline.fork()
    second = timeline.session
    assert second is not None and second is not first
    rows = first.prepared.dataset.x
    assert all(np.shares_memory(s._sources["x"], rows) for s in (first, second))


def test_that_a_branch_gives_its_room_back_while_another_goes_on() -> None:
    timeline = _begun()
    session = timeline.session
    assert session is not None
    session.step(Boundary.EPOCH)
    others = [m for m in session._machines.values() if m is not session.machine]
    held = [weakref.ref(m) for m in (*session._evaluator._machines.values(), *others)]
    assert len(held) == 2, "the tests', and that of the smaller last batch or of the others"
    del others
    timeline.fork()
    gc.collect()
    assert [ref() for ref in held] == [None, None]


def test_that_a_branch_that_has_rested_goes_on_as_if_it_had_not() -> None:
    straight, there_and_back = _begun(), _begun()
    for timeline in (straight, there_and_back):
        assert timeline.session is not None
        timeline.session.step(Boundary.EPOCH)
    there_and_back.fork()
    there_and_back.switch(1)
    for timeline in (straight, there_and_back):
        assert timeline.session is not None
        timeline.session.step(Boundary.EPOCH)
    a, b = straight.session, there_and_back.session
    assert a is not None and b is not None
    assert np.array_equal(a.tests.points, b.tests.points, equal_nan=True)
    assert np.array_equal(a.losses.points, b.losses.points)
    assert all(np.array_equal(b.weights()[k], w) for k, w in a.weights().items())


def _forked(timeline: Timeline, times: int) -> None:
    for _ in range(times):
        timeline.fork()
        assert timeline.session is not None
        timeline.session.step(Boundary.EPOCH)


def test_that_what_a_branch_takes_is_counted_nearly_all() -> None:
    timeline = _begun()
    _forked(timeline, 3)
    gc.collect()
    tracemalloc.start()
    _forked(timeline, 2)
    gc.collect()
    taken, counted = tracemalloc.get_traced_memory()[0], timeline.nbytes
    _forked(timeline, 8)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - taken
    tracemalloc.stop()
    counted = timeline.nbytes - counted
    assert 0.75 < counted / taken < 1.2, f"{counted:,} of {taken:,} bytes"


def test_that_the_budget_holds_for_all_that_branches_take() -> None:
    timeline = _begun()
    timeline.budget = 2**20
    with pytest.raises(StudioError, match="no room for another branch") as full:
        _forked(timeline, 100)
    assert full.value.code == "branches-full"
    count = len(timeline.branches)
    assert 3 < count < 20
    assert timeline.nbytes <= timeline.budget
    active = timeline.session
    assert active is not None
    for branch in timeline.branches:
        # Never the first moment.
        journal = branch.session.journal
        assert journal.iterations[0] == branch.session.start
        assert branch.session is active or not hasattr(branch.session, "_machine")
    timeline.drop(timeline.branches[0].id)
    timeline.fork()
    assert timeline.nbytes <= timeline.budget


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("steps", ["", "o", "p", "ppo", "b", "bpp", "ebo", "bbboooo"])
def test_that_a_branch_comes_back_at_the_moment_that_it_was_left_at(
    steps: str, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = _begun()
    session = timeline.session
    assert session is not None
    sizes = {"o": Boundary.OP, "p": Boundary.PHASE, "b": Boundary.BATCH, "e": Boundary.EPOCH}
    for step in steps:
        session.step(sizes[step])
    monkeypatch.setattr(type(session), "slow", slow)
    before, cursor, seen = everything(session), session.cursor, session.last_loss
    weights = bits(session)
    timeline.fork()
    assert hasattr(session, "_machine") == slow
    assert timeline.session is not None
    timeline.session.step(Boundary.BATCH)
    timeline.switch(1)
    assert timeline.session is session and session.cursor == cursor
    assert (everything(session), session.last_loss, bits(session)) == (before, seen, weights)


def test_that_a_branch_that_failed_is_still_at_the_bad_instruction_after_a_rest() -> None:
    network = diverging()
    timeline = Timeline()
    timeline.begin(Session(analyze(network).require(), network.setup), 1)
    session = timeline.session
    assert session is not None
    while session.failure is None:
        session.step(Boundary.BATCH)
    failure, cursor, before = session.failure, session.cursor, everything(session)
    assert failure is not None and 0 < cursor.index < len(session.program.instructions)
    timeline.fork()
    timeline.switch(1)
    assert session.failure == failure and session.cursor == cursor
    assert everything(session) == before
    timeline.back(Boundary.BATCH)
    assert session.failure is None
