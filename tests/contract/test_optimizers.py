"""What every optimizer promises; a new one is tested by existing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from backprop_studio.autograd import Builder, Machine, Phase, Program, Role
from backprop_studio.autograd.fusion import owners
from backprop_studio.autograd.ops.multiply import Multiply
from backprop_studio.nn import add_updates, optimizers, schedules
from tests.programs import Contract, Scattered, bits, feed_random, machine_of, perceptron

every_optimizer = pytest.mark.parametrize("optimizer_id", sorted(optimizers()))


def program_of(optimizer_id: str, *sizes: int, bias: bool = True) -> Program:
    return perceptron(*sizes, optimizer=optimizers()[optimizer_id](), bias=bias)


def step_through(machine: Machine) -> None:
    for index in range(len(machine.program.instructions)):
        machine.run(index, index + 1)


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [(3, 2), (3, 5, 2), (3, 5, 4, 2)])
def test_that_running_updates_to_the_same_bits_as_stepping(
    optimizer_id: str, sizes: tuple[int, ...], bias: bool, dtype: type
) -> None:
    """A run may fuse the updates of all parameters into one."""
    program = program_of(optimizer_id, *sizes, bias=bias)
    run, stepped = (machine_of(program, batch=4, dtype=dtype) for _ in range(2))
    for iteration in range(20):
        for machine in (run, stepped):
            feed_random(machine, iteration)
        run.run()
        step_through(stepped)
        assert bits(run) == bits(stepped)


@every_optimizer
def test_that_large_updates_have_the_same_bits_as_stepping(optimizer_id: str) -> None:
    program = program_of(optimizer_id, 64, 300, 10)
    run, stepped = (machine_of(program, batch=2, dtype=np.float32) for _ in range(2))
    for _ in range(3):
        run.run()
        step_through(stepped)
        assert bits(run) == bits(stepped)


@every_optimizer
@pytest.mark.parametrize("clip", ["value", "norm"])
@pytest.mark.parametrize("schedule_id", sorted(schedules()))
def test_that_rates_and_clipping_do_not_keep_updates_from_running_together(
    optimizer_id: str, schedule_id: str, clip: str
) -> None:
    program = perceptron(
        *(3, 5, 4, 2),
        optimizer=optimizers()[optimizer_id](),
        schedule=schedules()[schedule_id](),
        warmup=9,
        clip=clip,
        clip_at=0.1,
    )
    run, stepped = (machine_of(program, batch=4, dtype=np.float32) for _ in range(2))
    (last,) = list(run._fused.values())[-1:]
    assert last.stop == len(program.instructions)
    for iteration in range(20):
        for machine in (run, stepped):
            feed_random(machine, iteration)
            machine.at(seed=1, iteration=iteration, batches_per_epoch=4)
        run.run()
        step_through(stepped)
        assert bits(run) == bits(stepped)


def test_that_updates_on_both_sides_of_a_parameter_that_stays_run_together() -> None:
    """Then the parameters that move do not lie end to end, all of them."""
    b = Builder()
    c = b.input("c", (5, 3))
    weights = [b.parameter(name, (5, 3), Scattered()) for name in "pqrst"]
    total = weights[0]
    for w in weights[1:]:
        total = b.apply(Multiply(), total, w)
    with b.scope(phase=Phase.LOSS):
        loss = b.apply(Contract(), total, c)
    moving = [w for w in weights if w.name != "r"]
    add_updates(b, loss, moving, optimizers()["adam"](), clip="norm", clip_at=0.5)
    program = b.build(loss)
    run, stepped = (machine_of(program, batch=5) for _ in range(2))
    start = program.start_of(Phase.UPDATE)
    singly = sum(len(calls) for calls in stepped._calls[start:])
    assert len(run._flatten(start, len(program.instructions))) < 0.7 * singly
    for _ in range(5):
        run.run()
        step_through(stepped)
        assert bits(run) == bits(stepped)
    fresh = machine_of(program, batch=5)
    assert [bool((run.array(w) != fresh.array(w)).any()) for w in weights] == [
        w in moving for w in weights
    ]


def test_that_rmsprop_with_a_velocity_has_the_same_bits_as_stepping() -> None:
    optimizer = optimizers()["rmsprop"].from_config({"momentum": 0.9})
    program = perceptron(3, 5, 2, optimizer=optimizer)
    run, stepped = (machine_of(program, batch=4, dtype=np.float32) for _ in range(2))
    for _ in range(20):
        run.run()
        step_through(stepped)
        assert bits(run) == bits(stepped)


@every_optimizer
def test_that_a_run_updates_all_parameters_at_once(optimizer_id: str) -> None:
    """What it saves grows with the number of layers, so no optimizer may miss it unnoticed."""
    program = program_of(optimizer_id, 3, 5, 4, 2)
    machine = machine_of(program, batch=4)
    start, stop = program.start_of(Phase.UPDATE), len(program.instructions)
    owned = owners(program)
    singly = fixed = 0
    for instr, calls in zip(program.instructions[start:], machine._calls[start:], strict=True):
        # What is no function of a parameter's single entries stays: a second look at the loss,
        # random numbers, the rate.
        if instr.op.elementwise and instr.outputs[0] in owned:
            singly += len(calls)
        else:
            fixed += len(calls)
    assert len(machine._flatten(start, stop)) - fixed <= singly / 5, "there are six parameters"


@every_optimizer
def test_that_every_parameter_moves_and_keeps_its_shape(optimizer_id: str) -> None:
    program = program_of(optimizer_id, 3, 5, 2)
    machine = machine_of(program, batch=4)
    before = {p.id: machine.array(p).copy() for p in program.parameters}
    machine.run()
    for p in program.parameters:
        assert machine.array(p).shape == before[p.id].shape
        assert (machine.array(p) != before[p.id]).any()


@every_optimizer
def test_that_an_optimizer_goes_down_a_bowl(optimizer_id: str) -> None:
    program = program_of(optimizer_id, 3, 1)
    machine = machine_of(program, batch=8)
    assert program.loss is not None
    losses = []
    for _ in range(50):
        machine.run()
        losses.append(float(machine.array(program.loss)))
    if program.gradients:
        assert all(after < before for before, after in pairwise(losses))
    else:
        # A guess may be no better, and is then not followed.
        assert all(after <= before for before, after in pairwise(losses))
        assert losses[-1] < losses[0]


@every_optimizer
def test_that_updates_come_last_in_phase_and_change_nothing_but_weights_and_state(
    optimizer_id: str,
) -> None:
    program = program_of(optimizer_id, 3, 5, 2)
    start = program.start_of(Phase.UPDATE)
    assert start < len(program.instructions)
    for instr in program.instructions[start:]:
        assert instr.phase is Phase.UPDATE
        for out in instr.outputs:
            kept_or_new = (Role.PARAMETER, Role.STATE) if instr.op.updates else (Role.RESULT,)
            assert program.values[out].role in kept_or_new
            assert program.producer.get(out, start) >= start
    machine = machine_of(program, batch=2)
    machine.run(0, start)
    new = {out for instr in program.instructions[start:] for out in instr.outputs}
    kept = new | {v.id for v in (*program.parameters, *program.states)}
    before = bits(machine)
    machine.run(start)
    after = bits(machine)
    assert {i for i in before if before[i] != after[i]} <= kept


@every_optimizer
def test_that_state_belongs_to_its_parameter_or_to_all(optimizer_id: str) -> None:
    program = program_of(optimizer_id, 3, 5, 2)
    for state in program.states:
        if state.of is None:
            assert state.shape == ()
            assert state.node == ""
        else:
            (owner,) = (p for p in program.parameters if p.key == state.of)
            assert state.shape == owner.shape
            assert state.node == owner.node


@every_optimizer
def test_that_nothing_to_update_gives_no_instructions(optimizer_id: str) -> None:
    b = Builder()
    loss = b.input("loss", ())
    before = b.instructions
    add_updates(b, loss, [], optimizers()[optimizer_id]())
    assert b.instructions == before


def test_that_sgd_follows_its_formula() -> None:
    program = perceptron(3, 5, 2, optimizer=optimizers()["sgd"].from_config({"learning_rate": 0.3}))
    machine = machine_of(program, batch=4)
    weights = {p.id: machine.array(p).copy() for p in program.parameters}
    for iteration in range(20):
        feed_random(machine, iteration)
        machine.run()
        for p in program.parameters:
            weights[p.id] = weights[p.id] - 0.3 * machine.array(program.gradients[p.id])
            np.testing.assert_allclose(machine.array(p), weights[p.id], rtol=1e-12, atol=1e-15)


def test_that_adam_follows_its_formula() -> None:
    """Kingma and Ba 2015, algorithm 1, as it stands there."""
    rate, beta1, beta2, epsilon = 0.02, 0.8, 0.95, 1e-3
    config = {"learning_rate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    program = perceptron(3, 5, 2, optimizer=optimizers()["adam"].from_config(config))
    machine = machine_of(program, batch=4)
    weights = {p.id: machine.array(p).copy() for p in program.parameters}
    mean = {p.id: np.zeros_like(machine.array(p)) for p in program.parameters}
    square = {p.id: np.zeros_like(machine.array(p)) for p in program.parameters}
    for t in range(1, 21):
        feed_random(machine, t)
        machine.run()
        for p in program.parameters:
            g = machine.array(program.gradients[p.id])
            mean[p.id] = beta1 * mean[p.id] + (1 - beta1) * g
            square[p.id] = beta2 * square[p.id] + (1 - beta2) * g**2
            corrected = mean[p.id] / (1 - beta1**t)
            root = np.sqrt(square[p.id] / (1 - beta2**t))
            weights[p.id] = weights[p.id] - rate * corrected / (root + epsilon)
            np.testing.assert_allclose(machine.array(p), weights[p.id], rtol=1e-12, atol=1e-15)
