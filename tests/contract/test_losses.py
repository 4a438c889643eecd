"""What every loss promises; a new one is tested by existing."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Phase,
    Program,
    Storage,
    differentiate,
    format_shape,
    gradcheck,
)
from backprop_studio.data import Task
from backprop_studio.errors import ShapeError
from backprop_studio.network import Network, Node, TrainingSetup, Wire, analyze
from backprop_studio.nn import layers, losses
from tests.programs import Scattered, bits

every_loss = pytest.mark.parametrize("loss_id", sorted(losses()))


def step_of(loss_id: str, rows: int | str, width: int) -> Program:
    """A loss of a parameter (its prediction) against the input `y`."""
    b = Builder()
    with b.scope(node="source"):
        prediction = b.parameter("x", (rows, width), Scattered())  # type: ignore[arg-type]
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = losses()[loss_id]().lower(b, prediction, b.input("y", prediction.shape))
    differentiate(b, loss, [prediction])
    return b.build(loss)


def targets(rows: int, width: int, seed: int = 3) -> Array:
    """Rows that are targets for any loss: not negative, and each sums to one."""
    y = np.random.default_rng(seed).random((rows, width)) + 0.1
    return y / y.sum(axis=1, keepdims=True)


def started(
    loss_id: str, rows: int, width: int, dtype: type = np.float64, seed: int = 1
) -> Machine:
    program = step_of(loss_id, rows, width)
    storage = Storage(program, dtype)
    storage.initialize(seed)
    machine = Machine(program, storage, batch=rows)
    machine.feed("y", targets(rows, width).astype(dtype), np.arange(rows))
    return machine


def loss_of(machine: Machine) -> float:
    assert machine.program.loss is not None
    machine.run()
    return float(machine.array(machine.program.loss))


@every_loss
@pytest.mark.parametrize("width", [1, 2, 10])
def test_that_a_loss_is_a_finite_number_at_any_batch(loss_id: str, width: int) -> None:
    b = Builder()
    prediction, target = b.input("p", (BATCH, width)), b.input("t", (BATCH, width))
    loss = losses()[loss_id]().lower(b, prediction, target)
    assert loss.shape == ()
    program = b.build(loss)
    for batch in (1, 2, 7):
        machine = Machine(program, Storage(program), batch=batch)
        rows, rng = np.arange(batch), np.random.default_rng(1)
        machine.feed("p", rng.standard_normal((batch, width)).astype(np.float32), rows)
        machine.feed("t", targets(batch, width).astype(np.float32), rows)
        assert np.isfinite(loss_of(machine))


@every_loss
@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_that_the_gradient_by_the_prediction_is_right(loss_id: str, rows: int, width: int) -> None:
    machine = started(loss_id, rows, width)
    assert max(gradcheck(machine).values()) <= 1e-6


@every_loss
def test_that_the_loss_of_a_batch_is_the_mean_of_its_rows(loss_id: str) -> None:
    """So that a batch's size changes neither the scale of the curve nor that of the steps."""
    whole = started(loss_id, 6, 4)
    x, y = whole.storage.view(whole.program.parameters[0]), targets(6, 4)
    parts = []
    for row in range(6):
        single = started(loss_id, 1, 4)
        single.storage.view(single.program.parameters[0])[...] = x[row]
        single.feed("y", y, np.array([row]))
        parts.append(loss_of(single))
    assert loss_of(whole) == pytest.approx(np.mean(parts), rel=1e-12)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_that_the_same_numbers_give_the_same_bits(loss_id: str, dtype: type) -> None:
    results = []
    for seed in (1, 1, 2):
        machine = started(loss_id, 7, 5, dtype, seed)
        machine.run()
        machine.run()
        results.append(bits(machine))
    assert results[0] == results[1]
    assert results[0] != results[2]


@every_loss
@pytest.mark.parametrize("shape", [(BATCH,), (BATCH, 3), (BATCH, 4, 1), ()])
def test_that_a_prediction_unlike_its_target_is_refused_naming_both_shapes(
    loss_id: str, shape: tuple[int, ...]
) -> None:
    b = Builder()
    with pytest.raises(ShapeError) as caught:
        losses()[loss_id]().lower(b, b.input("p", shape), b.input("t", (BATCH, 4)))
    assert f"expects {format_shape((BATCH, 4))}" in str(caught.value)
    assert f"gets {format_shape(shape)}" in str(caught.value)


@every_loss
@pytest.mark.parametrize("dataset_id", [info.id for info in data.infos()])
def test_that_analysis_takes_a_fitting_prediction_and_names_both_shapes_of_another(
    loss_id: str, dataset_id: str
) -> None:
    cls, dataset = losses()[loss_id], data.info(dataset_id)
    for units in (dataset.target_width, dataset.target_width + 3):
        nodes = (
            Node("in", "in", layers()["input"]()),
            Node("out", "out", layers()["dense"].from_config({"units": units})),
            Node("end", "my loss", cls()),
        )
        wires = (Wire("in", "out"), Wire("out", "end"))
        analysis = analyze(Network(nodes, wires, TrainingSetup(dataset_id)))
        found = [d for d in analysis.errors if d.node == "end"]
        assert found == list(analysis.errors)
        if cls.needs_classes and dataset.task is not Task.CLASSIFICATION:
            assert [d.code for d in found] == ["target-kind"]
        elif units == dataset.target_width:
            assert not found
            assert analysis.shapes["end"] == ()
        else:
            assert [d.code for d in found] == ["target-mismatch"]
            for text in ("my loss", f"N×{units}", f"N×{dataset.target_width}"):
                assert text in found[0].text


def test_that_a_loss_ends_the_network() -> None:
    assert all(not cls.has_output and len(cls.ports) == 1 for cls in losses().values())
