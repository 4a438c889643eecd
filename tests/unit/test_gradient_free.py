"""Optimizers that use no gradient: no backward phase, a second look, numbers that replay."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import BATCH, Builder, Machine, Phase, Storage, resolve
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.update import Count
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Cursor, Session
from tests.programs import Contract, machine_of, perceptron

without_gradient = pytest.mark.parametrize("optimizer_id", ["random_search", "perturbation"])


def session_of(optimizer_id: str, **setup: object) -> Session:
    network = chain(optimizer=optimizers()[optimizer_id](), **setup)
    return Session(analyze(network).require(), network.setup)


@without_gradient
def test_that_there_is_no_backward_phase_and_no_gradient(optimizer_id: str) -> None:
    program = session_of(optimizer_id).program
    assert not program.gradients
    assert {i.phase for i in program.instructions} == set(Phase) - {Phase.BACKWARD}
    assert program.start_of(Phase.BACKWARD) == program.start_of(Phase.UPDATE)


@without_gradient
def test_that_steps_of_every_size_pass_a_program_without_backward_phase(optimizer_id: str) -> None:
    session = session_of(optimizer_id, batch_size=300)
    length = len(session.program.instructions)
    ends = []
    while session.completed < 1:
        session.step(Boundary.PHASE)
        ends.append(session.cursor.index)
    starts = [session.program.start_of(p) for p in (Phase.FORWARD, Phase.LOSS, Phase.UPDATE)]
    assert ends == [*starts, length]
    for _ in ends:
        session.back(Boundary.PHASE)
    assert session.cursor == Cursor(0, 0)


@without_gradient
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_that_the_held_out_loss_falls(optimizer_id: str, seed: int) -> None:
    session = session_of(optimizer_id, seed=seed, batch_size=128)
    first = session.last_test.loss
    for _ in range(30):
        session.run_epoch()
    assert session.failure is None
    assert session.last_test.loss < 0.95 * first


@without_gradient
def test_that_a_loss_that_is_not_finite_stops_training_before_any_weight(optimizer_id: str) -> None:
    network = chain(optimizer=optimizers()[optimizer_id]())
    lowered = analyze(network).require()
    weight = lowered.program.parameters[0]
    huge = np.full(resolve(weight.shape, {}), 3e38)
    session = Session(lowered, network.setup, weights={(weight.node, weight.name): huge})
    before = session.storage.save()
    session.step(Boundary.BATCH)
    assert session.failure is not None
    assert session.cursor.index <= session.program.start_of(Phase.UPDATE)
    assert np.array_equal(session.storage.arena("parameters"), before.arenas["parameters"])


def test_that_random_search_never_takes_a_guess_that_is_worse_on_its_batch() -> None:
    program = perceptron(3, 5, 2, optimizer=optimizers()["random_search"]())
    machine = machine_of(program, batch=16)
    assert program.loss is not None
    losses = []
    for iteration in range(200):
        machine.at(seed=1, iteration=iteration)
        machine.run()
        losses.append(float(machine.array(program.loss)))
    assert all(after <= before for before, after in pairwise(losses))
    kept = sum(after < before for before, after in pairwise(losses))
    assert 20 < kept < 180, "some guesses are better, some are not"


def test_that_perturbation_is_the_two_sided_estimate_of_spall() -> None:
    rate, c = 0.03, 0.1
    config = {"learning_rate": rate, "perturbation": c}
    program = perceptron(2, 3, 1, optimizer=optimizers()["perturbation"].from_config(config))
    machine = machine_of(program, batch=8)
    before = machine.storage.arena("parameters").copy()
    machine.at(seed=3, iteration=5)
    machine.run()
    drawn = [i.outputs[0] for i in program.instructions if i.op.name == "sign_direction"]
    direction = np.concatenate([machine.array(i).ravel() for i in drawn])
    assert set(direction) == {-1.0, 1.0}
    after = machine.storage.arena("parameters").copy()

    def loss_at(weights: np.ndarray) -> float:
        machine.storage.arena("parameters")[:] = weights
        machine.run(0, program.start_of(Phase.UPDATE))
        assert program.loss is not None
        return float(machine.array(program.loss))

    slope = (loss_at(before + c * direction) - loss_at(before - c * direction)) / (2 * c)
    np.testing.assert_allclose(after, before - rate * slope * direction, rtol=1e-12)


def test_that_the_estimate_is_the_gradient_on_average() -> None:
    """Spall 1992, lemma 1: the error of the mean is of the order of the squared perturbation."""
    config = {"learning_rate": 1.0, "perturbation": 1e-4}
    program = perceptron(2, 2, 1, optimizer=optimizers()["perturbation"].from_config(config))
    derived = perceptron(2, 2, 1, optimizer=optimizers()["sgd"].from_config({"learning_rate": 1.0}))
    steps = []
    machine, exact = machine_of(program, batch=8), machine_of(derived, batch=8)
    saved = machine.storage.save()
    before = saved.arenas["parameters"]
    exact.run()
    gradient = before - exact.storage.arena("parameters")
    for iteration in range(3000):
        machine.storage.restore(saved)
        machine.at(seed=1, iteration=iteration)
        machine.run()
        steps.append(before - machine.storage.arena("parameters"))
    spread = np.std(steps, axis=0) / np.sqrt(len(steps))
    assert (np.abs(np.mean(steps, axis=0) - gradient) < 4 * spread + 1e-6).all()


@without_gradient
def test_that_directions_differ_between_parameters_iterations_and_seeds(optimizer_id: str) -> None:
    program = perceptron(4, 4, 4, optimizer=optimizers()[optimizer_id]())
    machine = machine_of(program, batch=4)
    drawn = [i.outputs[0] for i in program.instructions if i.op.name.endswith("_direction")]
    seen = set()
    for seed, iteration in ((1, 0), (1, 1), (2, 0), (1, 0)):
        machine.at(seed=seed, iteration=iteration)
        machine.run()
        seen |= {machine.array(i).tobytes() for i in drawn if machine.array(i).ndim == 2}
    assert len(drawn) == 4
    assert len(seen) == 2 * 3


@without_gradient
def test_that_both_precisions_draw_the_same_directions(optimizer_id: str) -> None:
    program = perceptron(4, 4, optimizer=optimizers()[optimizer_id]())
    single, double = (machine_of(program, batch=4, dtype=t) for t in (np.float32, np.float64))
    for machine in (single, double):
        machine.at(seed=7, iteration=2)
        machine.run()
    for instr in program.instructions:
        if instr.op.name.endswith("_direction"):
            (out,) = instr.outputs
            np.testing.assert_array_equal(single.array(out), double.array(out).astype(np.float32))


# The second look.


def test_that_a_second_look_repeats_only_what_the_replacement_changes() -> None:
    b = Builder()
    x, c = b.input("x", (BATCH, 3)), b.input("c", (BATCH, 3))
    w, v = b.parameter("w", (3,)), b.parameter("v", (3,))
    with b.scope(node="left"):
        left = b.apply(Add(), x, w)
    with b.scope(node="right"):
        right = b.apply(Add(), x, v)
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = b.apply(Contract(), b.apply(Add(), left, right), c)
        b.apply(Add(), loss, loss)
    first = len(b.instructions)
    other = b.parameter("other", (3,))
    with b.scope(phase=Phase.UPDATE):
        again = b.repeat(loss, {w.id: other})
    new = b.instructions[first:]
    assert [(i.op.name, i.node, i.phase) for i in new] == [
        ("add", "left", Phase.UPDATE),
        ("add", "loss", Phase.UPDATE),
        ("contract", "loss", Phase.UPDATE),
    ]
    program = b.build(loss)
    storage = Storage(program, np.float64)
    machine = Machine(program, storage, batch=2)
    storage.view(w)[...] = [1.0, 2.0, 3.0]
    storage.view(v)[...] = [0.5, 0.5, 0.5]
    storage.view(other)[...] = [-1.0, 0.0, 7.0]
    for name in "xc":
        machine.feed(name, np.arange(6.0).reshape(2, 3) + 1.0, np.arange(2))
    machine.run()
    there = float(machine.array(again))
    storage.view(w)[...] = storage.view(other)
    machine.run()
    assert there == float(machine.array(loss))


def test_that_a_second_look_moves_nothing_that_is_kept() -> None:
    b = Builder()
    w, c = b.parameter("w", (3,)), b.input("c", (3,))
    count = b.state("seen", ())
    b.apply(Count(), count)
    loss = b.apply(Contract(), b.apply(Add(), w, count), c)
    first = len(b.instructions)
    assert b.repeat(loss, {w.id: b.parameter("other", (3,))}) is not loss
    assert not any(i.op.updates for i in b.instructions[first:])
    assert b.repeat(loss, {}) is loss
