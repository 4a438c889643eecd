"""Planted bugs: every kind changes the gradients that it must, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain, residual

from backprop_studio.autograd import Phase
from backprop_studio.errors import StudioError
from backprop_studio.insight.bugs import Bug, Kind, bugs, hunt, plant
from backprop_studio.insight.check import Band
from backprop_studio.network import Network, analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session


def _session(network: Network) -> Session:
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    return session


@pytest.fixture(scope="module")
def session() -> Session:
    return _session(residual()[0])


def _bug(session: Session, kind: Kind, name: str) -> Bug:
    ids = {n.name: n.id for n in residual()[0].nodes}
    return next(b for b in bugs(session.program) if b.kind is kind and b.node == ids[name])


@pytest.mark.parametrize(
    ("kind", "node", "wrong"),
    [
        (Kind.NO_DERIVATIVE, "relu_1", {"dense_1"}),
        (Kind.OVERWRITTEN, "dense_1", {"dense_1"}),
        (Kind.UNTRANSPOSED, "dense_2", {"dense_1"}),
        (Kind.STALE_CACHE, "dense_2", {"dense_2"}),
        (Kind.NOT_ZEROED, "dense_3", {"dense_3"}),
    ],
)
def test_a_bug_spoils_what_lies_before_it(
    session: Session, kind: Kind, node: str, wrong: set[str]
) -> None:
    machine = session.precise()
    program = session.program
    machine.run(0, program.start_of(Phase.UPDATE))
    right = {v.id: np.array(machine.array(program.gradients[v.id])) for v in program.parameters}
    found = plant(_bug(session, kind, node), machine)
    spoilt = {
        program.values[i].node for i in right if not np.allclose(found[i], right[i], atol=1e-10)
    }
    names = {n.name for n in residual()[0].nodes if n.weights in spoilt}
    assert names == wrong


def test_each_kind_is_planted_now_and_then_and_seen_by_the_check(session: Session) -> None:
    before = session.weights()
    kinds = set()
    for seed in range(25):
        found = hunt(seed, 0.02, session)
        kinds.add(found.bug.kind)
        assert any(check.band is Band.WRONG for check in found.checks), found.bug
        assert hunt(seed, 0.02, session).bug == found.bug
    assert kinds == set(Kind)
    assert all(np.array_equal(before[k], v) for k, v in session.weights().items())


def test_a_network_without_gradients_has_no_bugs() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})]
    network = chain(layers, optimizer=optimizers()["random_search"]())
    with pytest.raises(StudioError, match="No bug"):
        hunt(1, 0.1, _session(network))
