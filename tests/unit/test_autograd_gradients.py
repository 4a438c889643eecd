"""Differentiation: which instructions it writes, and what they add up to."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Phase,
    Program,
    Storage,
    Value,
    differentiate,
    gradcheck,
)
from backprop_studio.autograd.ops.activation import ReLU, Tanh
from backprop_studio.autograd.ops.arithmetic import Accumulate, Add, Fill, SumTo
from backprop_studio.autograd.ops.loss import MeanSquaredError, SoftmaxCrossEntropy
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.errors import ShapeError
from tests.programs import Contract, Scattered, feed_random


def summed(b: Builder, y: Value) -> Program:
    """The gradients of Σ c·y by every parameter, with `c` the input `c`."""
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = b.apply(Contract(), y, b.input("c", y.shape))
    differentiate(b, loss, b.build().parameters)
    return b.build(loss)


def started(program: Program, batch: int) -> Machine:
    storage = Storage(program, np.float64)
    storage.initialize(1)
    machine = Machine(program, storage, batch=batch)
    feed_random(machine, 2)
    return machine


def backward_ops(program: Program) -> list[str]:
    start = program.start_of(Phase.BACKWARD)
    return [i.op.name for i in program.instructions[start:]]


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ((3,), (4, 3), (4, 3)),
        ((1,), (4, 3), (4, 3)),
        ((), (4, 3), (4, 3)),
        ((4, 1), (3,), (4, 3)),
        ((4, 1), (1, 3), (4, 3)),
        ((4, 3), (4, 3), (4, 3)),
        ((1, 1), (4, 3), (4, 3)),
        ((2, 1, 3), (4, 1), (2, 4, 3)),
        ((0, 3), (1, 3), (0, 3)),
    ],
)
def test_that_a_broadcast_operand_gets_the_sum_over_its_copies(
    a: tuple[int, ...], b: tuple[int, ...], result: tuple[int, ...]
) -> None:
    for first, second in ((a, b), (b, a)):
        builder = Builder()
        p, q = (builder.parameter(n, s, Scattered()) for n, s in (("p", first), ("q", second)))
        y = builder.apply(Add(), p, q)
        assert y.shape == result
        machine = started(summed(builder, y), result[0])
        assert max(gradcheck(machine).values()) <= 1e-8
        c = machine.array(machine.program.inputs["c"])
        for value, shape in ((p, first), (q, second)):
            got = machine.array(machine.program.gradients[value.id])
            lead = len(result) - len(shape)
            axes = tuple(i for i in range(len(result)) if i < lead or shape[i - lead] != result[i])
            np.testing.assert_allclose(got, c.sum(axes).reshape(shape), atol=1e-12)


def test_that_shapes_which_do_not_go_together_are_named() -> None:
    b = Builder()
    with pytest.raises(ShapeError, match=r"N×3.*gets 4"):
        b.apply(Add(), b.input("x", (BATCH, 3)), b.parameter("w", (4,)))
    with pytest.raises(ShapeError, match="expects N×3 but gets 3"):
        b.apply(SumTo((BATCH, 3)), b.parameter("z", (3,)))
    with pytest.raises(ShapeError, match=r"N×3.*4×2"):
        b.apply(MatMul(), b.input("v", (BATCH, 3)), b.parameter("u", (4, 2)))
    assert len(b.build().instructions) == 2, "a refused op leaves nothing behind"


def test_that_gradients_add_where_a_value_forks_and_the_sum_is_the_producers() -> None:
    b = Builder()
    with b.scope(node="source"):
        w = b.parameter("w", (4, 3), Scattered())
        x = b.apply(Tanh(), w)
    with b.scope(node="left"):
        left = b.apply(ReLU(), x)
    with b.scope(node="right"):
        right = b.apply(Tanh(), x)
    with b.scope(node="join"):
        y = b.apply(Add(), left, right)
    program = summed(b, y)
    sums = [i for i in program.instructions if isinstance(i.op, Accumulate)]
    assert [i.node for i in sums] == ["source"]
    assert program.gradients[x.id] == sums[0].outputs[0]
    machine = started(program, 4)
    assert gradcheck(machine)[w.id] <= 1e-8
    parts = [machine.array(i) for i in sums[0].inputs]
    np.testing.assert_array_equal(machine.array(sums[0].outputs[0]), parts[0] + parts[1])


def test_that_a_value_used_three_times_collects_three_gradients() -> None:
    b = Builder()
    with b.scope(node="source"):
        w = b.parameter("w", (4, 3), Scattered())
    y = b.apply(Add(), b.apply(Add(), b.apply(Tanh(), w), b.apply(ReLU(), w)), w)
    program = summed(b, y)
    sums = [i for i in program.instructions if isinstance(i.op, Accumulate)]
    assert [i.node for i in sums] == ["source", "source"]
    assert gradcheck(started(program, 4))[w.id] <= 1e-8


def test_that_a_value_added_to_itself_gets_twice_the_gradient() -> None:
    b = Builder()
    w = b.parameter("w", (4, 3), Scattered())
    machine = started(summed(b, b.apply(Add(), w, w)), 4)
    machine.run()
    c = machine.array(machine.program.inputs["c"])
    np.testing.assert_array_equal(machine.array(machine.program.gradients[w.id]), 2 * c)


def test_that_tied_weights_collect_the_gradients_of_both_uses() -> None:
    b = Builder()
    w = b.parameter("w", (3, 3), Scattered())
    machine = started(summed(b, b.apply(MatMul(), b.apply(MatMul(), w, w), w)), 3)
    assert gradcheck(machine)[w.id] <= 1e-8


def test_that_parameters_whose_gradient_is_one_array_each_get_it() -> None:
    """Adding arrays of one shape passes the same gradient to both."""
    b = Builder()
    p, q, r = (b.parameter(n, (4, 3), Scattered()) for n in "pqr")
    program = summed(b, b.apply(Add(), b.apply(Add(), p, q), b.apply(Tanh(), r)))
    assert program.gradients[p.id] == program.gradients[q.id]
    assert max(gradcheck(started(program, 4)).values()) <= 1e-8


def test_that_a_parameter_without_influence_has_no_gradient_and_passes_the_check() -> None:
    b = Builder()
    used, unused = (b.parameter(n, (4, 3), Scattered()) for n in ("used", "unused"))
    b.apply(Tanh(), unused)  # leads nowhere
    program = summed(b, b.apply(Tanh(), used))
    assert used.id in program.gradients
    assert unused.id not in program.gradients
    assert gradcheck(started(program, 4))[unused.id] == 0.0


def test_that_a_loss_without_parameters_has_no_backward_phase() -> None:
    b = Builder()
    x = b.input("x", (BATCH, 3))
    loss = b.apply(MeanSquaredError(), x, b.input("y", (BATCH, 3)))
    w = b.parameter("w", (3,))
    assert differentiate(b, loss, [w]) == {}
    assert differentiate(b, loss, []) == {}
    assert backward_ops(b.build(loss)) == []


def test_that_only_what_leads_to_a_wanted_value_is_differentiated() -> None:
    b = Builder()
    x, w = b.input("x", (BATCH, 3)), b.parameter("w", (3, 2), Scattered())
    loss = b.apply(MeanSquaredError(), b.apply(MatMul(), x, w), b.input("y", (BATCH, 2)))
    gradients = differentiate(b, loss, [w])
    assert x.id not in gradients
    assert backward_ops(b.build(loss)) == ["fill", "mse_backward", "matmul"]


def test_that_an_input_can_be_asked_for_its_gradient() -> None:
    b = Builder()
    x, w = b.input("x", (BATCH, 3)), b.parameter("w", (3, 2), Scattered())
    y = b.apply(MatMul(), x, w)
    loss = b.apply(Contract(), y, b.input("c", (BATCH, 2)))
    gradients = differentiate(b, loss, [x])
    assert w.id not in gradients
    machine = started(b.build(loss), 5)
    machine.run()
    c, weights = machine.array(machine.program.inputs["c"]), machine.array(w)
    np.testing.assert_allclose(machine.array(gradients[x.id]), c @ weights.T, rtol=1e-12)


def test_that_a_result_in_between_can_be_asked_for_its_gradient() -> None:
    b = Builder()
    w = b.parameter("w", (4, 3), Scattered())
    y = b.apply(Tanh(), w)
    loss = b.apply(Contract(), y, b.input("c", (4, 3)))
    gradients = differentiate(b, loss, [y, loss])
    assert set(gradients) == {y.id, loss.id}
    machine = started(b.build(loss), 4)
    machine.run()
    c = machine.array(machine.program.inputs["c"])
    np.testing.assert_array_equal(machine.array(gradients[y.id]), c)


def test_that_the_backward_phase_starts_with_the_derivative_of_the_loss_by_itself() -> None:
    b = Builder()
    program = summed(b, b.apply(Tanh(), b.parameter("w", (4, 3), Scattered())))
    assert program.loss is not None
    first = program.instructions[program.start_of(Phase.BACKWARD)]
    assert first.op == Fill(1.0)
    assert first.node == "loss"
    assert program.gradients[program.loss] == first.outputs[0]
    machine = started(program, 4)
    machine.run()
    assert float(machine.array(first.outputs[0])) == 1.0


def test_that_only_a_scalar_can_be_differentiated() -> None:
    b = Builder()
    w = b.parameter("w", (3,))
    with pytest.raises(ValueError, match="only a scalar"):
        differentiate(b, b.apply(Tanh(), w), [w])


@pytest.mark.parametrize("loss", [MeanSquaredError(), SoftmaxCrossEntropy()])
def test_that_a_target_cannot_be_trained(loss: MeanSquaredError | SoftmaxCrossEntropy) -> None:
    b = Builder()
    prediction, target = b.parameter("p", (4, 3)), b.parameter("t", (4, 3))
    end = b.apply(loss, prediction, target)
    with pytest.raises(NotImplementedError, match="only the prediction"):
        differentiate(b, end, [target])


def test_that_what_a_loss_keeps_for_its_backward_pass_cannot_be_trained_on() -> None:
    b = Builder()
    w = b.parameter("w", (4, 3))
    _, difference = b.apply_all(MeanSquaredError(), w, b.input("y", (4, 3)))
    loss = b.apply(Contract(), difference, b.input("c", (4, 3)))
    with pytest.raises(NotImplementedError, match="only the prediction"):
        differentiate(b, loss, [w])


def test_that_phases_are_in_order_whatever_the_order_of_writing() -> None:
    b = Builder()
    w = b.parameter("w", (4, 3), Scattered())
    program = summed(b, b.apply(Tanh(), w))
    phases = [i.phase for i in program.instructions]
    assert phases == sorted(phases)
    assert program.instructions[0].op.name == "load"


def direct(x: Array, w: Array, v: Array, y: Array) -> tuple[Array, Array]:
    """Gradients of the mean squared error of tanh(x·w)·v, written by hand."""
    h = np.tanh(x @ w)
    d = 2 * (h @ v - y) / y.size
    return x.T @ (d @ v.T * (1 - h**2)), h.T @ d


def test_that_a_network_has_the_gradients_of_the_textbook() -> None:
    b = Builder()
    x = b.input("x", (BATCH, 3))
    w, v = b.parameter("w", (3, 4), Scattered()), b.parameter("v", (4, 2), Scattered())
    y = b.apply(MatMul(), b.apply(Tanh(), b.apply(MatMul(), x, w)), v)
    loss = b.apply(MeanSquaredError(), y, b.input("y", (BATCH, 2)))
    gradients = differentiate(b, loss, [w, v])
    machine = started(b.build(loss), 5)
    machine.run()
    inputs = [machine.array(machine.program.inputs[n]) for n in "xy"]
    expected = direct(inputs[0], machine.array(w), machine.array(v), inputs[1])
    for parameter, hand in zip((w, v), expected, strict=True):
        np.testing.assert_allclose(machine.array(gradients[parameter.id]), hand, rtol=1e-12)
