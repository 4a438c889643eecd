"""The accuracy on the batches that are trained on."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase
from backprop_studio.network import Network, analyze
from backprop_studio.nn import schedules
from backprop_studio.training import Boundary, Session, tally

LEARNED, RATE = 3, 4


def _session(network: Network) -> Session:
    return Session(analyze(network).require(), network.setup)


def counted_by_hand(session: Session, epoch: int) -> float:
    """Replays an epoch batch by batch, and compares the scores before each update."""
    head, hits, rows = session.lowered.predictions[0], 0, 0
    first = epoch * session.batches_per_epoch
    for iteration in range(first, first + session.batches_per_epoch):
        session.seek(iteration)
        session.step(Boundary.OP)
        machine = session.rerun(session.program.start_of(Phase.BACKWARD))
        said = machine.array(head).argmax(axis=1)
        hits += int((said == session.targets[session.rows]).sum())
        rows += len(session.rows)
    return hits / rows


def test_each_epoch_has_the_share_that_was_right_before_the_updates() -> None:
    session = _session(chain(batch_size=100))
    for _ in range(2):
        session.step(Boundary.EPOCH)
    learned = session.tests.points[:, LEARNED].copy()
    assert np.isnan(learned[0])
    assert [counted_by_hand(session, epoch) for epoch in (0, 1)] == list(learned[1:])
    # What is replayed is not counted again.
    session.seek(2 * session.batches_per_epoch)
    session.step(Boundary.EPOCH)
    assert list(session.tests.points[1:3, LEARNED]) == list(learned[1:])


def test_a_fast_run_counts_some_batches_and_different_ones_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tally, "ALL", 1)
    monkeypatch.setattr(tally, "STRIDE", 5)
    taken: list[int] = []
    add = tally.Tally.add
    monkeypatch.setattr(
        tally.Tally, "add", lambda self, m, i, rows: (taken.append(i), add(self, m, i, rows))
    )
    session = _session(chain(batch_size=144))
    assert session.batches_per_epoch == 10
    for _ in range(6):
        session.step(Boundary.EPOCH)
    assert taken == [0, 5, 11, 16, 22, 27, 33, 38, 44, 49, 55]
    learned = session.tests.points[1:, LEARNED]
    # The one batch of the last epoch is too little to tell, and counts for the next one.
    assert np.isfinite(learned[:5]).all() and learned[4] > learned[0] and np.isnan(learned[5])


def test_too_few_rows_count_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "ALL", 1)
    monkeypatch.setattr(tally, "STRIDE", 10)
    session = _session(chain(batch_size=144))
    for _ in range(4):
        session.step(Boundary.EPOCH)
    assert list(np.isfinite(session.tests.points[1:, LEARNED])) == [False, True, False, True]


def test_numbers_for_targets_have_no_accuracy_and_the_rate_is_noted() -> None:
    layers = [("input", {}), ("dense", {"units": 1}), ("mse", {})]
    network = chain(layers, dataset="sine", schedule=schedules()["step"](every=2, gamma=0.5))
    session = _session(network)
    for _ in range(4):
        session.step(Boundary.EPOCH)
    points, rate = session.tests.points, network.setup.optimizer.rate
    assert np.isnan(points[:, LEARNED]).all() and np.isnan(points[0, RATE])
    assert points[1:, RATE] == pytest.approx([rate, rate, rate / 2, rate / 2])


def test_scores_of_many_batches_are_counted_together_in_little_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = _session(chain(batch_size=100))
    monkeypatch.setattr(tally, "_NUMBERS", 10)
    narrow = _session(chain(batch_size=100))
    for session in (whole, narrow):
        session.step(Boundary.EPOCH)
    assert whole.tests.points[1, LEARNED] == narrow.tests.points[1, LEARNED]
