"""Ops at the edges of their domains. Warnings are silenced as every caller of a machine does."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Op, Storage, differentiate
from backprop_studio.autograd.ops.activation import ReLU, Sigmoid, Tanh
from backprop_studio.autograd.ops.loss import SoftmaxCrossEntropy
from tests.programs import Contract

both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def activate(op: Op, x: Array) -> tuple[Array, Array]:
    """Values of an activation at `x`, and its derivatives there."""
    b = Builder()
    source = b.input("x", (BATCH,))
    y = b.apply(op, source)
    loss = b.apply(Contract(), y, b.input("c", (BATCH,)))
    gradients = differentiate(b, loss, [source])
    program = b.build(loss)
    machine = Machine(program, Storage(program, x.dtype.type), batch=len(x))
    machine.feed("x", x, np.arange(len(x)))
    machine.feed("c", np.ones_like(x), np.arange(len(x)))
    with np.errstate(all="ignore"):
        machine.run()
    return machine.array(y), machine.array(gradients[source.id])


@both_precisions
def test_that_relu_is_off_at_both_zeros_and_on_just_above(dtype: type) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    y, slope = activate(ReLU(), np.array([0.0, -0.0, tiny, -tiny], dtype))
    assert y.tolist() == [0.0, 0.0, float(tiny), 0.0]
    assert slope.tolist() == [0.0, 0.0, 1.0, 0.0]


@both_precisions
def test_that_relu_passes_infinity_and_not_minus_infinity(dtype: type) -> None:
    y, slope = activate(ReLU(), np.array([np.inf, -np.inf], dtype))
    assert y.tolist() == [np.inf, 0.0]
    assert slope.tolist() == [1.0, 0.0]


@both_precisions
def test_that_no_activation_hides_nan(dtype: type) -> None:
    for op in (ReLU(), Sigmoid(), Tanh()):
        y, _ = activate(op, np.array([np.nan, 1.0], dtype))
        assert np.isnan(y[0])
        assert np.isfinite(y[1])


@both_precisions
def test_that_sigmoid_far_out_is_exactly_zero_or_one_and_flat(dtype: type) -> None:
    far = np.array([-np.inf, -1000.0, 1000.0, np.inf], dtype)
    y, slope = activate(Sigmoid(), far)
    assert y.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert slope.tolist() == [0.0, 0.0, 0.0, 0.0]


@both_precisions
def test_that_sigmoid_is_accurate_where_it_is_small(dtype: type) -> None:
    y, slope = activate(Sigmoid(), np.array([-50.0, -20.0, 0.0], dtype))
    exact = 1 / (1 + np.exp(np.array([50.0, 20.0, 0.0])))
    tolerance = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(y, exact, rtol=tolerance)
    np.testing.assert_allclose(slope, exact * (1 - exact), rtol=tolerance)


@both_precisions
def test_that_tanh_far_out_is_exactly_one_and_flat(dtype: type) -> None:
    y, slope = activate(Tanh(), np.array([-np.inf, -1000.0, 1000.0, np.inf], dtype))
    assert y.tolist() == [-1.0, -1.0, 1.0, 1.0]
    assert slope.tolist() == [0.0, 0.0, 0.0, 0.0]


def cross_entropy(logits: Array, target: Array) -> tuple[float, Array, Array]:
    """Loss, probabilities and gradient by the logits."""
    b = Builder()
    z, t = b.input("z", (BATCH, logits.shape[1])), b.input("t", (BATCH, logits.shape[1]))
    loss, p = b.apply_all(SoftmaxCrossEntropy(), z, t)
    gradients = differentiate(b, loss, [z])
    program = b.build(loss)
    machine = Machine(program, Storage(program, logits.dtype.type), batch=len(logits))
    machine.feed("z", logits, np.arange(len(logits)))
    machine.feed("t", target.astype(logits.dtype), np.arange(len(logits)))
    with np.errstate(all="ignore"):
        machine.run()
    return float(machine.array(loss)), machine.array(p), machine.array(gradients[z.id])


@both_precisions
@pytest.mark.parametrize("shift", [0.0, 1e4, -1e4])
def test_that_huge_scores_overflow_neither_loss_nor_gradient(dtype: type, shift: float) -> None:
    z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype) + dtype(shift)
    right, wrong = np.eye(3)[[0, 1]], np.eye(3)[[1, 2]]
    loss, p, dz = cross_entropy(z, right)
    assert loss == pytest.approx(np.log(3) / 2, rel=1e-6)
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_allclose(dz, (p - right) / 2, rtol=1e-6, atol=1e-7)
    loss, _, dz = cross_entropy(z, wrong)
    assert loss == pytest.approx((2e4 + np.log(3)) / 2, rel=1e-6)
    assert np.isfinite(dz).all()


@both_precisions
def test_that_scores_at_the_end_of_the_range_give_no_nan(dtype: type) -> None:
    largest = np.finfo(dtype).max / 4
    loss, p, dz = cross_entropy(np.array([[largest, -largest]], dtype), np.array([[0.0, 1.0]]))
    assert loss == pytest.approx(float(largest) * 2, rel=1e-6)
    assert p.tolist() == [[1.0, 0.0]]
    assert dz.tolist() == [[1.0, -1.0]]


@both_precisions
def test_that_soft_targets_are_charged_as_they_should(dtype: type) -> None:
    z, t = np.array([[0.3, -1.2, 2.0]], dtype), np.array([[0.2, 0.5, 0.3]])
    p = np.exp(z) / np.exp(z).sum()
    loss, got, dz = cross_entropy(z, t)
    assert loss == pytest.approx(float(-(t * np.log(p)).sum()), rel=1e-6)
    np.testing.assert_allclose(got, p, rtol=1e-6)
    np.testing.assert_allclose(dz, p - t, rtol=1e-5, atol=1e-7)


@both_precisions
def test_that_one_class_alone_costs_nothing(dtype: type) -> None:
    loss, p, dz = cross_entropy(np.array([[5.0], [-3.0]], dtype), np.ones((2, 1)))
    assert loss == 0.0
    assert p.tolist() == [[1.0], [1.0]]
    assert dz.tolist() == [[0.0], [0.0]]
