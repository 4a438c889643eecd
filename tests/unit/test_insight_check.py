"""The gradient check of a running session."""

from __future__ import annotations

import dataclasses

import pytest
from networks import chain
from sessions import bits

from backprop_studio.autograd import Phase
from backprop_studio.autograd.ops.arithmetic import Fill
from backprop_studio.insight.check import Band, check_gradients
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session

SMOOTH: list[tuple[str, dict[str, object]]] = [
    ("input", {}),
    ("dense", {"units": 6}),
    ("tanh", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def _session() -> Session:
    net = chain(SMOOTH, batch_size=16)
    session = Session(analyze(net).require(), net.setup)
    session.step(Boundary.BATCH)
    session.step(Boundary.OP)
    return session


def test_that_the_gradients_of_a_smooth_network_are_right() -> None:
    session = _session()
    before = bits(session)
    checks = check_gradients(60.0, session)
    assert [c.size for c in checks] == [64 * 6, 6, 60, 10]
    assert all(c.checked == c.size and c.band is Band.RIGHT for c in checks)
    assert bits(session) == before


def test_that_every_parameter_is_checked_when_there_is_no_time() -> None:
    assert [c.checked for c in check_gradients(0.0, _session())] == [1, 1, 1, 1]


@pytest.mark.parametrize("factor", (-1.0, 2.0))
def test_that_a_wrong_gradient_is_found(factor: float) -> None:
    session = _session()
    program = session.program
    index = next(i for i, s in enumerate(program.instructions) if s.phase is Phase.BACKWARD)
    seed = program.instructions[index]
    assert isinstance(seed.op, Fill)
    wrong = dataclasses.replace(seed, op=Fill(factor))
    instructions = (*program.instructions[:index], wrong, *program.instructions[index + 1 :])
    session.program = dataclasses.replace(program, instructions=instructions)
    for check in check_gradients(0.0, session):
        assert check.band is Band.WRONG
        assert check.backward == pytest.approx(factor * check.numeric, rel=1e-4)
