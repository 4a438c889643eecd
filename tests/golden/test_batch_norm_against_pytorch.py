"""Batch normalisation equals PyTorch's, alone and in a CNN: kept results, and live."""

from __future__ import annotations

from importlib.util import find_spec

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
)
from backprop_studio.autograd.ops.data import OneHot
from backprop_studio.nn import add_updates, layers, losses, optimizers
from tests.golden import make_batch_norm_fixtures as make
from tests.golden.make_batch_norm_fixtures import CASES, Case, batches, with_pytorch
from tests.golden.make_sequence_fixtures import numbers
from tests.programs import Contract

every_case = pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in CASES])
with_torch_here = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")


def ours(case: Case, dtype: type = np.float64) -> dict[str, Array]:
    """What `with_pytorch` gives, by this engine."""
    rows, found = np.arange(case.shape[0]), {}
    storage = None
    for training, given in ((True, batches(case)), (False, batches(case)[:1])):
        b = Builder(training=training)
        x = b.input("x", (BATCH, *case.shape[1:]))
        y = layers()["batch_norm"].from_config(case.config).lower(b, x)
        loss = b.apply(Contract(), y, b.input("c", y.shape))
        gradients = differentiate(b, loss, [x, *b.build().parameters])
        program = b.build(loss)
        if storage is None:
            storage = Storage(program, dtype)
            storage.initialize(0)
            for p in program.parameters:
                storage.view(p)[...] = numbers(p.name, storage.view(p).shape)
        machine = Machine(program, storage, batch=len(rows))
        machine.feed("c", numbers("c", case.shape).astype(dtype), rows)
        for batch in given:
            machine.feed("x", batch.astype(dtype), rows)
            machine.run()
        prefix = "" if training else "use_"
        found |= {f"{prefix}y": machine.array(y), f"{prefix}dx": machine.array(gradients[x.id])}
        for p in program.parameters:
            found[f"{prefix}d_{p.name}"] = machine.array(gradients[p.id])
        if training:
            found |= {v.name: storage.view(v).copy() for v in program.buffers}
    return found


def cnn(*, training: bool) -> tuple[Program, Value]:
    """A training step of the network of `train_with_pytorch`, or its use, and the scores."""
    b = Builder(training=training)

    def layer(node: str, layer_id: str, x: Value, **config: object) -> Value:
        weights = "norm" if node.startswith("norm") else None
        with b.scope(node=node, weights=weights):
            return layers()[layer_id].from_config(config).lower(b, x)

    x = b.input("x", (BATCH, 1, make.SIDE, make.SIDE))
    x = layer("first", "conv2d", x, channels=make.CHANNELS)
    x = layer("relu_1", "relu", layer("norm", "batch_norm", x))
    x = layer("second", "conv2d", x, channels=make.CHANNELS)
    x = layer("relu_2", "relu", layer("norm_again", "batch_norm", x))
    x = layer("flat", "flatten", layer("pool", "max_pool2d", x))
    x = layer("wide", "dense", x, units=make.HIDDEN)
    x = layer("relu_3", "relu", layer("flat_norm", "batch_norm", x))
    x = layer("classes", "dense", x, units=make.CLASSES)
    if not training:
        return b.build(), x
    with b.scope(node="loss", phase=Phase.LOSS):
        target = b.apply(OneHot(make.CLASSES), b.input("y", (BATCH,), "int"))
        loss = losses()["softmax_cross_entropy"]().lower(b, x, target)
    settings = {"learning_rate": make.RATE, "momentum": make.MOMENTUM}
    add_updates(b, loss, b.build().parameters, optimizers()["momentum"].from_config(settings))
    return b.build(loss), x


def train(given: dict[str, Array]) -> dict[str, Array]:
    """What `train_with_pytorch` gives, by this engine."""
    program, _ = cnn(training=True)
    storage, rows = Storage(program, np.float64), np.arange(make.BATCH)
    storage.initialize(0)
    for p in program.parameters:
        storage.view(p)[...] = given[f"{p.node}/{p.name}"]
    machine = Machine(program, storage, batch=make.BATCH)
    assert program.loss is not None
    found = []
    for step in range(make.STEPS):
        for name in "xy":
            machine.feed(name, given[name][step % make.BATCHES], rows)
        machine.run()
        found.append(float(machine.array(program.loss)))
    use, scores = cnn(training=False)
    user = Machine(use, storage, batch=make.BATCH)
    user.feed("x", given["x"][0], rows)
    user.run()
    kept = (*program.parameters, *program.buffers)
    last = {f"{v.node}/{v.name}": storage.view(v).copy() for v in kept}
    return {"losses": np.array(found), "scores": user.array(scores), **last}


def assert_same_way(mine: dict[str, Array], theirs: dict[str, Array]) -> None:
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert np.abs(mine[name] - expected).max() <= 1e-8, name
    assert theirs["losses"][-1] < 0.5 * theirs["losses"][0], "a case that learns little says little"


def assert_same_results(
    mine: dict[str, Array], theirs: dict[str, Array], *, rtol: float, atol: float
) -> None:
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        np.testing.assert_allclose(mine[name], expected, rtol=rtol, atol=atol, err_msg=name)


@every_case
def test_that_training_and_use_equal_the_kept_results_of_pytorch(case: Case) -> None:
    start = f"{case.name} "
    with np.load(make.PATH, allow_pickle=False) as kept:
        theirs = {k.removeprefix(start): kept[k] for k in kept if k.startswith(start)}
    assert_same_results(ours(case), theirs, rtol=1e-11, atol=1e-13)
    if case.shape[0] > 2:  # with two rows, the gradient is what rounding leaves of it
        assert_same_results(ours(case, np.float32), theirs, rtol=1e-4, atol=1e-4)


def test_that_fifty_steps_of_a_cnn_equal_the_kept_results_of_pytorch() -> None:
    with np.load(make.PATH, allow_pickle=False) as kept:
        theirs = {k.removeprefix("cnn "): kept[k] for k in kept if k.startswith("cnn ")}
    assert_same_way(train(make.start()), theirs)


def test_that_the_fixture_holds_these_cases_and_is_small() -> None:
    with np.load(make.PATH, allow_pickle=False) as kept:
        expected = make.fixture(map(ours, CASES), train(make.start()))
        assert {k: kept[k].shape for k in kept} == {k: v.shape for k, v in expected.items()}
    assert make.PATH.stat().st_size < 100_000


@with_torch_here
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_training_and_use_equal_those_of_the_pytorch_installed_here(case: Case) -> None:
    assert_same_results(ours(case), with_pytorch(case), rtol=1e-11, atol=1e-13)


@with_torch_here
@pytest.mark.filterwarnings("default")  # PyTorch's own
def test_that_fifty_steps_equal_those_of_the_pytorch_installed_here() -> None:
    assert_same_way(train(make.start()), make.train_with_pytorch(make.start()))
