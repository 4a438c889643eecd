"""Fifty steps of a CNN and an LSTM by every optimizer, with penalties, equal PyTorch's."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio.autograd import Array
from backprop_studio.nn import optimizers
from tests.golden import networks
from tests.golden.make_trajectory_fixtures import (
    CASES,
    FOLDER,
    L1,
    L2,
    NETWORKS,
    Case,
    start,
    train_with_pytorch,
)

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
TOLERANCE = 1e-8


def load(case: Case) -> dict[str, Array]:
    with np.load(case.path, allow_pickle=False) as arrays:
        start_of = f"{case.name}."
        return {k.removeprefix(start_of): arrays[k] for k in arrays if k.startswith(start_of)}


def train(case: Case, *, l1: float = L1, l2: float = L2) -> dict[str, Array]:
    """What `train_with_pytorch` gives, by this engine."""
    config = {"learning_rate": case.rate, **dict(case.settings)}
    optimizer = optimizers()[case.optimizer].from_config(config)
    if case.network == "cnn":
        program = networks.cnn(optimizer, l1=l1, l2=l2)
    else:
        program = networks.recurrent(case.network, optimizer, l1=l1, l2=l2)
    return networks.train(program, start(case))


def assert_equal(ours: dict[str, Array], theirs: dict[str, Array]) -> None:
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        assert np.abs(ours[name] - expected).max() <= TOLERANCE, name


@every_case
def test_that_fifty_steps_equal_the_kept_results_of_pytorch(case: Case) -> None:
    theirs = load(case)
    assert_equal(train(case), theirs)
    losses = theirs["losses"]
    assert losses[-5:].mean() < 0.9 * losses[:5].mean(), "a case that does not learn says little"


@every_case
@pytest.mark.parametrize("without", ["l1", "l2"])
def test_that_each_penalty_tells(case: Case, without: str) -> None:
    """Else the results would agree without them, too."""
    theirs = load(case)
    ours = train(case, **{without: 0.0})
    assert all(np.abs(ours[name] - theirs[name]).max() > 1e-4 for name in theirs)


def test_that_every_optimizer_with_gradients_trains_every_network() -> None:
    expected = {(n, i) for n in NETWORKS for i in networks.optimizers_with_gradients()}
    assert {(case.network, case.optimizer) for case in CASES} == expected
    assert len(CASES) == len(expected)


def test_that_every_fixture_is_used_and_small() -> None:
    assert set(FOLDER.iterdir()) == {case.path for case in CASES}
    for path in FOLDER.iterdir():
        with np.load(path, allow_pickle=False) as arrays:
            names = {k.split(".")[0] for k in arrays}
        assert names == {case.name for case in CASES if case.path == path}
        assert path.stat().st_size < 100_000


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_fifty_steps_equal_those_of_the_pytorch_installed_here(case: Case) -> None:
    assert_equal(train(case), train_with_pytorch(case))
