"""Credit assignment and nudges, on networks whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from networks import DIGITS, chain

from backprop_studio.autograd import Phase, Role
from backprop_studio.errors import StudioError
from backprop_studio.insight.credit import credit, nudge
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session

SMOOTH = [(name if name != "relu" else "tanh", config) for name, config in DIGITS]


def _session(layers: object = DIGITS, **setup: object) -> Session:
    network = chain(layers, batch_size=32, **setup)  # type: ignore[arg-type]
    return Session(analyze(network).require(), network.setup)


def test_the_shares_add_up_and_the_sum_is_that_of_gradient_times_update() -> None:
    session = _session()
    session.step(Boundary.BATCH)
    ledger = credit(None, session)
    assert sum(row.share for row in ledger.parameters) == pytest.approx(1.0)
    effects = [row.effect for row in ledger.parameters]
    assert effects == sorted(effects, reverse=True)
    # It is of the iteration that has just ended: from before it, to where the session stands.
    fresh, program = _session(), session.program
    update = program.start_of(Phase.UPDATE)
    moved = sum(
        float(np.sum(fresh.rerun(update).array(gradient) * (now - then)))
        for value, gradient in program.gradients.items()
        if (v := program.values[value]).role is Role.PARAMETER
        for now, then in [(session.weights()[v.key], fresh.weights()[v.key])]
    )
    assert ledger.predicted == pytest.approx(moved, rel=1e-4)
    assert ledger.loss == session.last_loss


def test_single_numbers_belong_to_their_parameter_and_to_what_is_asked_for() -> None:
    session = _session()
    session.step(Boundary.OP)
    first, second = session.program.parameters[:2]
    every = credit(None, session)
    assert len(every.entries) == 200
    some = credit({second.id}, session)
    assert {row.parameter for row in some.entries} == {second.id}
    assert len(some.entries) == 16
    twin = session.twin()
    twin.run(0, session.program.start_of(Phase.UPDATE))
    gradient = twin.array(session.program.gradients[first.id])
    for row in every.entries:
        if row.parameter == first.id:
            assert row.gradient == pytest.approx(float(gradient[row.entry]))
            assert row.effect == pytest.approx(abs(row.gradient * row.update))


def test_plain_descent_gives_credit_as_the_square_of_the_gradient() -> None:
    session = _session(optimizer=optimizers()["sgd"].from_config({"learning_rate": 0.5}))
    session.step(Boundary.OP)
    for row in credit(None, session).parameters:
        assert row.effect == pytest.approx(0.5 * row.gradient**2, rel=1e-3)
        assert row.update == pytest.approx(0.5 * row.gradient, rel=1e-3)


def test_the_gap_of_a_nudge_shrinks_as_its_square_where_the_loss_is_smooth() -> None:
    session = _session(SMOOTH)
    session.step(Boundary.EPOCH)
    weight = session.program.parameters[0]
    told = nudge(weight.id, (20, 3), 0.01, session)
    assert told.slope == pytest.approx(2.0, abs=0.15)
    assert told.predicted == pytest.approx(told.gradient * 0.01)
    assert told.gap == pytest.approx(abs(told.real - told.predicted))
    assert told.real == pytest.approx(told.predicted, rel=0.05)
    assert nudge(weight.id, (20, 3), 0.0, session).real == 0.0


def test_a_nudge_leaves_the_run_as_it_is_and_refuses_what_is_not_there() -> None:
    session = _session()
    session.step(Boundary.PHASE)
    before = session.weights()
    weight = session.program.parameters[0]
    nudge(weight.id, (0, 0), 1.0, session)
    credit(None, session)
    assert all(np.array_equal(before[k], v) for k, v in session.weights().items())
    with pytest.raises(StudioError, match="entry"):
        nudge(weight.id, (99, 0), 1.0, session)
