"""The error signal over depth: vanishing and exploding on networks that are known to do so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio.autograd import Phase
from backprop_studio.insight.depth import Trend, profile
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session


def _session(layers: Layers, **setup: object) -> Session:
    network = chain(layers, batch_size=32, **setup)
    return Session(analyze(network).require(), network.setup)


def _deep(activation: str, count: int, **dense: object) -> Layers:
    hidden = [("dense", {"units": 16, **dense}), (activation, {})] * count
    return [("input", {}), *hidden, ("dense", {"units": 10}), ("softmax_cross_entropy", {})]


@pytest.mark.parametrize(
    ("layers", "trend"),
    [
        (_deep("relu", 3), Trend.STEADY),
        (_deep("sigmoid", 6), Trend.VANISHING),
        (_deep("linear", 6, init="normal", scale=2.0), Trend.EXPLODING),
    ],
)
def test_the_trend_of_known_networks(layers: Layers, trend: Trend) -> None:
    session = _session(layers)
    session.step(Boundary.BATCH)
    told = profile(session)
    assert told.trend is trend and told.whole
    # From the loss to the input; the data themselves get no signal.
    assert told.stops[0].node.startswith("dense_")
    assert told.stops[-1].node == "dense_1"
    for stop in told.stops:
        assert stop.share == pytest.approx(stop.signal / told.stops[0].signal)
        assert (stop.gradient is not None) == stop.node.startswith("dense")
    if trend is Trend.VANISHING:
        shares = [s.share for s in told.stops if s.node.startswith("sigmoid")]
        assert all(a > b for a, b in itertools.pairwise(shares))
        assert told.ratio == min(s.share for s in told.stops)
        assert 0.1 < told.per_layer < 0.9


def test_sizes_are_those_of_the_arrays_and_only_of_what_is_computed() -> None:
    session = _session(_deep("relu", 2))
    assert all(s.signal is s.activation is s.gradient is None for s in profile(session).stops)
    while session.cursor.index < session.program.start_of(Phase.BACKWARD) + 3:
        session.step(Boundary.OP)
    told = profile(session)
    computed = [s.signal is not None for s in told.stops]
    # What is nearest to the loss comes first.
    assert computed == sorted(computed, reverse=True) and any(computed) and not all(computed)
    assert not told.whole
    first = told.stops[0]
    program, machine = session.program, session.machine
    value = next(v for v in reversed(program.values) if v.node == first.node
                 and v.id in program.gradients and v.role == "result")  # fmt: skip
    array = machine.array(program.gradients[value.id]).astype(float)
    assert first.signal == pytest.approx(np.sqrt(np.mean(array**2)))


def test_a_network_without_gradients_has_a_profile_without_numbers() -> None:
    session = _session(_deep("relu", 1), optimizer=optimizers()["random_search"]())
    session.step(Boundary.BATCH)
    told = profile(session)
    assert told.ratio is None and all(s.signal is None for s in told.stops)
