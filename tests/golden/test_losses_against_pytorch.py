"""Every loss and its gradient equal PyTorch's, at scores of ten thousand, too."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio.autograd import Builder, Machine, Phase, Storage, differentiate
from backprop_studio.nn import losses
from tests.golden.loss_cases import (
    CASES,
    FIXTURE,
    Array,
    LossCase,
    compute_with_pytorch,
    given,
)

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def compute(case: LossCase, arrays: dict[str, Array]) -> tuple[Array, Array]:
    """Value, and gradient by the prediction."""
    b = Builder()
    shape = arrays["prediction"].shape
    prediction = b.parameter("prediction", shape)
    with b.scope(phase=Phase.LOSS):
        spec = losses()[case.loss].from_config(dict(case.config))
        loss = spec.lower(b, prediction, b.input("target", shape))
    differentiate(b, loss, [prediction])
    program = b.build(loss)
    storage = Storage(program, np.float64)
    storage.view(prediction)[...] = arrays["prediction"]
    machine = Machine(program, storage, batch=len(arrays["prediction"]))
    machine.feed("target", arrays[case.target], np.arange(machine.batch))
    with np.errstate(all="raise", under="ignore"):
        machine.run()
    return machine.array(loss), machine.array(program.gradients[prediction.id])


def assert_equal(case: LossCase, value: Array, gradient: Array) -> None:
    ours = compute(case, given())
    np.testing.assert_allclose(ours[0], value, rtol=1e-12, atol=1e-8)
    np.testing.assert_allclose(ours[1], gradient, rtol=0, atol=1e-8)


@every_case
def test_that_value_and_gradient_equal_the_kept_ones_of_pytorch(case: LossCase) -> None:
    with np.load(FIXTURE, allow_pickle=False) as kept:
        assert_equal(case, kept[f"{case.name}.value"], kept[f"{case.name}.gradient"])


def test_that_every_loss_has_a_case_and_the_fixture_belongs_to_them() -> None:
    assert {case.loss for case in CASES} == set(losses())
    assert FIXTURE.stat().st_size < 100_000
    with np.load(FIXTURE, allow_pickle=False) as kept:
        names = {f"{case.name}.{what}" for case in CASES for what in ("value", "gradient")}
        assert set(kept.files) == names | set(given())
        for name, array in given().items():
            assert np.array_equal(kept[name], array)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_value_and_gradient_equal_those_of_the_pytorch_installed_here(case: LossCase) -> None:
    assert_equal(case, *compute_with_pytorch(case, given()))
