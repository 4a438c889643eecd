"""Single layers equal PyTorch's, values and gradients: kept results, and live where installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Storage, differentiate
from backprop_studio.nn import layers
from tests.golden.make_layer_fixtures import (
    PATH,
    Case,
    cases,
    inputs_of,
    keys,
    weights_of,
    with_pytorch,
)
from tests.programs import Contract

every_case = pytest.mark.parametrize(
    ("index", "case"),
    [pytest.param(i, c, id=keys(i, c)[0].removesuffix("_y")) for i, c in enumerate(cases())],
)


def ours(case: Case, dtype: type = np.float64) -> list[Array]:
    """What `with_pytorch` gives, by this engine."""
    given = [x.astype(dtype) for x in inputs_of(case)]
    b = Builder()
    rows = len(given[0])
    values = [
        b.input(f"x{i}", (BATCH, *x.shape[1:]))
        if len(x) == rows
        else b.parameter(f"x{i}", x.shape)  # which has no batch
        for i, x in enumerate(given)
    ]
    y = layers()[case.layer].from_config(case.config).lower(b, *values)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    gradients = differentiate(b, loss, values)
    program = b.build(loss)
    storage = Storage(program, dtype)
    machine = Machine(program, storage, batch=rows)
    for value, x in zip(values, given, strict=True):
        if value.name in program.inputs:
            machine.feed(value.name, x, np.arange(rows))
        else:
            storage.view(value)[...] = x
    shape = (rows, *(int(d) for d in y.shape[1:]))
    machine.feed("c", weights_of(shape).astype(dtype), np.arange(rows))
    with np.errstate(all="ignore"):
        machine.run()
    return [machine.array(y), *(machine.array(gradients[v.id]) for v in values)]


@every_case
def test_that_a_layer_equals_the_kept_results_of_pytorch(index: int, case: Case) -> None:
    with np.load(PATH, allow_pickle=False) as kept:
        for mine, key in zip(ours(case), keys(index, case), strict=True):
            np.testing.assert_allclose(mine, kept[key], rtol=1e-13, atol=1e-14)
        single = ours(case, np.float32) if case.single else []
        for mine, key in zip(single, keys(index, case), strict=case.single):
            np.testing.assert_allclose(mine, kept[key], rtol=2e-6, atol=2e-6)


def test_that_the_fixture_holds_these_cases_and_is_small() -> None:
    with np.load(PATH, allow_pickle=False) as kept:
        assert set(kept) == {key for i, c in enumerate(cases()) for key in keys(i, c)}
    assert PATH.stat().st_size < 100_000


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_a_layer_equals_that_of_the_pytorch_installed_here(index: int, case: Case) -> None:
    for mine, theirs in zip(ours(case), with_pytorch(case), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-14)
