"""Worksheets of a layer: right answers, and mistakes that are known by their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain, residual

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops.activation import Sigmoid
from backprop_studio.autograd.ops.arithmetic import Add, Subtract
from backprop_studio.autograd.ops.extrema import Maximum
from backprop_studio.autograd.ops.loss import MeanSquaredError, SoftmaxCrossEntropy
from backprop_studio.autograd.ops.multiply import Divide, Multiply
from backprop_studio.autograd.ops.scores import BinaryCrossEntropy
from backprop_studio.insight.inside import (
    Mistake,
    dense_sheet,
    layers,
    loss_sheet,
    pair_sheet,
    pointwise_sheet,
    sit,
)
from backprop_studio.network import Network, Node, TrainingSetup, Wire, analyze
from backprop_studio.nn import nodes
from backprop_studio.training import Boundary, Session

X = np.array([[1.0, 2.0], [3.0, -1.0]])
W = np.array([[0.5, -0.25], [2.0, 1.5]])
DY = np.array([[0.1, -0.3], [0.2, 0.4]])


def _sheet(name: str, parts: list[np.ndarray] | None = None):  # type: ignore[no-untyped-def, type-arg]
    return next(t for t in dense_sheet(X, W, parts or [DY]).tasks if t.name == name)


def test_a_dense_layer_s_answers_are_those_of_the_matrices() -> None:
    tasks = {t.name: t.answer for t in dense_sheet(X, W, [DY]).tasks}
    assert len(tasks) == 10
    for i, j in np.ndindex(2, 2):
        assert tasks[f"dW[{i}, {j}]"] == pytest.approx((X.T @ DY)[i, j])
        assert tasks[f"dX[{i}, {j}]"] == pytest.approx((DY @ W.T)[i, j])
    assert tasks["db[1]"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("dW[0, 1]", 1.0 * -0.3 + 3.0 * 0.4, True),
        ("dW[0, 1]", 0.905, True),
        ("dW[0, 1]", -0.9, Mistake.SIGN),
        ("dW[0, 1]", -0.3, Mistake.ONE_EXAMPLE),
        ("dW[0, 1]", 0.45, Mistake.MEAN_AGAIN),
        ("db[0]", 0.15, Mistake.MEAN_AGAIN),
        ("dX[0, 1]", 0.1 * 2.0 - 0.3 * 1.5, True),
        ("dX[0, 1]", 0.1 * -0.25 - 0.3 * 1.5, Mistake.UNTRANSPOSED),
        ("dX[0, 1]", 17.0, False),
    ],
)
def test_a_mistake_is_known_by_its_number(name: str, given: float, wanted: object) -> None:
    assert _sheet(name).judge(given) is wanted


def test_a_forgotten_branch_is_known() -> None:
    task = _sheet("dW[1, 0]", [DY, 10 * DY])
    assert task.answer == pytest.approx(11 * (X.T @ DY)[1, 0], abs=1e-12)
    other = _sheet("dX[1, 1]", [DY, 10 * DY])
    assert other.judge(float((DY @ W.T)[1, 1])) is Mistake.ONE_BRANCH


def test_an_activation_s_mistakes_are_known() -> None:
    def sigmoid(x: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return 1 / (1 + np.exp(-x))

    task = pointwise_sheet(X, sigmoid, Sigmoid(), [DY]).tasks[1]
    assert task.name == "dX[0, 1]"
    y = float(sigmoid(np.array(2.0)))
    assert task.answer == pytest.approx(-0.3 * y * (1 - y), rel=1e-6)
    assert task.judge(-0.3) is Mistake.NO_DERIVATIVE
    after = float(sigmoid(np.array(float(f"{y:.2g}"))))
    assert task.judge(-0.3 * after * (1 - after)) is Mistake.WRONG_SIDE


def test_a_loss_is_a_mean() -> None:
    p, t = np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    task = loss_sheet(p, t, SoftmaxCrossEntropy()).tasks[0]
    assert task.answer == pytest.approx(-0.15)
    assert task.judge(-0.3) is Mistake.NO_MEAN
    assert task.judge(0.15) is Mistake.SIGN


def test_a_squared_error_is_a_mean_over_all_entries_and_has_a_two() -> None:
    p, t = np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    sheet = loss_sheet(p, t, MeanSquaredError())
    assert sheet.rule.endswith("with n = 4")
    task = sheet.tasks[0]
    assert (task.name, task.answer) == ("dP[0, 0]", pytest.approx(-0.15))
    assert task.judge(-0.6) is Mistake.NO_MEAN
    assert task.judge(-0.075) is Mistake.NO_TWO
    total = loss_sheet(p, t, MeanSquaredError("sum")).tasks[0]
    assert total.answer == pytest.approx(-0.6) and "/" not in total.worked
    assert loss_sheet(p, t, BinaryCrossEntropy()).tasks[0].answer == pytest.approx(-0.075)


def _pair(op: Op, name: str, parts: list[np.ndarray] | None = None):  # type: ignore[no-untyped-def, type-arg]
    functions = {
        Add: np.add, Subtract: np.subtract, Multiply: np.multiply,
        Divide: np.divide, Maximum: np.maximum,
    }  # fmt: skip
    sheet = pair_sheet(X, W, functions[type(op)], op, parts or [DY])
    assert len(sheet.tasks) == 8
    return next(t for t in sheet.tasks if t.name == name)


@pytest.mark.parametrize(
    ("op", "name", "given", "wanted"),
    [
        # X[0, 1] is 2 and W[0, 1] is -0.25; the signal there is -0.3.
        (Add(), "dA[0, 1]", -0.3, True),
        (Add(), "dB[0, 1]", 0.3, Mistake.SIGN),
        (Subtract(), "dB[0, 1]", 0.3, True),
        (Subtract(), "dB[0, 1]", -0.3, Mistake.NO_DERIVATIVE),
        (Multiply(), "dA[0, 1]", 0.075, True),
        (Multiply(), "dA[0, 1]", -0.6, Mistake.OWN_FACTOR),
        (Multiply(), "dB[0, 1]", -0.6, True),
        (Multiply(), "dB[0, 1]", -0.3, Mistake.NO_DERIVATIVE),
        (Maximum(), "dA[0, 1]", -0.3, True),
        (Maximum(), "dB[0, 1]", 0.0, True),
        (Maximum(), "dB[0, 1]", -0.3, Mistake.NOT_TAKEN),
        (Divide(), "dA[0, 1]", 1.2, True),
        (Divide(), "dB[0, 1]", 0.3 * 2 / 0.0625, True),
    ],
)
def test_forks_add_maxima_route_and_products_swap(
    op: Op, name: str, given: float, wanted: object
) -> None:
    assert _pair(op, name).judge(given) is wanted


def test_a_product_whose_result_forks_knows_a_forgotten_branch() -> None:
    task = _pair(Multiply(), "dA[0, 1]", [DY, 2 * DY])
    assert task.answer == pytest.approx(0.225)
    assert task.judge(0.075) is Mistake.ONE_BRANCH


@pytest.mark.parametrize("kind", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_a_node_of_two_inputs_can_be_sat_in(kind: str) -> None:
    made = nodes()
    network = Network(
        (
            Node("x", "x", made["input"]()),
            Node("a", "a", made["dense"].from_config({"units": 10})),
            Node("b", "b", made["dense"].from_config({"units": 10})),
            Node("both", "both", made[kind]()),
            Node("end", "end", made["mse"]()),
        ),
        (
            Wire("x", "a"), Wire("x", "b"), Wire("a", "both", 0), Wire("b", "both", 1),
            Wire("both", "end"),
        ),
        TrainingSetup("digits", batch_size=8),
    )  # fmt: skip
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    assert layers(session.program, network) == ("a", "b", "both", "end")
    sheet = sit("both", network, session)
    assert [name for name, _ in sheet.tables] == ["A", "B", "Y", "dY"]
    for task in sheet.tasks:
        assert task.judge(task.answer) is True
    if kind == "add":
        assert [t.answer for t in sheet.tasks[:4]] == pytest.approx(
            [t.answer for t in sheet.tasks[4:]]
        )


def test_every_layer_of_a_network_can_be_sat_in() -> None:
    layers_: Layers = [
        ("input", {}),
        ("dense", {"units": 6}),
        ("tanh", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    ]
    network = chain(layers_, batch_size=16)
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    before = session.weights()
    found = layers(session.program, network)
    assert [network.node(i).name for i in found] == ["dense_1", "tanh_1", "dense_2", "loss_1"]
    for node in found:
        sheet = sit(node, network, session)
        assert sheet.tasks
        for task in sheet.tasks:
            assert task.judge(task.answer) is True
            assert all(task.judge(wrong) is not True for _, wrong in task.mistakes)
        for _, table in sheet.tables:
            assert table.shape == (2, 2)
            assert all(float(f"{v:.2g}") == v for v in table.ravel())
    assert all(np.array_equal(before[k], v) for k, v in session.weights().items())


def test_a_fork_shows_what_comes_back_by_each_wire() -> None:
    network, ids = residual()
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    sheet = sit(ids["dense_1"], network, session)
    assert [name for name, _ in sheet.tables] == ["X", "W", "dY by wire 1", "dY by wire 2"]
    assert any(m is Mistake.ONE_BRANCH for task in sheet.tasks for m, _ in task.mistakes)


@pytest.mark.parametrize("weight", [400.0, 4e30])
def test_that_a_layer_whose_numbers_are_beyond_all_bounds_can_be_sat_in_quietly(
    weight: float,
) -> None:
    layers_: Layers = [("input", {}), ("dense", {"units": 10}), ("exp", {}), ("mse", {})]
    network = chain(layers_, batch_size=16)
    session = Session(analyze(network).require(), network.setup)
    session.storage.view(session.program.parameters[0])[...] = weight
    node = next(n.id for n in network.nodes if n.name == "exp_1")
    assert sit(node, network, session).tasks
