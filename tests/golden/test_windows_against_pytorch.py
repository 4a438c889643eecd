"""Layers with a sliding window give PyTorch's results and gradients, ties and gaps included."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import Builder, Machine, Storage, differentiate
from backprop_studio.nn import layers
from tests.golden.make_window_fixtures import CASES, PATH, start
from tests.programs import Contract


@pytest.mark.parametrize("name", CASES)
def test_that_results_and_gradients_are_those_of_pytorch(name: str) -> None:
    given = start(name)
    with np.load(PATH, allow_pickle=False) as kept:
        expected = {key.split(".")[1]: kept[key] for key in kept if key.startswith(f"{name}.")}
    b = Builder()
    x = b.parameter("x", given["x"].shape)
    y = layers()[name].from_config(CASES[name]).lower(b, x)
    loss = b.apply(Contract(), y, b.input("y", y.shape))
    differentiate(b, loss, b.build().parameters)
    program = b.build(loss)
    storage = Storage(program, np.float64)
    for p in program.parameters:
        storage.view(p)[...] = given[p.name]
    machine = Machine(program, storage, batch=len(given["x"]))
    machine.feed("y", 2 * expected["y"], np.arange(len(given["x"])))  # the gradient of Σ y²
    machine.run()
    np.testing.assert_allclose(machine.array(y), expected["y"], atol=1e-12)
    for p in program.parameters:
        gradient = machine.array(program.gradients[p.id])
        np.testing.assert_allclose(gradient, expected[f"d{p.name}"], atol=1e-10)
    assert PATH.stat().st_size < 100_000
