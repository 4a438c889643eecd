"""Gradient rules under random vectors: every op passes, and a wrong one does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from backprop_studio import nn
from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Storage,
    Value,
    differentiate,
    gradcheck,
    vjpcheck,
)
from backprop_studio.autograd.ops.activation import Tanh
from backprop_studio.autograd.ops.data import OneHot
from backprop_studio.autograd.ops.multiply import Multiply
from tests.contract.test_ops import Example, examples_where


@examples_where(lambda e: e.wrt)
def test_that_every_op_passes_under_random_vectors(example: Example) -> None:
    for seed in (1, 2):
        errors = vjpcheck(example.op, *example.inputs, wrt=example.wrt, seed=seed)
        assert len(errors) == len(example.inputs)
        for i, error in enumerate(errors):
            if i not in example.wrt:
                assert error is None
                continue
            assert error is not None
            assert error <= 1e-7


@dataclass(frozen=True)
class Slanted(Tanh):
    """A tanh whose gradient is wrong by a thousandth, where `entry` says at one entry only."""

    entry: bool = False

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,) = super().vjp(b, inputs, outputs, upstream, needs)
        assert g is not None
        return [b.apply(Skewed(self.entry), g)]


@dataclass(frozen=True)
class Skewed(Tanh):
    entry: bool = False

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list:
        (x,), (out,) = inputs, outputs
        factor = np.ones(x.shape) if self.entry else np.full(x.shape, 1.001)
        factor.reshape(-1)[0] = 1.001
        return [(np.multiply, (x, factor, out))]


@pytest.mark.parametrize("entry", [False, True])
def test_that_a_gradient_wrong_by_a_thousandth_is_found(entry: bool) -> None:
    x = np.random.default_rng(0).standard_normal((4, 5))
    (right,) = vjpcheck(Tanh(), x)
    (wrong,) = vjpcheck(Slanted(entry), x)
    assert right is not None and right <= 1e-9
    assert wrong is not None and wrong > 1e-6


def test_that_an_op_without_gradient_says_so_and_classes_have_none() -> None:
    with pytest.raises(NotImplementedError):
        vjpcheck(OneHot(3), np.array([0, 2, 1]))


def test_that_a_scale_of_zero_is_no_division_by_zero() -> None:
    assert vjpcheck(Multiply(), np.zeros((2, 2)), np.zeros((2, 2))) == (0.0, 0.0)


def checked(wrt_input: bool) -> dict[str, float]:
    b = Builder()
    x, y = b.input("x", (BATCH, 3)), b.input("y", (BATCH,), "int")
    h = nn.layers()["tanh"]().add(b, nn.layers()["dense"](units=4).add(b, x))
    loss = nn.losses()["softmax_cross_entropy"]().add(b, h, y)
    differentiate(b, loss, [*b.parameters, x] if wrt_input else b.parameters)
    program = b.build(loss)
    storage = Storage(program, np.float64)
    storage.initialize(1)
    machine = Machine(program, storage, batch=5)
    features = np.random.default_rng(2).standard_normal((5, 3))
    machine.feed("x", features)
    machine.feed("y", np.array([0, 3, 1, 2, 0]))
    before = features.copy()
    errors = gradcheck(machine)
    assert np.array_equal(features, before)
    assert np.array_equal(machine.array(x), features)
    return {program.values[i].name: error for i, error in errors.items()}


def test_that_a_gradient_check_tells_of_each_parameter_and_input_apart() -> None:
    errors = checked(wrt_input=True)
    assert set(errors) == {"weight", "bias", "x"}
    assert max(errors.values()) <= 1e-7
    assert set(checked(wrt_input=False)) == {"weight", "bias"}


def test_that_the_part_for_a_prediction_needs_no_targets_and_agrees() -> None:
    b = Builder()
    x, y = b.input("x", (BATCH, 3)), b.input("y", (BATCH,), "int")
    scores = nn.layers()["dense"](units=4).add(b, x)
    loss = nn.losses()["softmax_cross_entropy"]().add(b, scores, y)
    program = nn.training_step(b, loss, nn.optimizers()["sgd"](learning_rate=0.1))
    storage = Storage(program, np.float64)
    storage.initialize(1)
    features = np.random.default_rng(2).standard_normal((6, 3))
    part = program.computing(scores)
    assert list(part.inputs) == ["x"]
    predict = Machine(part, storage, batch=6)
    train = Machine(program, storage, batch=6)
    first = train.step(x=features, y=np.zeros(6, np.int64))
    for _ in range(20):
        last = train.step(x=features, y=np.zeros(6, np.int64))
    assert last < first
    predict.feed("x", features)
    predict.run()
    train.run(0, len(part.instructions) + 1)
    assert np.array_equal(predict.array(scores), train.array(scores))
    assert (predict.array(scores).argmax(axis=1) == 0).all()


def test_that_each_step_is_the_next_moment_of_the_run() -> None:
    """A schedule looks at it, and so do random numbers."""
    b = Builder()
    x, t = b.input("x", (BATCH, 1)), b.input("t", (BATCH, 1))
    y = nn.layers()["dense"](units=1, bias=False, init="zeros").add(b, x)
    loss = nn.losses()["mse"]().add(b, y, t)
    fading = nn.schedules()["step"](every=1, gamma=0.5)
    sgd = nn.optimizers()["sgd"](learning_rate=1e-6)
    program = nn.training_step(b, loss, sgd, schedule=fading)
    storage = Storage(program, np.float64)
    machine = Machine(program, storage, batch=1)
    (weight,) = program.parameters
    places = [0.0]
    for _ in range(4):
        machine.step(x=np.ones((1, 1)), t=np.ones((1, 1)))
        places.append(float(storage.view(weight)[0, 0]))
    steps = np.diff(places)
    assert np.allclose(steps[1:] / steps[:-1], 0.5, atol=1e-4)
