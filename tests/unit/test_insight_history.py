"""The past of a run, looked at again: the very numbers that it had, and the run left alone."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain
from sessions import bits, everything, session_of

from backprop_studio.insight.history import (
    BINS,
    LEVELS,
    MOMENTS,
    OCTAVES,
    History,
    Quantity,
    histogram,
    lineage,
    moments,
)
from backprop_studio.insight.stations import norm, rms, stations
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Intervention, Session, Timeline


def _session(**setup: object) -> Session:
    network = chain(**{"batch_size": 300, **setup})  # type: ignore[arg-type]
    return Session(analyze(network).require(), network.setup)


@pytest.mark.parametrize("name", ["adam", "chance and running statistics", "recurrent"])
def test_the_past_has_the_bits_that_it_had_and_the_session_keeps_its_own(name: str) -> None:
    session = session_of(name, interval=4)
    history = History()
    told: list[dict[object, float]] = []
    for _ in range(9):
        session.step(Boundary.OP)
        before = {v.id: session.storage.view(v).copy() for v in session.program.parameters}
        session.step(Boundary.BATCH)
        sizes: dict[object, float] = {}
        for value in session.program.parameters:
            sizes[Quantity.WEIGHT, value.key] = norm(before[value.id])
            now = session.machine.array(value.id)
            sizes[Quantity.UPDATE, value.key] = norm(now - before[value.id])
            gradient = session.machine.array(session.program.gradients[value.id])
            sizes[Quantity.GRADIENT, value.key] = norm(gradient)
        for station in stations(session.program):
            sizes[Quantity.ACTIVATION, (station.node,)] = rms(session.machine.array(station.value))
            if station.signal is not None:
                array = session.machine.array(station.signal)
                sizes[Quantity.SIGNAL, (station.node,)] = rms(array)
        told.append(sizes)
    session.step(Boundary.PHASE)
    kept, seen, cursor = bits(session), everything(session), session.cursor
    answer = history.look(60.0, session)
    assert [s.iteration for s in answer.samples] == list(range(9)) and not answer.missing
    assert [dict(s.sizes) for s in answer.samples] == told
    assert [s.loss for s in answer.samples] == list(session.losses.points[:, 1])
    assert (bits(session), everything(session), session.cursor) == (kept, seen, cursor)


def test_a_look_is_bounded_and_goes_on_where_it_ended() -> None:
    session = _session()
    for _ in range(4):
        session.step(Boundary.EPOCH)
    history, missing = History(), []
    while not missing or missing[-1]:
        missing.append(history.look(0.0, session).missing)
    wanted = session.completed
    assert missing == list(range(wanted - 1, -1, -1))
    newest = History().look(0.0, session).samples
    assert [s.iteration for s in newest] == [wanted - 1]
    # What has been seen is not computed again.
    samples = history.look(0.0, session).samples
    assert history.look(0.0, session).samples == samples


def test_what_was_put_in_by_hand_is_in_the_past_too() -> None:
    session = _session()
    session.step(Boundary.BATCH)
    session.step(Boundary.OP)
    weight = session.program.parameters[0]
    session.intervene(Intervention(weight.id, (0, 0), 100.0))
    session.step(Boundary.BATCH)
    first, second = History().look(60.0, session).samples
    track = Quantity.UPDATE, weight.key
    assert second.sizes[track] > 90 > first.sizes[track]


def test_a_branch_has_the_past_of_the_one_that_it_left_up_to_there() -> None:
    timeline = Timeline()
    timeline.begin(_session(), 1)
    history = History()
    for _ in range(6):
        timeline.session.step(Boundary.BATCH)
    old = history.look(60.0, timeline.session)
    timeline.seek(3)
    timeline.fork()
    assert timeline.session.before is timeline.branches[0].session
    for _ in range(2):
        timeline.session.step(Boundary.BATCH)
    new = history.look(60.0, timeline.session)
    assert [s.iteration for s in new.samples] == [0, 1, 2, 3, 4]
    assert new.samples[:3] == old.samples[:3]
    assert [dict(s.sizes) for s in new.samples] == [dict(s.sizes) for s in old.samples[:5]]
    # Without the other one, a branch begins where it left it.
    timeline.drop(timeline.branches[0].id)
    assert timeline.session.before is None
    left = history.look(60.0, timeline.session)
    assert [s.iteration for s in left.samples] == [3, 4]
    assert left.first == 3 / timeline.session.batches_per_epoch


def test_an_edit_in_the_past_keeps_what_led_to_it() -> None:
    timeline = Timeline()
    timeline.begin(_session(), 1)
    for _ in range(6):
        timeline.session.step(Boundary.BATCH)
    timeline.seek(2)
    timeline.go_on(
        Session(timeline.session.lowered, timeline.session.setup, start=2,
                kept=timeline.session.storage), 2,
    )  # fmt: skip
    assert [stop for _, stop in lineage(timeline.session)] == [2]
    timeline.session.step(Boundary.BATCH)
    assert [stop for _, stop in lineage(timeline.session)] == [2, 3]


def test_long_runs_are_looked_at_in_about_as_many_moments_and_none_twice() -> None:
    session = _session(batch_size=32)
    assert moments(session, 0, 1) == []
    session.step(Boundary.OP)
    assert History().look(1.0, session).samples == ()
    for _ in range(20):
        session.step(Boundary.EPOCH)
    stop = session.completed
    assert stop > 5 * MOMENTS
    one, two = moments(session, stop, 16), moments(session, stop, 32)
    assert set(two) <= set(one) and len(two) < 0.6 * len(one)
    assert set(one[:-1]) <= set(session.journal.iterations)
    answer = History().look(0.0, session)
    assert MOMENTS / 2 <= answer.missing + 1 <= MOMENTS + 2


def test_histograms_count_by_sign_and_factors_of_two() -> None:
    counts = histogram(np.array([0.0, 1e-9, 1.0, 1.5, 2.0, -0.75, np.nan, np.inf, 1e9]))
    assert counts.shape == (BINS,) and counts.sum() == 7
    one = LEVELS + 1 - OCTAVES[0]
    assert counts[LEVELS] == 2 and counts[one] == 2 and counts[one + 1] == 1
    assert counts[LEVELS - (0 - OCTAVES[0])] == 1 and counts[-1] == 1
    random = np.random.default_rng(1).standard_normal((50, 40))
    assert histogram(random).sum() == 2000
    assert np.array_equal(histogram(-random), histogram(random)[::-1])


def test_sizes_are_those_of_double_precision() -> None:
    array = (1e30 * np.random.default_rng(1).standard_normal((300, 700))).astype(np.float32)
    wanted = np.linalg.norm(array.astype(np.float64))
    assert norm(array) == pytest.approx(wanted, rel=1e-12)
    assert rms(array) == pytest.approx(wanted / np.sqrt(array.size), rel=1e-12)
    assert rms(np.empty((0, 3))) == 0.0
    assert norm(np.float32(-3.0).reshape(())) == 3.0


def test_the_norm_of_a_large_array_copies_it_only_piece_by_piece() -> None:
    # A whole copy in double precision made the window hang while large networks train.
    largest = 0

    class Watched(np.ndarray):
        def astype(self, *args: object, **kwargs: object) -> np.ndarray:
            nonlocal largest
            largest = max(largest, self.size)
            return np.asarray(self).astype(*args, **kwargs)  # type: ignore[call-overload]

    array = np.ones((1000, 1000), np.float32).view(Watched)
    assert norm(array) == 1000.0
    assert 0 < largest <= 2**16


def test_of_a_slow_session_only_keyframes_are_looked_at() -> None:
    session = _session(batch_size=64)
    for _ in range(2):
        session.step(Boundary.EPOCH)
    assert moments(session, session.completed, 1) == list(range(session.completed))
    session._iteration_time = 0.1
    assert session.slow
    assert moments(session, session.completed, 1) == list(session.journal.iterations)


def test_that_only_the_moments_that_are_shown_are_remembered() -> None:
    """Each question wants the newest moment: an hour of them left thousands behind."""
    session, history = _session(), History()
    for _ in range(2 * MOMENTS + 20):
        session.step(Boundary.BATCH)
        answer = history.look(60.0, session)
        assert len(history._seen[session]) == len(answer.samples) <= MOMENTS + 2
    # And nothing that is shown was forgotten: it is there again at once, and the same.
    again = History().look(60.0, session)
    assert [s.iteration for s in again.samples] == [s.iteration for s in answer.samples]
    assert [dict(s.sizes) for s in again.samples] == [dict(s.sizes) for s in answer.samples]


def test_that_a_branch_does_not_forget_what_the_other_has_seen_after_it_left() -> None:
    timeline, history = Timeline(), History()
    first = _session()
    timeline.begin(first, 1)
    for _ in range(6):
        first.step(Boundary.BATCH)
    history.look(60.0, first)
    timeline.seek(2)
    timeline.fork()
    branch = timeline.session
    assert branch is not None and branch is not first
    branch.step(Boundary.BATCH)
    history.look(60.0, branch)
    assert set(history._seen[first]) == set(range(6))
