"""Activations far out, close to zero, and where their formulas would overflow or cancel."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Op,
    Storage,
    differentiate,
)
from backprop_studio.autograd.gaussian import normal_cdf
from backprop_studio.autograd.ops.gated import GELU, SiLU
from backprop_studio.autograd.ops.pointwise import Identity
from backprop_studio.autograd.ops.rectifier import ELU, LeakyReLU, Softplus
from backprop_studio.autograd.ops.softmax import Softmax
from tests.programs import Contract

both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])
ENTRYWISE: tuple[Op, ...] = (
    Identity(), LeakyReLU(0.01), ELU(1.0), Softplus(1.0, 20.0), Softplus(3.0, 1000.0), SiLU(),
    GELU(), GELU(tanh=True),
)  # fmt: skip
LIKE_RELU = tuple(op for op in ENTRYWISE if not isinstance(op, Identity | LeakyReLU | ELU))


def activate(op: Op, x: Array) -> tuple[Array, Array]:
    """Values of an activation at `x`, and the gradient of their sum; numpy may not warn."""
    b = Builder()
    shape = (BATCH, *x.shape[1:])
    source = b.input("x", shape)
    y = b.apply(op, source)
    loss = b.apply(Contract(), y, b.input("c", shape))
    gradients = differentiate(b, loss, [source])
    program = b.build(loss)
    machine = Machine(program, Storage(program, x.dtype.type), batch=len(x))
    machine.feed("x", x, np.arange(len(x)))
    machine.feed("c", np.ones_like(x), np.arange(len(x)))
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        machine.run()
    return machine.array(y), machine.array(gradients[source.id])


@both_precisions
@pytest.mark.parametrize("op", ENTRYWISE, ids=repr)
def test_that_nothing_overflows_ten_thousand_away_from_zero(op: Op, dtype: type) -> None:
    y, slope = activate(op, np.array([-1e4, -1e3, -88.9, 0.0, 88.9, 1e3, 1e4], dtype))
    assert np.isfinite(y).all()
    assert np.isfinite(slope).all()
    assert y[-1] == 1e4
    assert slope[-1] == 1.0


@both_precisions
@pytest.mark.parametrize("op", LIKE_RELU, ids=repr)
def test_that_smooth_relus_are_zero_and_flat_far_left(op: Op, dtype: type) -> None:
    y, slope = activate(op, np.array([-1e4, -1e3], dtype))
    assert y.tolist() == [0.0, 0.0]
    assert slope.tolist() == [0.0, 0.0]


@both_precisions
@pytest.mark.parametrize("op", ENTRYWISE, ids=repr)
def test_that_no_activation_hides_nan(op: Op, dtype: type) -> None:
    y, _ = activate(op, np.array([np.nan, 1.0], dtype))
    assert np.isnan(y[0])
    assert np.isfinite(y[1])


@both_precisions
def test_that_kinks_take_the_derivative_of_the_left_side_as_pytorch_does(dtype: type) -> None:
    for op, left in ((LeakyReLU(0.25), 0.25), (ELU(0.5), 0.5)):
        y, slope = activate(op, np.array([0.0, -0.0], dtype))
        assert y.tolist() == [0.0, 0.0]
        assert slope.tolist() == [left, left]


@both_precisions
def test_that_small_inputs_lose_no_digits(dtype: type) -> None:
    x = np.array([-1e-6, 1e-6, -3e-3], dtype)
    eps = 4 * float(np.finfo(dtype).eps)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(activate(ELU(1.0), x)[0], np.where(x > 0, wide, np.expm1(wide)), eps)
    np.testing.assert_allclose(activate(SiLU(), x)[0], wide / (1 + np.exp(-wide)), eps)
    exact = [v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in wide]
    np.testing.assert_allclose(activate(GELU(), x)[0], exact, eps)


@both_precisions
def test_that_the_left_tails_keep_their_digits(dtype: type) -> None:
    x = np.array([-30.0, -10.0, -5.0], dtype)
    eps = 40 * float(np.finfo(dtype).eps)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(activate(Softplus(1.0, 20.0), x)[0], np.log1p(np.exp(wide)), eps)
    np.testing.assert_allclose(activate(SiLU(), x)[0], wide / (1 + np.exp(-wide)), eps)


@both_precisions
def test_that_softplus_is_the_input_itself_beyond_the_threshold(dtype: type) -> None:
    x = np.array([5.0, np.nextafter(dtype(5), dtype(9)), 7.0], dtype)
    y, slope = activate(Softplus(2.0, 10.0), x)
    assert y[0] > 5.0
    assert y[1:].tolist() == x[1:].tolist()
    assert slope[0] < 1.0
    assert slope[1:].tolist() == [1.0, 1.0]


@both_precisions
def test_that_softmax_takes_any_shift(dtype: type) -> None:
    z = np.array([[1.0, 2.0, 4.0]], dtype)
    plain, _ = activate(Softmax(), z)
    for shift in (-1e4, 1e4):
        y, slope = activate(Softmax(), z + dtype(shift))
        np.testing.assert_array_equal(y, plain)
        assert abs(slope).max() < 1e-6
    y, _ = activate(Softmax(), np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype))
    np.testing.assert_allclose(y, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)


def cdf(x: Array, dtype: type = np.float64) -> Array:
    given, out = x.astype(dtype), np.full(x.shape, 77.0, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function, arguments in normal_cdf(given, out):
            function(*arguments)
    return out


def exact_cdf(x: Array) -> Array:
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.ravel()]).reshape(x.shape)


def test_that_the_error_function_is_right_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-12, 12, 40_001), np.geomspace(1e-300, 1, 500), [0.0, -0.0]])
    assert np.abs((2 * cdf(x) - 1) - (2 * exact_cdf(x) - 1)).max() < 1e-15
    edge = 0.46875 * math.sqrt(2)
    near = np.linspace(edge - 1e-9, edge + 1e-9, 101)
    assert np.abs(cdf(near) - exact_cdf(near)).max() < 3e-16
    tail = np.linspace(-5.6, 0, 5001)
    assert (np.abs(cdf(tail) - exact_cdf(tail)) / exact_cdf(tail)).max() < 1e-14


def test_that_single_precision_is_rounded_once() -> None:
    x = np.linspace(-8, 8, 40_001).astype(np.float32)
    error = 2 * cdf(x, np.float32).astype(np.float64) - 2 * exact_cdf(x.astype(np.float64))
    assert np.abs(error).max() < 1e-7


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 20_000])
def test_that_large_arrays_are_worked_on_in_pieces_without_a_seam(size: int) -> None:
    x = np.linspace(-4, 4, size)
    whole, alone = cdf(x), [cdf(part) for part in np.array_split(x, 7)]
    assert np.concatenate(alone).tobytes() == whole.tobytes()
    assert size == 0 or whole.max() < 1.0


@both_precisions
def test_that_the_distribution_ends_at_zero_and_one(dtype: type) -> None:
    largest = np.finfo(dtype).max
    x = np.array([-np.inf, -largest, -1e4, 1e4, largest, np.inf, np.nan], dtype)
    assert cdf(x, dtype)[:-1].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert np.isnan(cdf(x, dtype)[-1])
