"""Pictures enter, are learned from, and what does not fit is said before anything is allocated."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio import data, nn
from backprop_studio.autograd import BATCH
from backprop_studio.network import analyze
from backprop_studio.training import Session

END: Layers = [("flatten", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})]
CNN: Layers = [
    ("input", {"shape": "image"}),
    ("conv2d", {"channels": 8}),
    ("relu", {}),
    ("max_pool2d", {}),
    ("conv2d", {"channels": 16}),
    ("relu", {}),
    ("max_pool2d", {}),
    *END,
]


def with_layer(layer: str, **config: object) -> list[str]:
    """The problems of a network with this layer right behind an Input that gives pictures."""
    network = chain([("input", {"shape": "image"}), (layer, config), *END])
    return [d.text for d in analyze(network).errors]


def test_that_pictures_are_the_rows_of_the_data_set_without_another_copy() -> None:
    network = chain(CNN, batch_size=32)
    analysis = analyze(network)
    assert analysis.shapes["input_1"] == (BATCH, 1, 8, 8)
    session = Session(analysis.require(), network.setup)
    session.run_epoch()
    given, rows = session.machine._context.feeds["x"]
    assert np.array_equal(given[:, 0].reshape(len(given), 64), data.load("digits").x)
    assert given.base is not None
    x = session.machine.array(session.program.inputs["x"])
    assert np.array_equal(x, given[rows])


def test_that_rows_that_are_no_pictures_are_a_problem_of_the_input() -> None:
    (problem, *_) = analyze(chain(CNN, dataset="circles")).errors
    assert (problem.code, problem.node, problem.field) == ("image-missing", "input_1", "shape")


def test_that_dense_on_pictures_recommends_flatten() -> None:
    (problem,) = with_layer("dense")[:1]
    assert "Flatten" in problem
    assert "N×1×8×8" in problem


@pytest.mark.parametrize(
    ("layer", "config", "says"),
    [
        ("conv2d", {"kernel": 9, "padding": 0}, "at least 9×9"),
        ("conv2d", {"groups": 2}, "2 groups"),
        ("conv2d", {"channels": 8, "groups": 3}, "divisor of 8"),
        ("conv2d", {"padding": -1}, "Padding"),
        ("conv2d", {"stride": 0}, "Stride"),
        ("conv2d", {"kernel": 10**9}, "Kernel"),
        ("conv2d", {"channels": 10_000, "kernel": 1000, "padding": 1000}, "memory"),
        ("conv2d", {"channels": 1, "kernel": 1000, "padding": 1000}, "memory"),
        ("conv1d", {}, "sequences"),
        ("max_pool2d", {"kernel": 9}, "at least 9×9"),
        ("max_pool2d", {"padding": 2}, "half of the kernel, 1"),
        ("avg_pool2d", {"kernel": 0}, "Kernel"),
        ("upsample", {"factor": 101}, "Factor"),
    ],
)
def test_that_what_does_not_fit_is_said(layer: str, config: dict[str, object], says: str) -> None:
    problems = with_layer(layer, **config)
    assert any(says in p for p in problems), problems


@pytest.mark.parametrize(
    ("layer", "config", "says"),
    [
        ("conv2d", {}, "8 channels, 3×3"),
        ("conv1d", {}, "8 channels, 3"),
        ("max_pool2d", {}, "2×2"),
        ("avg_pool2d", {"kernel": 3}, "3×3, stride 2"),
        ("upsample", {}, "2 times"),
        ("dense", {}, "32 units"),
        ("dense", {"units": 1}, "1 unit"),
        ("conv2d", {"channels": 1}, "1 channel, 3×3"),
        ("flatten", {}, ""),
    ],
)
def test_that_the_card_names_the_settings_that_matter(
    layer: str, config: dict[str, object], says: str
) -> None:
    assert nn.layers()[layer].from_config(config).caption == says


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_that_a_small_cnn_learns_the_digits_in_15_epochs(seed: int) -> None:
    adam = nn.optimizers()["adam"].from_config({"learning_rate": 0.01})
    network = chain(CNN, seed=seed, optimizer=adam)
    session = Session(analyze(network).require(), network.setup)
    for _ in range(15):
        session.run_epoch()
    accuracy = session.evaluate().accuracy
    assert accuracy is not None
    assert accuracy >= 0.97
