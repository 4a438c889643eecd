"""The machine, what it keeps between steps, and the gradient check that runs on it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_studio.autograd import (
    BATCH,
    Builder,
    Machine,
    Phase,
    Program,
    differentiate,
    gradcheck,
    relative_error,
)
from backprop_studio.autograd.gradcheck import numeric_gradient
from backprop_studio.autograd.ops.activation import Tanh
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.schedule import ConstantRate
from backprop_studio.autograd.ops.update import AdamStep, Count
from backprop_studio.nn import optimizers
from tests.programs import Contract, Scattered, bits, feed_random, machine_of, perceptron

ADAM, SGD = optimizers()["adam"](), optimizers()["sgd"]()
PROGRAMS = {
    "adam": perceptron(3, 5, 4, optimizer=ADAM, activation="relu", loss="softmax_cross_entropy"),
    "sgd": perceptron(3, 5, 2, optimizer=SGD),
}


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_that_any_pieces_equal_the_whole_to_the_bit(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    count = len(program.instructions)
    whole, pieces = (machine_of(program, batch=4, dtype=np.float32) for _ in range(2))
    for iteration in range(3):
        feed_random(whole, iteration)
        feed_random(pieces, iteration)
        cuts = sorted(data.draw(st.sets(st.integers(0, count))) | {0, count})
        whole.run()
        for start, stop in pairwise(cuts):
            pieces.run(start, stop)
        assert bits(whole) == bits(pieces)


def test_that_a_counter_between_two_updates_counts_for_the_second_alone() -> None:
    """Such updates cannot be fused into one for all parameters."""
    b = Builder()
    weights = [b.parameter(name, (2,), Scattered()) for name in "pq"]
    moments = [[b.state(name, (2,), of=w) for w in weights] for name in "mv"]
    t = b.state("t", ())
    with b.scope(phase=Phase.UPDATE):
        rate = b.apply(ConstantRate(0.1))
        for w, m, v in zip(weights, *moments, strict=True):
            b.apply(AdamStep(0.9, 0.99, 1e-8), w, m, v, t, rate)
            b.apply(Count(), t)
    whole, pieces = (machine_of(b.build()) for _ in range(2))
    for machine in (whole, pieces):
        for value in (*moments[0], *moments[1]):
            machine.storage.view(value)[...] = [0.5, 2.0]
        machine.storage.view(t)[...] = 3.0
    whole.run()
    for index in range(len(pieces.program.instructions)):
        pieces.run(index, index + 1)
    assert bits(whole) == bits(pieces)


def test_that_running_nothing_changes_nothing() -> None:
    machine = machine_of(PROGRAMS["sgd"], batch=4)
    before = bits(machine)
    for index in range(len(machine.program.instructions) + 1):
        machine.run(index, index)
    assert bits(machine) == before


def test_that_running_forward_only_leaves_gradients_and_weights() -> None:
    machine = machine_of(PROGRAMS["sgd"], batch=4)
    machine.run()
    before = bits(machine)
    feed_random(machine, 9)
    stop = machine.program.start_of(Phase.BACKWARD)
    machine.run(0, stop)
    after = bits(machine)
    written = {o for i in machine.program.instructions[:stop] for o in i.outputs}
    changed = {i for i in before if before[i] != after[i]}
    assert changed
    assert changed <= written


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_that_a_batch_of_one_row_trains_and_has_right_gradients(name: str) -> None:
    machine = machine_of(PROGRAMS[name], batch=1)
    assert max(gradcheck(machine).values()) <= 1e-6
    machine.run()
    assert machine.gradients_finite()
    assert machine.storage.is_finite()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_that_an_empty_batch_costs_nothing_and_moves_nothing(name: str) -> None:
    machine = machine_of(PROGRAMS[name], batch=0)
    before = machine.storage.save()
    machine.run()
    assert machine.program.loss is not None
    assert float(machine.array(machine.program.loss)) == 0.0
    after = machine.storage.save()
    assert np.array_equal(before.arenas["parameters"], after.arenas["parameters"])


def test_that_machines_of_other_batch_sizes_share_the_weights() -> None:
    program = PROGRAMS["sgd"]
    large = machine_of(program, batch=8)
    small = Machine(program, large.storage, batch=2)
    feed_random(small, 3)
    large.run()
    small.run()
    for p in program.parameters:
        assert np.shares_memory(small.array(p), large.array(p))


def test_that_what_is_shown_cannot_be_written_to() -> None:
    machine = machine_of(PROGRAMS["sgd"], batch=2)
    for value in machine.program.values:
        array = machine.array(value)
        assert np.shares_memory(array, machine.array(value.id))
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def feed_wrongly(change: Callable[[np.ndarray, np.ndarray], tuple[object, object]]) -> str:
    machine = machine_of(PROGRAMS["sgd"], batch=4, dtype=np.float32)
    source, rows = np.zeros((10, 3), np.float32), np.arange(4)
    machine.feed("x", source, rows)
    with pytest.raises(ValueError) as caught:
        machine.feed("x", *change(source, rows))  # type: ignore[arg-type]
    return str(caught.value)


def test_that_feeding_rows_of_the_wrong_width_names_both_shapes() -> None:
    text = feed_wrongly(lambda source, rows: (source[:, :2], rows))
    assert "'x'" in text
    assert "(4, 3)" in text
    assert "(4, 2)" in text


@pytest.mark.parametrize("count", [0, 3, 5])
def test_that_feeding_the_wrong_number_of_rows_names_both_numbers(count: int) -> None:
    text = feed_wrongly(lambda source, _: (source, np.arange(count)))
    assert "(4, 3)" in text
    assert f"({count}, 3)" in text


def test_that_feeding_another_precision_or_kind_names_both() -> None:
    for other in (np.float64, np.int64):
        text = feed_wrongly(lambda source, rows, to=other: (source.astype(to), rows))
        assert "float32" in text
        assert np.dtype(other).name in text


def test_that_a_refused_feed_leaves_the_last_one() -> None:
    machine = machine_of(PROGRAMS["sgd"], batch=4)
    machine.run(0, 1)
    x = machine.array(machine.program.inputs["x"]).copy()
    with pytest.raises(ValueError, match="takes"):
        machine.feed("x", np.ones((9, 3)), np.arange(5))
    machine.run(0, 1)
    assert np.array_equal(machine.array(machine.program.inputs["x"]), x)


def test_that_feeding_an_unknown_input_is_an_error() -> None:
    with pytest.raises(KeyError, match="no-such"):
        machine_of(PROGRAMS["sgd"], batch=4).feed("no-such", np.zeros((4, 3)), np.arange(4))


def test_that_rows_come_in_the_order_asked_for_and_may_repeat() -> None:
    machine = machine_of(PROGRAMS["sgd"], batch=4)
    source = np.arange(30.0).reshape(10, 3)
    rows = np.array([9, 0, 9, 5])
    machine.feed("x", source, rows)
    machine.run(0, 1)
    assert np.array_equal(machine.array(machine.program.inputs["x"]), source[rows])


def bent(*, shared: bool) -> Machine:
    """A machine whose weight p may share its gradient's array with another's."""
    b = Builder()
    p, q = (b.parameter(n, (2, 2), Scattered()) for n in "pq")
    y = b.apply(Add(), p, q if shared else b.apply(Tanh(), q))
    loss = b.apply(Contract(), y, b.input("c", (2, 2)))
    differentiate(b, loss, [p, q])
    return machine_of(b.build(loss), batch=2)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_that_a_gradient_that_is_not_finite_is_noticed(*, shared: bool, bad: float) -> None:
    machine = bent(shared=shared)
    machine.run()
    assert machine.gradients_finite()
    machine.feed("c", np.array([[1.0, bad], [0.0, 1.0]]), np.arange(2))
    with np.errstate(all="ignore"):
        machine.run()
        assert not machine.gradients_finite()


@pytest.mark.parametrize("shared", [False, True])
def test_that_large_gradients_are_finite_though_their_squares_are_not(*, shared: bool) -> None:
    machine = bent(shared=shared)
    machine.feed("c", np.full((2, 2), 1e200), np.arange(2))
    with np.errstate(all="ignore"):
        machine.run()
        assert machine.gradients_finite()


def test_that_memory_counts_every_array_once_at_its_size() -> None:
    b = Builder()
    x, y = b.input("x", (BATCH, 3)), b.input("y", (BATCH,), "int")
    w = b.parameter("w", (3,))
    b.parameter("unused", (1000,))
    b.apply(Add(), b.apply(Add(), x, w), w)
    program = b.build()
    assert y.type.kind == "int"
    floats = 5 * 3 + 3 + 5 * 3 + 5 * 3
    assert program.memory(5) == 4 * floats + 8 * 5
    assert program.memory(5, itemsize=8) == 8 * floats + 8 * 5


def test_that_memory_is_what_the_machine_allocates() -> None:
    for program in PROGRAMS.values():
        machine = machine_of(program, batch=6, dtype=np.float32)
        arrays = [machine.array(v) for v in program.values]
        assert program.memory(6) == sum(a.nbytes for a in arrays)


# What outlives a step.


def test_that_restoring_brings_back_weights_and_state_to_the_bit() -> None:
    machine = machine_of(PROGRAMS["adam"], batch=4)
    machine.run()
    saved = machine.storage.save()
    before = bits(machine)
    futures = []
    for _ in range(2):
        for iteration in range(3):
            feed_random(machine, iteration)
            machine.run()
        futures.append(bits(machine))
        machine.storage.restore(saved)
    assert futures[0] == futures[1]
    for value in (*machine.program.parameters, *machine.program.states):
        assert machine.array(value).tobytes() == before[value.id]


def test_that_a_saved_copy_does_not_change_with_training() -> None:
    machine = machine_of(PROGRAMS["adam"], batch=4)
    saved = machine.storage.save()
    copies = {name: arena.copy() for name, arena in saved.arenas.items()}
    machine.run()
    for name, arena in saved.arenas.items():
        assert np.array_equal(arena, copies[name])
    assert saved.nbytes == sum(a.nbytes for a in copies.values())


def test_that_a_storage_adopts_what_fits_by_node_name_and_shape() -> None:
    old = machine_of(perceptron(3, 5, 4, optimizer=ADAM), batch=4)
    old.run()
    # The last layer is wider: its weights do not fit, those of the first layer do.
    new = machine_of(perceptron(3, 5, 6, optimizer=ADAM), batch=4, seed=2).storage
    fresh = new.save()
    new.adopt(old.storage)
    owners = {p.id: (p.node, p.name) for p in new.program.parameters}
    sources = {(p.node, p.name): p for p in old.program.parameters}
    assert [n for n, _ in owners.values()] == ["dense_0", "dense_0", "dense_1", "dense_1"]
    for p in new.program.parameters:
        theirs = old.storage.view(sources[owners[p.id]])
        if p.node == "dense_0":
            assert np.array_equal(new.view(p), theirs)
        elif p.name == "weight":
            assert new.view(p).any()
            assert new.view(p).shape != theirs.shape
    states = {s.key: s for s in new.program.states}
    for s in old.program.states:
        mine = states[s.key]
        if s.of is None or mine.node == "dense_0":
            assert np.array_equal(new.view(mine), old.storage.view(s))
        else:
            assert not new.view(mine).any()
    assert fresh.nbytes == new.save().nbytes


def test_that_adopting_from_another_optimizer_takes_the_weights_alone() -> None:
    old = machine_of(perceptron(3, 5, 4, optimizer=SGD), batch=4)
    old.run()
    new = machine_of(perceptron(3, 5, 4, optimizer=ADAM), batch=4, seed=2).storage
    new.adopt(old.storage)
    for mine, theirs in zip(new.program.parameters, old.program.parameters, strict=True):
        assert np.array_equal(new.view(mine), old.storage.view(theirs))
    assert not any(new.view(s).any() for s in new.program.states)


def test_that_adopting_converts_the_precision() -> None:
    program = perceptron(3, 5, 4)
    double = machine_of(program, seed=2).storage
    single = machine_of(program, dtype=np.float32).storage
    single.adopt(double)
    for p in program.parameters:
        assert np.array_equal(single.view(p), double.view(p).astype(np.float32))


def test_that_new_first_weights_forget_the_training() -> None:
    machine = machine_of(PROGRAMS["adam"], batch=4, seed=3)
    before = machine.storage.save()
    machine.run()
    machine.storage.initialize(3)
    for name, arena in machine.storage.save().arenas.items():
        assert np.array_equal(arena, before.arenas[name])


def test_that_first_weights_depend_on_their_own_node_and_name_alone() -> None:
    small, large = perceptron(3, 5, 4), perceptron(3, 5, 4, 2)
    a, b = machine_of(small, seed=4).storage, machine_of(large, seed=4).storage
    for p, q in zip(small.parameters, large.parameters, strict=False):
        assert np.array_equal(a.view(p), b.view(q))


def test_that_layers_of_one_shape_start_with_different_weights() -> None:
    storage = machine_of(perceptron(4, 4, 4)).storage
    first, second = (p for p in storage.program.parameters if p.name == "weight")
    assert not np.array_equal(storage.view(first), storage.view(second))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_that_a_weight_that_is_not_finite_is_noticed(bad: float) -> None:
    storage = machine_of(PROGRAMS["sgd"]).storage
    view = storage.view(storage.program.parameters[-1])
    with np.errstate(all="ignore"):
        view[...] = 1e200
        assert storage.is_finite()
        view.flat[-1] = bad
        assert not storage.is_finite()


# The gradient check.


def test_that_a_wrong_gradient_fails_the_check() -> None:
    program = perceptron(3, 5, 2)
    machine = machine_of(program, batch=4)
    assert max(gradcheck(machine).values()) <= 1e-7
    first, last = program.parameters[0], program.parameters[-2]
    swapped = {**program.gradients, last.id: program.gradients[program.loss or 0]}
    wrong = Program(program.values, program.instructions, program.inputs, program.loss, swapped)
    errors = gradcheck(machine_of(wrong, batch=4))
    assert errors[first.id] <= 1e-7
    assert errors[last.id] > 0.1


def test_that_a_check_leaves_weights_and_state_as_they_were() -> None:
    machine = machine_of(PROGRAMS["adam"], batch=4)
    machine.run()
    before = machine.storage.save()
    gradcheck(machine)
    for name, arena in machine.storage.save().arenas.items():
        assert arena.tobytes() == before.arenas[name].tobytes()


def test_that_the_loss_after_a_check_is_that_of_the_weights() -> None:
    machine = machine_of(perceptron(3, 5, 2), batch=4)
    machine.run()
    assert machine.program.loss is not None
    loss = float(machine.array(machine.program.loss))
    numeric_gradient(machine, machine.program.parameters[0])
    assert float(machine.array(machine.program.loss)) == loss


def test_that_a_check_refuses_single_precision_and_a_missing_loss() -> None:
    with pytest.raises(ValueError, match="float64"):
        gradcheck(machine_of(PROGRAMS["sgd"], batch=2, dtype=np.float32))
    b = Builder()
    b.apply(Tanh(), b.parameter("w", (2, 2), Scattered()))
    with pytest.raises(ValueError, match="loss"):
        gradcheck(machine_of(b.build()))


def test_that_relative_error_is_zero_only_for_equal_arrays() -> None:
    zero, one = np.zeros(3), np.array([0.0, 0.0, 2.0])
    assert relative_error(zero, zero) == 0.0
    assert relative_error(np.empty(0), np.empty(0)) == 0.0
    assert relative_error(one, one) == 0.0
    assert relative_error(zero, one) == 1.0
    assert relative_error(one, -one) == 2.0
    assert relative_error(one, one + 2e-6) == pytest.approx(1e-6, rel=1e-3)


def test_that_relative_error_never_passes_nan() -> None:
    bad = np.array([0.0, np.nan])
    for other in (np.zeros(2), np.ones(2), bad):
        assert not relative_error(bad, other) <= 1e-6
        assert not relative_error(other, bad) <= 1e-6
