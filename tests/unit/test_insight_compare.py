"""Two moments beside each other."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain

from backprop_studio.insight.compare import capture, compare
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session


def test_what_changed_between_two_moments_is_told() -> None:
    network = chain(batch_size=32)
    session = Session(analyze(network).require(), network.setup)
    a = capture(session)
    for _ in range(3):
        session.step(Boundary.BATCH)
    b = capture(session)
    assert (a.completed, b.completed) == (0, 3)
    assert a.loss is None and b.loss == session.last_loss
    assert b.test == session.evaluate().loss
    for change in compare(a, b):
        x, y = a.weights[change.key], b.weights[change.key]
        assert change.moved == pytest.approx(float(np.linalg.norm(y - x)), rel=1e-5)
        assert change.largest == pytest.approx(float((y - x)[change.entry]), rel=1e-4)
        assert abs(change.largest) == pytest.approx(float(np.abs(y - x).max()), rel=1e-4)
    weight = compare(a, b)[0]
    assert 0.9 < weight.cosine < 1.0
    # A bias begins at zero, and zero has no direction.
    assert np.isnan(compare(a, b)[1].cosine)
    assert all(c.moved == 0.0 for c in compare(b, b))


def test_a_moment_stays_as_it_was_when_training_goes_on() -> None:
    network = chain(batch_size=32)
    session = Session(analyze(network).require(), network.setup)
    a = capture(session)
    kept = {i: array.copy() for i, array in a.weights.items()}
    session.step(Boundary.BATCH)
    assert all(np.array_equal(kept[i], array) for i, array in a.weights.items())
    session.back(Boundary.BATCH)
    assert all(c.moved == 0.0 for c in compare(a, capture(session)))
