"""The learning rate is a visible value of every step, and depends on the moment alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase, Program, Value
from backprop_studio.autograd.ops.schedule import MEMORY
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers, schedules
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.training import Boundary, Session
from tests.programs import machine_of, perceptron


def session_of(**setup: object) -> Session:
    network = chain(batch_size=300, **setup)
    return Session(analyze(network).require(), network.setup)


def rate_of(program: Program) -> Value:
    """The scalar that the last update takes."""
    last = next(i for i in reversed(program.instructions) if i.op.elementwise)
    return program.values[last.inputs[-1]]


def rates(session: Session, iterations: int) -> list[float]:
    """The rate of each of the next iterations, which must not be finished yet."""
    value, found = rate_of(session.program), []
    for _ in range(iterations):
        session.step(Boundary.BATCH)
        found.append(float(session.machine.array(value)))
    return found


@pytest.mark.parametrize("optimizer_id", sorted(optimizers()))
def test_that_a_constant_rate_is_the_setting_and_takes_no_time(optimizer_id: str) -> None:
    optimizer = optimizers()[optimizer_id]()
    program = perceptron(3, 5, 2, optimizer=optimizer)
    machine = machine_of(program, batch=4)
    (index,) = (i for i, instr in enumerate(program.instructions) if instr.op.name == "rate")
    assert program.instructions[index].phase is Phase.UPDATE
    assert machine._calls[index] == []
    (out,) = program.instructions[index].outputs
    assert float(machine.array(out)) == optimizer.rate


def test_that_every_optimizer_follows_a_schedule() -> None:
    """At a rate of zero nothing moves, whatever the optimizer."""
    stop = schedules()["cosine"].from_config({"epochs": 1})
    for optimizer_id, cls in optimizers().items():
        machine = machine_of(perceptron(3, 5, 2, optimizer=cls(), schedule=stop), batch=4)
        before = machine.storage.save().arenas["parameters"]
        machine.at(seed=1, iteration=0, batches_per_epoch=4)
        machine.run()
        moved = machine.storage.save().arenas["parameters"]
        assert (moved != before).any() or not machine.program.gradients
        machine.at(seed=1, iteration=4, batches_per_epoch=4)
        machine.run()
        assert np.array_equal(machine.storage.arena("parameters"), moved), optimizer_id


def test_that_a_rate_is_cut_in_stages_at_the_ends_of_epochs() -> None:
    schedule = schedules()["step"].from_config({"every": 2, "gamma": 0.5})
    adam = optimizers()["adam"].from_config({"learning_rate": 0.01})
    session = session_of(optimizer=adam, schedule=schedule, precision="float64")
    per = session.batches_per_epoch
    assert rates(session, 5 * per) == pytest.approx(
        [0.01] * (2 * per) + [0.005] * (2 * per) + [0.0025] * per
    )


def test_that_a_rate_falls_along_a_cosine_and_stays_at_its_minimum() -> None:
    schedule = schedules()["cosine"].from_config({"epochs": 4, "minimum": 0.002})
    adam = optimizers()["adam"].from_config({"learning_rate": 0.01})
    session = session_of(optimizer=adam, schedule=schedule, precision="float64")
    per = session.batches_per_epoch
    half = 0.004 / np.sqrt(2)
    expected = [0.01, 0.006 + half, 0.006, 0.006 - half, 0.002, 0.002]
    assert rates(session, 6 * per)[::per] == pytest.approx(expected)


def test_that_a_warm_up_grows_step_by_step_and_multiplies_the_schedule() -> None:
    schedule = schedules()["step"].from_config({"every": 1, "gamma": 0.5})
    adam = optimizers()["adam"].from_config({"learning_rate": 0.01})
    session = session_of(optimizer=adam, schedule=schedule, warmup=7, precision="float64")
    per = session.batches_per_epoch
    assert per < 7
    found = rates(session, 2 * per)
    assert found == pytest.approx(
        [0.01 * min((t + 1) / 7, 1) * 0.5 ** (t // per) for t in range(2 * per)]
    )


@pytest.mark.parametrize("patience", [0, 1, 2])
def test_that_a_rate_is_cut_after_epochs_without_a_new_best(patience: int) -> None:
    config = {"patience": patience, "threshold": 1.0, "factor": 0.5, "minimum": 0.002}
    schedule = schedules()["plateau"].from_config(config)
    adam = optimizers()["adam"].from_config({"learning_rate": 0.01})
    session = session_of(optimizer=adam, schedule=schedule, precision="float64")
    per = session.batches_per_epoch
    # The first epoch is the best, whatever it is; every other one is no better by its whole size.
    expected = [
        max(0.01 * 0.5 ** (max(epoch - 1, 0) // (patience + 1)), 0.002) for epoch in range(9)
    ]
    found = rates(session, 9 * per)
    assert found[::per] == pytest.approx(expected)
    assert found[per - 1 :: per] == pytest.approx(expected), "a rate changes between epochs alone"


def test_that_a_plateau_remembers_the_mean_training_loss_of_the_best_epoch() -> None:
    session = session_of(schedule=schedules()["plateau"](), precision="float64")
    (memory,) = (s for s in session.program.states if s.name == "plateau")
    per = session.batches_per_epoch
    for epoch in range(1, 4):
        session.run_epoch()
        means = session.losses.points[:, 1].reshape(-1, per).mean(axis=1)
        kept = dict(zip(MEMORY, session.storage.view(memory), strict=True))
        assert kept["best"] == pytest.approx(means.min(), rel=1e-12)
        assert kept["epochs"] == epoch
        assert kept["sum"] == kept["batches"] == kept["cuts"] == 0


def test_that_the_schedule_is_saved_and_that_files_without_one_open_as_constant() -> None:
    network = chain(
        schedule=schedules()["plateau"].from_config({"patience": 3}),
        warmup=20,
        clip="norm",
        clip_at=0.5,
    )
    text = encode(network)
    assert decode(text) == network
    plain = json.loads(text)
    for name in ("schedule", "warmup", "clip", "clip_at"):
        del plain["setup"][name]
    older = decode(json.dumps(plain).encode()).setup
    assert older == chain().setup
    assert older.schedule == schedules()["constant"]()
    assert (older.warmup, older.clip) == (0, "none")


def test_that_another_schedule_or_optimizer_does_not_find_what_the_last_one_kept() -> None:
    adam = session_of(optimizer=optimizers()["adam"](), schedule=schedules()["plateau"]())
    for _ in range(7):
        adam.step(Boundary.BATCH)
    setup = chain(batch_size=300, optimizer=optimizers()["adamw"]())
    other = Session(analyze(setup).require(), setup.setup, kept=adam.storage, start=7)
    assert other.program.states
    assert not any(other.storage.view(s).any() for s in other.program.states)
    setup = chain(batch_size=300, optimizer=optimizers()["adam"]())
    again = Session(analyze(setup).require(), setup.setup, kept=adam.storage, start=7)
    assert all(again.storage.view(s).any() for s in again.program.states)
