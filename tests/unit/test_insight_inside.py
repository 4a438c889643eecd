"""Worksheets of a layer: right answers, and mistakes that are known by their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain, residual

from backprop_studio.autograd.ops.activation import Sigmoid
from backprop_studio.insight.inside import (
    Mistake,
    dense_sheet,
    layers,
    loss_sheet,
    pointwise_sheet,
    sit,
)
from backprop_studio.network import analyze
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
    task = loss_sheet(p, t).tasks[0]
    assert task.answer == pytest.approx(-0.15)
    assert task.judge(-0.3) is Mistake.NO_MEAN
    assert task.judge(0.15) is Mistake.SIGN


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
