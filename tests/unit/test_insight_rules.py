"""What each rule does with the same gradient."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase
from backprop_studio.insight.rules import Rule, Trial, try_rules
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session


def _session(optimizer: str = "sgd", **settings: object) -> Session:
    spec = optimizers()[optimizer].from_config({"learning_rate": 0.01, **settings})
    network = chain(batch_size=1438, optimizer=spec, precision="float64")
    return Session(analyze(network).require(), network.setup)


def _trial(trials: tuple[Trial, ...], rule: Rule) -> Trial:
    return next(t for t in trials if t.rule is rule)


def test_nothing_never_moves_the_loss_and_descent_and_ascent_part() -> None:
    session = _session()
    before = session.weights()
    trials = try_rules(0.01, 10, False, session)
    assert {t.rule for t in trials} == set(Rule)
    assert len(set(_trial(trials, Rule.NOTHING).losses)) == 1
    down, up = _trial(trials, Rule.DESCENT).losses, _trial(trials, Rule.ASCENT).losses
    assert all(a > b for a, b in itertools.pairwise(down))
    assert all(a < b for a, b in itertools.pairwise(up))
    assert len({t.losses[0] for t in trials}) == 1
    assert all(np.array_equal(before[k], v) for k, v in session.weights().items())


@pytest.mark.parametrize(
    ("rule", "optimizer", "settings"),
    [
        (Rule.DESCENT, "sgd", {}),
        (Rule.MOMENTUM, "momentum", {}),
        (Rule.ADAM, "adam", {}),
    ],
)
def test_a_rule_does_what_the_optimizer_of_its_name_does(
    rule: Rule, optimizer: str, settings: dict[str, object]
) -> None:
    # The whole data set is one batch, so that every iteration sees the same rows.
    session = _session(optimizer, **settings)
    losses = _trial(try_rules(0.01, 5, False, session), rule).losses
    for wanted in losses[:5]:
        session.step(Boundary.BATCH)
        assert session.last_loss == pytest.approx(wanted, rel=1e-6)


def test_a_frozen_gradient_is_that_of_the_first_step() -> None:
    session = _session()
    frozen = _trial(try_rules(0.01, 3, True, session), Rule.DESCENT).losses
    machine = session.precise()
    program = machine.program
    machine.run(0, program.start_of(Phase.UPDATE))
    for value in program.parameters:
        array = machine.writable(value)
        array -= 3 * 0.01 * machine.array(program.gradients[value.id])
    machine.run(program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD))
    assert frozen[3] == pytest.approx(machine.loss(), rel=1e-9)
