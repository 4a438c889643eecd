"""Fifty steps of a convolutional network equal PyTorch's, kept and live."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio import nn
from tests.golden import cnn_case as case
from tests.golden import networks
from tests.golden.cnn_case import Array

TOLERANCE = 1e-8


def train(given: dict[str, Array]) -> dict[str, Array]:
    sgd = nn.optimizers()["sgd"].from_config({"learning_rate": case.RATE})
    return networks.train(networks.cnn(sgd), given, prefix="last_")


def assert_equal(ours: dict[str, Array], theirs: dict[str, Array]) -> None:
    assert ours.keys() <= theirs.keys()
    for name, array in ours.items():
        assert np.abs(array - theirs[name]).max() <= TOLERANCE, name


def load() -> dict[str, Array]:
    with np.load(case.PATH, allow_pickle=False) as arrays:
        return dict(arrays)


def test_that_fifty_steps_of_a_cnn_equal_the_kept_results_of_pytorch() -> None:
    kept = load()
    result = train(kept)
    assert len(result) == 1 + len(case.SHAPES)
    assert_equal(result, kept)
    assert kept["losses"][-5:].mean() < 0.8 * kept["losses"][:5].mean()


def test_that_the_fixture_belongs_to_the_case_and_is_small() -> None:
    kept = load()
    for name, array in case.start().items():
        assert np.array_equal(kept[name], array)
    assert case.PATH.stat().st_size < 50_000


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
def test_that_fifty_steps_of_a_cnn_equal_those_of_the_pytorch_installed_here() -> None:
    given = case.start()
    assert_equal(train(given), case.train_with_pytorch(given))
