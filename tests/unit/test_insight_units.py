"""What units respond to, on networks whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio import data, project
from backprop_studio.insight import units as units_module
from backprop_studio.insight import using
from backprop_studio.insight.inputs import InputGradient
from backprop_studio.insight.units import FINE, saliency, units
from backprop_studio.network import Network, analyze
from backprop_studio.training import Boundary, Session

EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"

CNN: Layers = [
    ("input", {}),
    ("reshape", {"channels": 1, "height": 8, "width": 8}),
    ("conv2d", {"channels": 3}),
    ("batch_norm", {}),
    ("relu", {}),
    ("dropout", {}),
    ("flatten", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def session_of(network: Network, epochs: int = 0) -> Session:
    session = Session(analyze(network).require(), network.setup)
    for _ in range(epochs):
        session.step(Boundary.EPOCH)
    return session


def node(network: Network, name: str) -> str:
    found = network.named(name)
    assert found is not None
    return found.id


@pytest.fixture(scope="module")
def trained() -> tuple[Network, Session]:
    network = chain(precision="float64")
    return network, session_of(network, 10)


@pytest.mark.parametrize("layers", [None, CNN])
def test_the_gradient_of_a_row_is_what_moving_its_features_does(layers: Layers | None) -> None:
    network = chain(layers, precision="float64") if layers else chain(precision="float64")
    session = session_of(network, 1)
    dataset = data.load("digits")
    head = using.judged(session.lowered)
    x, y = dataset.x[7].astype(np.float64), dataset.y[7:8]
    ask = InputGradient(session, head.loss)
    loss, slope = ask(x, y)
    (scores,) = using.applied(session, dataset.x[7:8],
                              [session.lowered.evaluation.values[head.prediction]])  # fmt: skip
    alone = using.losses_of_rows(session, dataset.x[7:8], y, scores)
    assert loss == pytest.approx(float(alone[0]), rel=1e-6)
    for place in (10, 19, 36, 53):
        ends = []
        for step in (1e-6, -1e-6):
            moved = x.copy()
            moved[place] += step
            ends.append(ask(moved, y)[0])
        assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-7)
    assert np.allclose(saliency(session, 7, None), np.abs(slope), atol=1e-6)


def test_the_saliency_of_a_score_of_a_linear_network_is_its_weights() -> None:
    network = chain([("input", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})])
    session = session_of(network)
    weight = session.storage.view(session.program.parameters[0])
    for score in (0, 4):
        assert np.allclose(saliency(session, 3, score), np.abs(weight[:, score]))


def test_a_response_map_is_the_unit_over_the_plane() -> None:
    network = chain(
        [("input", {}), ("dense", {"units": 2}), ("relu", {}), ("dense", {"units": 2}),
         ("softmax_cross_entropy", {})],
        dataset="moons",
    )  # fmt: skip
    session = session_of(network)
    session.storage.view(session.program.parameters[0])[...] = [[1, 0], [0, -2]]
    session.storage.view(session.program.parameters[1])[...] = [0, 0.5]
    found = units(network, node(network, "relu_1"), 1, 0, None, session)
    assert found is not None and found.plane and found.maps.shape == (2, FINE, FINE)
    xs = np.linspace(found.low[0], found.high[0], FINE)
    ys = np.linspace(found.low[1], found.high[1], FINE)
    assert np.allclose(found.maps[0], np.maximum(xs, 0)[None, :], atol=1e-5)
    assert np.allclose(found.maps[1], np.maximum(0.5 - 2 * ys, 0)[:, None], atol=1e-5)
    # What this unit answers most to lies lowest, and climbing leads to the lower end.
    dataset = data.load("moons")
    lowest = np.argsort(dataset.x[:, 1])[:1]
    assert found.top[0] == lowest[0]
    assert found.answers[0] == pytest.approx(0.5 - 2 * dataset.x[lowest[0], 1])
    assert found.ascent is not None and found.ascent[1] == pytest.approx(dataset.x[:, 1].min())
    assert found.climb[1] >= found.answers[0] - 1e-5 > found.climb[0]
    shares = (0.5 - 2 * dataset.x[:, 1] > 0).mean()
    assert found.active[1] == pytest.approx(shares)


def test_climbing_finds_more_than_any_example_and_stays_in_range(
    trained: tuple[Network, Session],
) -> None:
    network, session = trained
    found = units(network, node(network, "dense_2"), 3, 5, None, session)
    assert found is not None and found.ascent is not None
    assert found.climb[1] > found.answers[0] > found.mean[3]
    assert found.ascent.min() >= 0 and found.ascent.max() <= 1
    dataset = data.load("digits")
    # An output answers most to pictures of its class.
    assert (dataset.y[found.top] == 3).mean() > 0.8
    assert found.example == session.rows[5] and np.array_equal(found.x, dataset.x[found.example])
    assert found.label == str(dataset.y[found.example]) and found.maps.shape[0] == 0


def test_channels_are_pictures_of_the_example() -> None:
    network = chain(CNN)
    session = session_of(network)
    found = units(network, node(network, "relu_1"), 99, 2, None, session)
    assert found is not None and found.unit == 2 and found.maps.shape[0] == 3 and not found.plane
    assert np.allclose(found.maps.mean(axis=(1, 2)), found.here, atol=1e-6)
    assert found.saliency is not None and found.saliency.shape == (64,)


def test_a_dead_unit_has_nothing_to_climb() -> None:
    network = chain()
    session = session_of(network)
    session.storage.view(session.program.parameters[1])[...] = -100
    found = units(network, node(network, "relu_1"), 0, 0, None, session)
    assert found is not None and found.ascent is not None
    assert found.climb == (0.0, 0.0) and (found.active == 0).all()


def test_tokens_have_no_gradient_and_say_so() -> None:
    network = project.load(EXAMPLES / "story.bps").network
    session = session_of(network)
    last = network.incoming(network.losses[0].id)[0].source
    found = units(network, last, 0, 0, None, session)
    assert found is not None and found.saliency is None and found.ascent is None
    assert len(found.top) > 0 and found.image_shape is None


def test_the_session_is_left_as_it_is(trained: tuple[Network, Session]) -> None:
    network, session = trained
    before, cursor = session.storage.save(), session.cursor
    units(network, node(network, "relu_1"), 1, 0, 2, session)
    assert session.cursor == cursor
    for name, arena in before.arenas.items():
        assert np.array_equal(arena, session.storage.arena(name))
    assert units(network, node(network, "loss_1"), 0, 0, None, session) is None


STEPS = ("reshape", {"channels": 4, "height": 16, "width": 0})


@pytest.mark.parametrize(
    ("layers", "name", "count"),
    [
        ([STEPS, ("lstm", {"units": 5, "returns": "sequence"})], "lstm_1", 5),
        ([STEPS, ("dense", {"units": 6}), ("relu", {})], "relu_1", 6),
        ([STEPS, ("conv1d", {"channels": 7}), ("relu", {})], "relu_1", 7),
        ([STEPS, ("conv1d", {"channels": 7}), ("max_pool1d", {}), ("tanh", {})], "tanh_1", 7),
        ([STEPS, ("conv1d", {"channels": 7}), ("dense", {"units": 6})], "dense_1", 6),
    ],
)
def test_units_are_features_of_steps_and_channels_of_convolutions(
    layers: Layers, name: str, count: int
) -> None:
    network = chain(
        [("input", {}), *layers, ("flatten", {}), ("dense", {"units": 10}),
         ("softmax_cross_entropy", {})]
    )  # fmt: skip
    session = session_of(network)
    found = units(network, node(network, name), count - 1, 0, None, session)
    assert found is not None
    assert found.unit == count - 1 and found.here.shape == found.mean.shape == (count,)
    assert found.ascent is not None and found.climb[1] >= found.climb[0]
    (made,) = using.applied(
        session,
        data.load("digits").x[found.example : found.example + 1],
        [units_module.layers(network, session)[node(network, name)]],
    )
    axis = made.shape.index(count)
    other = tuple(a for a in (1, 2) if a != axis)
    assert found.here == pytest.approx(made[0].mean(axis=other[0] - 1), rel=1e-5, abs=1e-7)
