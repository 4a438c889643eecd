"""What layers make of the same examples: directions, steadiness, probes."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio import nn
from backprop_studio.insight import representations as module
from backprop_studio.insight.representations import (
    LAYERS,
    pca,
    probe,
    representations,
    steady,
)
from backprop_studio.network import Network, analyze
from backprop_studio.training import Boundary, Session

RNG = np.random.default_rng(5)


def session_of(network: Network) -> Session:
    return Session(analyze(network).require(), network.setup)


@pytest.mark.parametrize("shape", [(60, 7), (20, 90), (30, 30), (5, 2), (6, 1)])
def test_directions_are_those_of_the_singular_value_decomposition(shape: tuple[int, int]) -> None:
    numbers = RNG.normal(size=shape) * np.linspace(5, 1, shape[1]) + 3
    places, shares = pca(numbers)
    centred = numbers - numbers.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    wanted = (u * s)[:, :2]
    for axis in range(wanted.shape[1]):
        sign = np.sign(wanted[np.abs(wanted[:, axis]).argmax(), axis])
        assert np.allclose(places[:, axis], sign * wanted[:, axis], atol=1e-8)
        assert shares[axis] == pytest.approx(s[axis] ** 2 / np.sum(s**2), abs=1e-10)


def test_what_does_not_vary_has_no_directions() -> None:
    places, shares = pca(np.full((9, 4), 2.5))
    assert not places.any() and shares == (0.0, 0.0)


def test_pictures_neither_flip_nor_swap_from_one_moment_to_the_next() -> None:
    before = RNG.normal(size=(50, 2)) * [3, 2]
    for turned in (before * [-1, 1], before * [1, -1], before[:, ::-1], before[:, ::-1] * [-1, 1]):
        swapped = not np.allclose(np.abs(turned), np.abs(before))
        again, shares = steady(turned + 0.01, (0.6, 0.3), before)
        assert np.allclose(again, before, atol=0.02)
        assert shares == ((0.3, 0.6) if swapped else (0.6, 0.3))
    unlike = RNG.normal(size=(9, 2))
    assert np.array_equal(steady(unlike, (0.6, 0.3), before)[0], unlike)


def test_a_probe_is_ridge_regression_measured_on_held_out_rows() -> None:
    x = RNG.normal(size=(200, 5))
    y = (x @ RNG.normal(size=(5, 2))) + 0.7
    train = np.arange(200) < 150
    fitted, tested = probe(x, y, train, ~train, classes=False)
    assert fitted > 0.99999 and tested > 0.99999
    noise = RNG.normal(size=(200, 1))
    fitted, tested = probe(x, noise, train, ~train, classes=False)
    # Against least squares by a library, on rows with mean 0 and variance 1.
    z = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    design = np.column_stack([z, np.ones(200)])
    weights, *_ = np.linalg.lstsq(design[train], noise[train], rcond=None)
    error = noise[~train] - design[~train] @ weights
    around = noise[~train] - noise[~train].mean()
    assert tested == pytest.approx(1 - np.sum(error**2) / np.sum(around**2), abs=2e-3)


def test_a_probe_gives_the_same_in_both_forms() -> None:
    x = RNG.normal(size=(40, 30))
    y = np.eye(3)[RNG.integers(0, 3, 40)]
    train = np.arange(40) % 4 > 0
    wide = np.concatenate([x, np.zeros((40, 30))], axis=1)
    module_ridge = module.RIDGE
    try:
        module.RIDGE = 1e-9
        assert probe(x, y, train, ~train, classes=True) == pytest.approx(
            probe(wide, y, train, ~train, classes=True)
        )
    finally:
        module.RIDGE = module_ridge


def test_a_line_cannot_tell_xor_apart_and_a_product_can() -> None:
    x = RNG.choice([-1.0, 1.0], size=(400, 2)) + RNG.normal(scale=0.1, size=(400, 2))
    y = np.eye(2)[(x[:, 0] * x[:, 1] > 0).astype(int)]
    train = np.arange(400) < 300
    assert probe(x, y, train, ~train, classes=True)[1] < 0.7
    made = np.column_stack([x, x[:, 0] * x[:, 1]])
    assert probe(made, y, train, ~train, classes=True)[1] == 1.0


def test_constant_and_missing_numbers_are_no_obstacle() -> None:
    x = np.ones((20, 3))
    y = np.eye(2)[np.arange(20) % 2]
    train = np.arange(20) < 10
    assert probe(x, y, train, ~train, classes=True)[1] == 0.5
    x[0, 0] = np.nan
    assert np.isnan(probe(x, y, train, ~train, classes=True)).all()
    assert np.isnan(probe(y, y, train, ~train & train, classes=True)).all()


def test_layers_tell_the_spirals_apart_better_and_better() -> None:
    layers: Layers = [
        ("input", {}),
        ("dense", {"units": 32}),
        ("relu", {}),
        ("dense", {"units": 32}),
        ("relu", {}),
        ("dense", {"units": 2}),
        ("softmax_cross_entropy", {}),
    ]
    adam = nn.optimizers()["adam"].from_config({"learning_rate": 0.01})
    network = chain(layers, dataset="spirals", optimizer=adam)
    session = session_of(network)
    for _ in range(60):
        session.step(Boundary.EPOCH)
    found = representations(network, {}, None, session)
    assert [network.node(layer.node).name for layer in found.layers] == [
        "input_1", "dense_1", "relu_1", "dense_2", "relu_2", "dense_3",
    ]  # fmt: skip
    probes = [layer.probe for layer in found.layers]
    assert probes[0] < 0.7 < 0.95 < probes[-1]
    assert probes[2] > probes[0] and probes[4] > probes[2]
    assert found.layers[0].width == 2 and found.layers[1].width == 32
    # The first layer's directions are those of the data themselves.
    assert sum(found.layers[0].shares) == pytest.approx(1.0)
    assert found.held.any() and set(found.kinds) == {0, 1} and found.left_out == 0


def test_two_units_are_plotted_as_they_are() -> None:
    network = chain([("input", {}), ("dense", {"units": 1}), ("mse", {})], dataset="sine")
    found = representations(network, {}, (0, 3), session_of(network))
    assert [layer.axes for layer in found.layers] == [(0, 0), (0, 0)]
    assert found.classes == () and set(found.kinds) <= set(range(5))
    network = chain()
    session = session_of(network)
    found = representations(network, {}, (3, 60), session)
    assert found.layers[0].axes == (3, 60) and found.layers[1].axes == (3, 15)


def test_a_long_network_is_sampled_from_its_first_to_its_last_layer() -> None:
    layers: Layers = [("input", {})]
    for _ in range(14):
        layers += [("dense", {"units": 3}), ("tanh", {})]
    network = chain(
        [*layers, ("dense", {"units": 2}), ("softmax_cross_entropy", {})], dataset="moons"
    )
    found = representations(network, {}, None, session_of(network))
    names = [network.node(layer.node).name for layer in found.layers]
    assert len(names) == LAYERS and (names[0], names[-1]) == ("input_1", "dense_15")
    assert found.left_out == 30 - LAYERS


def test_numbers_that_are_not_finite_have_no_place() -> None:
    network = chain()
    session = session_of(network)
    session.storage.view(session.program.parameters[0])[0] = np.nan
    found = representations(network, {}, None, session)
    assert np.isnan(found.layers[1].places).all() and np.isnan(found.layers[1].probe)
    assert np.isfinite(found.layers[0].places).all()
