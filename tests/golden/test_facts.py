"""Worked examples that learners can check by hand, to the last digit that was published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.autograd import (
    BATCH,
    Builder,
    Machine,
    Phase,
    Program,
    Storage,
    Value,
)
from backprop_studio.data import Task
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.nn import add_updates, layers, losses, nodes, optimizers
from tests.networks import described

NEURONS: dict[str, list[tuple[str, dict[str, object], tuple[int, ...]]]] = {
    "from single operations": [
        ("input", {}, ()),
        ("parameter", {"value": 3.0}, ()),
        ("multiply", {}, (0, 1)),
        ("parameter", {"value": 1.0}, ()),
        ("add", {}, (2, 3)),
        ("mse", {}, (4,)),
    ],
    "from constants alone": [
        ("constant_value", {"value": 2.0}, ()),
        ("parameter", {"value": 3.0}, ()),
        ("multiply", {}, (0, 1)),
        ("parameter", {"value": 1.0}, ()),
        ("add", {}, (2, 3)),
        ("mse", {}, (4,)),
    ],
    "from a formula": [
        ("input", {}, ()),
        ("parameter", {"value": 3.0}, ()),
        ("custom", {"inputs": "two", "expression": "a * b"}, (0, 1)),
        ("parameter", {"value": 1.0}, ()),
        ("custom", {"inputs": "two", "expression": "a + b"}, (2, 3)),
        ("mse", {}, (4,)),
    ],
    "from a matrix product": [
        ("input", {}, ()),
        ("parameter", {"value": 3.0, "rows": 1}, ()),
        ("matmul", {}, (0, 1)),
        ("parameter", {"value": 1.0}, ()),
        ("add", {}, (2, 3)),
        ("mse", {}, (4,)),
    ],
    "as a Dense layer": [
        ("input", {}, ()),
        ("dense", {"units": 1, "init": "constant", "scale": 3.0}, (0,)),
        ("mse", {}, (1,)),
    ],
}
"""One neuron, each time another way: node types, settings and the places of their sources."""


def neuron(nodes_of: list[tuple[str, dict[str, object], tuple[int, ...]]]) -> Network:
    sgd = optimizers()["sgd"].from_config({"learning_rate": 0.05})
    network = Network(setup=TrainingSetup("digits", sgd, batch_size=1, precision="float64"))
    ids: list[str] = []
    for kind, config, sources in nodes_of:
        network, node = edits.add_node(network, nodes()[kind].from_config(config), 0.0, 0.0)
        for port, source in enumerate(sources):
            network = edits.connect(network, ids[source], node, port)
        ids.append(node)
    return network


@pytest.mark.parametrize("way", sorted(NEURONS))
def test_that_a_neuron_is_right_to_the_last_digit(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """x = 2, w = 3, b = 1 and t = 9: 7, loss 4, gradients -8 and -4, then 3.4 and 1.2."""
    known = data.info("digits")
    tiny = replace(
        known, task=Task.REGRESSION, feature_shape=(1,), target_width=1, image_shape=None
    )
    monkeypatch.setattr(TrainingSetup, "prepared", lambda _: described(tiny, rows=1))
    analysis = analyze(neuron(NEURONS[way]))
    assert analysis.diagnostics == ()
    lowered = analysis.require()
    program = lowered.program
    storage = Storage(program, np.float64)
    storage.initialize(1)
    weight, bias = program.parameters
    storage.view(bias)[...] = 1.0  # as it starts in every other way than the Dense layer
    machine = Machine(program, storage, batch=1)
    given = {"x": np.array([[2.0]]), "y": np.array([[9.0]])}
    for name in program.inputs:
        machine.feed(name, given[name], np.array([0]))
    machine.run()
    assert machine.array(lowered.heads[0].prediction).tolist() == [[7.0]]
    assert program.loss is not None
    assert float(machine.array(program.loss)) == 4.0
    assert machine.array(program.gradients[weight.id]).item() == -8.0
    assert machine.array(program.gradients[bias.id]).item() == -4.0
    assert storage.view(weight).item() == pytest.approx(3.4, rel=1e-15)
    assert storage.view(bias).item() == pytest.approx(1.2, rel=1e-15)


def two_layers() -> tuple[Program, dict[str, Value]]:
    """Two inputs, two hidden and two output neurons, all sigmoid; biases are not trained."""
    b = Builder()
    x = b.input("x", (BATCH, 2))
    for name in ("hidden", "output"):
        with b.scope(node=name):
            x = layers()["sigmoid"]().lower(
                b, layers()["dense"].from_config({"units": 2}).lower(b, x)
            )
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = losses()["mse"]().lower(b, x, b.input("y", (BATCH, 2)))
    parameters = {"/".join(p.key): p for p in b.build().parameters}
    trained = [parameters["hidden/weight"], parameters["output/weight"]]
    sgd = optimizers()["sgd"].from_config({"learning_rate": 0.5})
    add_updates(b, loss, trained, sgd)
    return b.build(loss), parameters


def test_that_the_step_by_step_example_of_mazur_comes_out() -> None:
    """Mazur 2015, *A Step by Step Backpropagation Example*: weights, loss before and after.

    His loss is half of the summed squares; with two outputs, that is their mean.
    """
    program, parameters = two_layers()
    storage = Storage(program, np.float64)
    # A column is a neuron: his w1 and w2 lead to the first hidden one.
    storage.view(parameters["hidden/weight"])[...] = [[0.15, 0.25], [0.20, 0.30]]
    storage.view(parameters["output/weight"])[...] = [[0.40, 0.50], [0.45, 0.55]]
    storage.view(parameters["hidden/bias"])[...] = 0.35
    storage.view(parameters["output/bias"])[...] = 0.60
    machine = Machine(program, storage, batch=1)
    machine.feed("x", np.array([[0.05, 0.10]]), np.array([0]))
    machine.feed("y", np.array([[0.01, 0.99]]), np.array([0]))
    assert program.loss is not None
    machine.run()
    assert float(machine.array(program.loss)) == pytest.approx(0.2983711087600027, rel=1e-15)
    published = {
        "hidden/weight": [[0.1497807161327628, 0.24975114363236958],
                          [0.19956143226552567, 0.29950228726473915]],
        "output/weight": [[0.35891647971788465, 0.5113012702387375],
                          [0.4086661860762334, 0.5613701211079891]],
    }  # fmt: skip
    for name, numbers in published.items():
        np.testing.assert_allclose(storage.view(parameters[name]), numbers, rtol=1e-15)
    for name, number in (("hidden/bias", 0.35), ("output/bias", 0.60)):
        assert storage.view(parameters[name]).tolist() == [number, number]
    machine.run(0, program.start_of(Phase.BACKWARD))
    assert float(machine.array(program.loss)) == pytest.approx(0.29102777369359933, rel=1e-15)
