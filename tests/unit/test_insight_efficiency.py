"""Four ways to one gradient: what they cost and that they agree."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio.autograd import Phase
from backprop_studio.insight.efficiency import Method, costs, growth, race, reused
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session

SMOOTH: Layers = [
    ("input", {}),
    ("dense", {"units": 6}),
    ("tanh", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def _session(layers: Layers = SMOOTH, **setup: object) -> Session:
    network = chain(layers, batch_size=8, **setup)
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    return session


def test_the_methods_agree_with_backward_and_cost_what_they_must() -> None:
    session = _session()
    before = session.weights()
    runs = {run.method: run for run in race(0.05, session)}
    assert list(runs) == list(Method)
    count = 64 * 6 + 6 + 6 * 10 + 10
    forward, backward = costs(session.program, 8)
    assert runs[Method.BACKWARD].operations == forward + backward
    for method in (Method.DIFFERENCES, Method.FORWARD_MODE):
        run = runs[method]
        assert run.derivatives == count and 2 <= run.sampled <= count
        assert run.digits is not None and run.digits > 7
        assert run.operations == 2 * count * forward
        assert run.seconds is not None and run.seconds > 0
    assert runs[Method.PATHS].seconds is None
    assert all(np.array_equal(before[k], v) for k, v in session.weights().items())


def test_a_network_without_gradients_has_no_race() -> None:
    assert race(0.05, _session(optimizer=optimizers()["random_search"]())) == ()


def test_costs_grow_linearly_quadratically_and_exponentially() -> None:
    by_width, by_depth = growth(32)
    sizes = np.array(by_width.sizes)
    assert sizes[0] == 64 * 2 + 2 + 2 * 10 + 10

    def power(method: Method) -> float:
        costs = np.array(by_width.operations[method])[2:]
        return float(np.polyfit(np.log(sizes[2:]), np.log(costs), 1)[0])

    assert power(Method.BACKWARD) == pytest.approx(1.0, abs=0.05)
    assert power(Method.DIFFERENCES) == pytest.approx(2.0, abs=0.05)
    walked = by_depth.operations[Method.PATHS]
    # Each layer of 16 units more multiplies the paths by 16, and makes them longer.
    assert walked[-1] / walked[-2] > 16
    back = by_depth.operations[Method.BACKWARD]
    assert back[-1] / back[-2] < 1.2


def test_what_backward_reuses_is_what_its_instructions_read() -> None:
    program = _session().program
    found = {r.value: r for r in reused(program, 8)}
    tanh = next(i for i in program.instructions if i.op.name == "tanh")
    (made,) = tanh.outputs
    assert found[made].size == 8 * 6 * 4
    back = program.instructions[program.start_of(Phase.BACKWARD) : program.start_of(Phase.UPDATE)]
    assert found[made].readers == sum(made in i.inputs for i in back) >= 2
    assert found[made].spared == 8 * 6 * 64 + 8 * 6
    assert tanh.inputs[0] not in found
