"""Normalisation far from zero, of numbers all alike, and in the axes it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Storage, Value
from backprop_studio.autograd.ops.normalize import Normalize
from backprop_studio.errors import ShapeError
from backprop_studio.nn import layers


def results(op: Normalize, x: Array) -> list[Array]:
    """Normalised array, mean and variance; numpy may not warn."""
    b = Builder()
    outputs = b.apply_all(op, b.input("x", (BATCH, *x.shape[1:])))
    program = b.build()
    machine = Machine(program, Storage(program, x.dtype.type), batch=len(x))
    machine.feed("x", x, np.arange(len(x)))
    with np.errstate(all="raise"):
        machine.run()
    return [machine.array(y) for y in outputs]


@pytest.mark.parametrize("offset", [1e2, 1e4, 1e6])
def test_that_a_large_mean_does_not_drown_the_variance(offset: float) -> None:
    """The mean of squares minus the square of the mean would lose every digit here."""
    noise = np.random.default_rng(1).integers(-8, 9, (4, 64)).astype(np.float32)
    y, mean, variance = results(Normalize((1,), 1e-5), noise + np.float32(offset))
    near, near_mean, near_variance = results(Normalize((1,), 1e-5), noise)
    # Whole numbers of this size are exact in float32; only the mean itself is rounded.
    step = np.spacing(np.float32(offset))
    np.testing.assert_allclose(mean, near_mean + offset, atol=4 * step)
    np.testing.assert_allclose(variance, near_variance, rtol=1e-5, atol=16 * step**2)
    np.testing.assert_allclose(y, near, atol=4 * step)


@pytest.mark.parametrize("value", [0.0, 0.1, 3.0, -1e4])
@pytest.mark.parametrize("axes", [(1,), (0,), (0, 1)])
def test_that_numbers_all_alike_give_zeros(value: float, axes: tuple[int, ...]) -> None:
    y, mean, variance = results(Normalize(axes, 1e-5), np.full((4, 8), value, np.float32))
    assert not y.any()
    assert (mean == np.float32(value)).all()
    assert not variance.any()


def test_that_rows_have_mean_zero_and_variance_one_but_for_epsilon() -> None:
    x = np.random.default_rng(2).standard_normal((5, 6, 4)) * 3 + 7
    y, _, variance = results(Normalize((1, 2), 0.5), x)
    np.testing.assert_allclose(y.mean((1, 2)), 0.0, atol=1e-14)
    np.testing.assert_allclose(y.var((1, 2)), variance / (variance + 0.5), rtol=1e-13)


def test_that_one_group_is_layer_norm_and_single_channels_are_instance_norm() -> None:
    x = np.random.default_rng(3).standard_normal((5, 6, 4))
    whole, whole_mean, _ = results(Normalize((1, 2), 1e-5), x)
    one, mean, _ = results(Normalize((1, 2), 1e-5, 1), x)
    assert np.array_equal(whole, one)
    assert np.array_equal(whole_mean.reshape(5, 1), mean)
    alone, mean, variance = results(Normalize((1, 2), 1e-5, 6), x)
    assert mean.shape == variance.shape == (5, 6)
    assert np.array_equal(alone, results(Normalize((2,), 1e-5), x)[0])


@pytest.mark.parametrize(
    ("op", "says"),
    [
        (Normalize((3,), 1e-5), "more than 3 axes"),
        (Normalize((), 1e-5), "axes"),
        (Normalize((1,), 1e-5), "lie together"),
        (Normalize((1, 2), 1e-5, 4), "a multiple of 4 entries on axis 1"),
    ],
)
def test_that_axes_that_cannot_be_are_refused(op: Normalize, says: str) -> None:
    b = Builder()
    with pytest.raises(ShapeError, match=rf"{says}.*N×6×4"):
        b.apply(op, b.input("x", (BATCH, 6, 4)))


@pytest.mark.parametrize(
    ("layer", "config", "tail", "gain"),
    [
        ("layer_norm", {}, (6, 4), (4,)),
        ("layer_norm", {"over": "all"}, (6, 4), (6, 4)),
        ("group_norm", {"groups": 2}, (6, 4, 4), (6, 1, 1)),
        ("group_norm", {"groups": 2}, (6,), (6,)),
    ],
)
def test_that_gain_and_bias_have_the_shapes_of_pytorch(
    layer: str, config: dict[str, object], tail: tuple[int, ...], gain: tuple[int, ...]
) -> None:
    for affine in (True, False):
        b = Builder()
        spec = layers()[layer].from_config({**config, "affine": affine})
        y = spec.lower(b, b.input("x", (BATCH, *tail)))
        assert isinstance(y, Value)
        shapes = {p.name: p.shape for p in b.build().parameters}
        assert shapes == ({"gain": gain, "bias": gain} if affine else {})
