"""Whenever the screen looks, it gets every point of the curves, once and in order."""

from __future__ import annotations

import threading

import numpy as np

from backprop_studio.training import Snapshot, State
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.messages import CurveUpdate
from backprop_studio.training.metrics import TEST_COLUMNS

NO_TESTS = np.empty((0, TEST_COLUMNS))


def _points(first: int, last: int) -> CurveUpdate:
    numbers = np.arange(first, last, dtype=float)
    return CurveUpdate(None, np.stack([numbers, numbers], axis=1), NO_TESTS)


def test_that_points_wait_for_the_snapshot_that_they_belong_to() -> None:
    mailbox = Mailbox()
    mailbox.put(Snapshot(1, State.RUNNING))
    assert mailbox.take()[0] is not None
    mailbox.add(_points(0, 3))
    assert mailbox.take() == (None, ()) and mailbox.wanted, "the snapshot is being made"
    mailbox.put(Snapshot(1, State.RUNNING))
    snapshot, (curves,) = mailbox.take()
    assert snapshot is not None and curves.losses[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert mailbox.take() == (None, ())


def test_that_no_point_is_lost_between_two_threads() -> None:
    mailbox, done = Mailbox(), threading.Event()

    def work() -> None:
        for k in range(3000):
            mailbox.add(_points(k, k + 1))
            mailbox.put(Snapshot(1, State.RUNNING))
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    seen: list[float] = []
    while not done.is_set() or mailbox._snapshot is not None:
        for update in mailbox.take()[1]:
            seen += update.losses[:, 0].tolist()
    worker.join()
    assert seen == [float(k) for k in range(3000)]
