"""Training steps equal PyTorch's: against kept results, and live where PyTorch is installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from backprop_studio.autograd import Machine, Storage
from backprop_studio.nn import optimizers, schedules
from tests.golden.make_fixtures import (
    BATCHES,
    CASES,
    FOLDER,
    STEPS,
    Array,
    Case,
    start,
    train_with_pytorch,
)
from tests.golden.networks import optimizers_with_gradients
from tests.programs import perceptron

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
TOLERANCE = 1e-8


def load(case: Case) -> dict[str, Array]:
    with np.load(case.path, allow_pickle=False) as arrays:
        return dict(arrays)


def train(case: Case, given: dict[str, Array]) -> dict[str, Array]:
    """What `train_with_pytorch` gives, by this engine."""
    config = {"learning_rate": case.rate, **dict(case.settings)}
    optimizer = optimizers()[case.optimizer].from_config(config)
    program = perceptron(
        *case.sizes,
        activation=case.activation,
        loss=case.loss,
        optimizer=optimizer,
        l1=case.l1,
        l2=case.l2,
        schedule=schedules()[case.schedule].from_config(dict(case.schedule_settings)),
        warmup=case.warmup,
        clip=case.clip,
        clip_at=case.clip_at,
    )
    storage = Storage(program, np.float64)
    names = {p.id: f"{p.name[0]}{p.node.removeprefix('dense_')}" for p in program.parameters}
    for p in program.parameters:
        storage.view(p)[...] = given[names[p.id]]
    machine = Machine(program, storage, batch=case.batch)
    assert program.loss is not None
    losses = []
    for step in range(STEPS):
        for name in "xy":
            machine.feed(name, given[name][step % BATCHES], np.arange(case.batch))
        machine.at(seed=0, iteration=step, batches_per_epoch=BATCHES)
        machine.run()
        losses.append(float(machine.array(program.loss)))
    last = {f"last_{names[p.id]}": storage.view(p).copy() for p in program.parameters}
    return {"losses": np.array(losses), **last}


def assert_equal(ours: dict[str, Array], theirs: dict[str, Array]) -> None:
    for name, expected in theirs.items():
        assert np.abs(ours[name] - expected).max() <= TOLERANCE, name
    assert ours.keys() == theirs.keys()


@every_case
def test_that_fifty_steps_equal_the_kept_results_of_pytorch(case: Case) -> None:
    given = load(case)
    result = train(case, given)
    assert_equal(result, {name: given[name] for name in result})
    assert given["losses"][-1] < 0.9 * given["losses"][0], "a case that does not learn says little"


@every_case
def test_that_the_fixture_belongs_to_the_case(case: Case) -> None:
    given = load(case)
    for name, array in start(case).items():
        assert np.array_equal(given[name], array)


def test_that_every_optimizer_has_a_case() -> None:
    expected = optimizers_with_gradients()
    without = set(optimizers()) - expected
    assert without == {"random_search", "perturbation"}, "PyTorch has these neither"
    assert {case.optimizer for case in CASES} == expected
    assert {case.optimizer for case in CASES if case.l1 and case.l2} == expected
    assert {case.schedule for case in CASES} == set(schedules())


def test_that_every_fixture_is_used_and_small() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(case.path for case in CASES)
    assert all(case.path.stat().st_size < 100_000 for case in CASES)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_fifty_steps_equal_those_of_the_pytorch_installed_here(case: Case) -> None:
    given = start(case)
    assert_equal(train(case, given), train_with_pytorch(case, given))
