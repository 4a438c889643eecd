"""Recurrent layers and embeddings equal PyTorch's: kept results, and live where installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio.autograd import Array, Builder, Machine, Storage, differentiate
from backprop_studio.nn import layers, optimizers
from tests.golden import networks
from tests.golden.make_recurrent_fixtures import (
    CASES,
    PATH,
    ROWS,
    TRAININGS,
    UNITS,
    Case,
    everything,
    start,
    start_training,
)
from tests.programs import Contract

every_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
every_training = pytest.mark.parametrize(("layer", "optimizer", "rate"), TRAININGS)


def kept(name: str) -> dict[str, Array]:
    with np.load(PATH, allow_pickle=False) as arrays:
        return {k.split(".")[1]: arrays[k] for k in arrays if k.startswith(f"{name}.")}


def compute(case: Case) -> dict[str, Array]:
    """What PyTorch computed for a case, by this engine."""
    given = start(case)
    sizes = {"vocabulary": 9, "width": UNITS} if case.layer == "embedding" else {"units": UNITS}
    b = Builder()
    tokens = given["x"].dtype == np.int64
    x = b.input("x", given["x"].shape, "int") if tokens else b.parameter("x", given["x"].shape)
    y = layers()[case.layer].from_config({**sizes, **case.config}).lower(b, x)
    # The upstream gradient 2y is fed, so that the loss is linear: its gradient is that of Σ y².
    loss = b.apply(Contract(), y, b.input("g", y.shape))
    differentiate(b, loss, b.build().parameters)
    program = b.build(loss)
    storage = Storage(program, np.float64)
    for p in program.parameters:
        storage.view(p)[...] = given[p.name]
    machine = Machine(program, storage, batch=ROWS)
    rows = np.arange(ROWS)
    if tokens:
        machine.feed("x", given["x"], rows)
    machine.feed("g", 2 * kept(case.name)["y"], rows)
    machine.run()
    gradients = {f"d{p.name}": machine.array(program.gradients[p.id]) for p in program.parameters}
    return {"y": machine.array(y), **gradients}


def train(layer: str, optimizer: str, rate: float) -> dict[str, Array]:
    """What PyTorch trained, by this engine."""
    spec = optimizers()[optimizer].from_config({"learning_rate": rate})
    return networks.train(networks.recurrent(layer, spec), start_training(layer, optimizer))


@every_case
def test_that_results_and_gradients_are_those_of_pytorch(case: Case) -> None:
    mine, theirs = compute(case), kept(case.name)
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        np.testing.assert_allclose(mine[name], expected, rtol=1e-12, atol=1e-12, err_msg=name)


@every_training
def test_that_fifty_steps_of_training_are_those_of_pytorch(
    layer: str, optimizer: str, rate: float
) -> None:
    mine, theirs = train(layer, optimizer, rate), kept(f"{layer}_{optimizer}")
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert np.abs(mine[name] - expected).max() <= 1e-8, name
    assert theirs["losses"][-1] < 0.9 * theirs["losses"][0], "without learning, it says little"


def test_that_the_fixture_is_small() -> None:
    assert PATH.stat().st_size < 100_000


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
def test_that_the_fixture_is_what_the_pytorch_installed_here_computes() -> None:
    found = everything()
    with np.load(PATH, allow_pickle=False) as arrays:
        assert set(arrays) == set(found)
        for key, expected in found.items():
            np.testing.assert_allclose(arrays[key], expected, rtol=1e-9, atol=1e-9, err_msg=key)
