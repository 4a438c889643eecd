"""Branches that rest keep what they have learned, and hardly any room."""

from __future__ import annotations

import gc
import weakref

import numpy as np
from networks import chain

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
