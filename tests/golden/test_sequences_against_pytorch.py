"""Attention, normalisation and a transformer's block equal PyTorch's: kept results, and live."""

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
from tests.golden import make_sequence_fixtures as make
from tests.golden.make_sequence_fixtures import Case, cases, inputs_of, numbers, with_pytorch
from tests.programs import Contract

every_case = pytest.mark.parametrize(
    ("index", "case"),
    [pytest.param(i, c, id=make.prefix(i, c)) for i, c in enumerate(cases())],
)
with_torch_here = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")


def ours(case: Case, dtype: type = np.float64) -> dict[str, Array]:
    """What `with_pytorch` gives, by this engine."""
    given = [x.astype(dtype) for x in inputs_of(case)]
    b = Builder()
    values = [b.input(f"x{i}", (BATCH, *x.shape[1:])) for i, x in enumerate(given)]
    y = layers()[case.layer].from_config(case.config).lower(b, *values)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    parameters = b.build().parameters
    gradients = differentiate(b, loss, [*values, *parameters])
    program = b.build(loss)
    storage = Storage(program, dtype)
    for p in parameters:
        storage.view(p)[...] = numbers(p.name, storage.view(p).shape)
    rows = len(given[0])
    machine = Machine(program, storage, batch=rows)
    for i, x in enumerate(given):
        machine.feed(f"x{i}", x, np.arange(rows))
    c = numbers("c", machine.array(y).shape).astype(dtype)
    machine.feed("c", c, np.arange(rows))
    machine.run()
    found = {"y": machine.array(y)}
    found |= {f"d{i}": machine.array(gradients[v.id]) for i, v in enumerate(values)}
    found |= {f"d_{p.name}": machine.array(gradients[p.id]) for p in parameters}
    if case.layer == "multi_head_attention":
        (weights,) = (v for v in program.values if v.name == "attention_weights")
        found["weights"] = machine.array(weights)
    return found


def block() -> Program:
    """A training step of the network of `train_with_pytorch`."""
    b = Builder()

    def layer(node: str, layer_id: str, *inputs: Value, **config: object) -> Value:
        with b.scope(node=node):
            return layers()[layer_id].from_config(config).lower(b, *inputs)

    x = b.input("x", (BATCH, make.LENGTH, make.WIDTH))
    x = layer("where", "positional_encoding", x, kind="learned")
    found = layer("first_norm", "layer_norm", x)
    found = layer("attend", "multi_head_attention", found, heads=make.HEADS, causal=True)
    x = layer("first_sum", "add", x, found)
    found = layer("second_norm", "layer_norm", x)
    found = layer("gelu", "gelu", layer("wide", "dense", found, units=make.HIDDEN))
    x = layer("second_sum", "add", x, layer("narrow", "dense", found, units=make.WIDTH))
    x = layer("mean", "global_average_pool", layer("turn", "permute", x))
    x = layer("classes", "dense", x, units=make.CLASSES)
    with b.scope(node="loss", phase=Phase.LOSS):
        target = b.apply(OneHot(make.CLASSES), b.input("y", (BATCH,), "int"))
        loss = losses()["softmax_cross_entropy"]().lower(b, x, target)
    adam = optimizers()["adam"].from_config({"learning_rate": make.RATE})
    add_updates(b, loss, b.build().parameters, adam)
    return b.build(loss)


def train(given: dict[str, Array]) -> dict[str, Array]:
    """What `train_with_pytorch` gives, by this engine."""
    program = block()
    storage = Storage(program, np.float64)
    for p in program.parameters:
        storage.view(p)[...] = given[f"{p.node}/{p.name}"]
    machine = Machine(program, storage, batch=make.BATCH)
    assert program.loss is not None
    found = []
    for step in range(make.STEPS):
        for name in "xy":
            machine.feed(name, given[name][step % make.BATCHES], np.arange(make.BATCH))
        machine.run()
        found.append(float(machine.array(program.loss)))
    last = {f"{p.node}/{p.name}": storage.view(p).copy() for p in program.parameters}
    return {"losses": np.array(found), **last}


def assert_same_way(mine: dict[str, Array], theirs: dict[str, Array]) -> None:
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert np.abs(mine[name] - expected).max() <= 1e-8, name
    assert theirs["losses"][-1] < 0.5 * theirs["losses"][0], "a case that learns little says little"


def assert_same_step(
    mine: dict[str, Array], theirs: dict[str, Array], *, rtol: float, atol: float
) -> None:
    assert mine.keys() == theirs.keys()
    for name, expected in theirs.items():
        np.testing.assert_allclose(mine[name], expected, rtol=rtol, atol=atol, err_msg=name)


@every_case
def test_that_a_layer_equals_the_kept_results_of_pytorch(index: int, case: Case) -> None:
    start = f"{make.prefix(index, case)} "
    with np.load(make.PATH, allow_pickle=False) as kept:
        theirs = {k.removeprefix(start): kept[k] for k in kept if k.startswith(start)}
    assert_same_step(ours(case), theirs, rtol=1e-12, atol=1e-13)
    assert_same_step(ours(case, np.float32), theirs, rtol=1e-4, atol=1e-4)


def test_that_fifty_steps_of_a_transformer_equal_the_kept_results_of_pytorch() -> None:
    with np.load(make.PATH, allow_pickle=False) as kept:
        theirs = {k.removeprefix("block "): kept[k] for k in kept if k.startswith("block ")}
    assert_same_way(train(make.start()), theirs)


def test_that_the_fixture_holds_these_cases_and_is_small() -> None:
    with np.load(make.PATH, allow_pickle=False) as kept:
        expected = make.fixture(map(ours, cases()), train(make.start()))
        assert {k: kept[k].shape for k in kept} == {k: v.shape for k, v in expected.items()}
    assert make.PATH.stat().st_size < 100_000


@with_torch_here
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_case
def test_that_a_layer_equals_that_of_the_pytorch_installed_here(index: int, case: Case) -> None:
    assert_same_step(ours(case), with_pytorch(case), rtol=1e-12, atol=1e-13)


@with_torch_here
@pytest.mark.filterwarnings("default")  # PyTorch's own
def test_that_fifty_steps_equal_those_of_the_pytorch_installed_here() -> None:
    assert_same_way(train(make.start()), make.train_with_pytorch(make.start()))
