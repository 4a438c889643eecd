"""What every loss promises; a new one is tested by existing."""

from __future__ import annotations

from dataclasses import replace

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
from backprop_studio.nn import LossSpec, layers, losses
from backprop_studio.specs import Kind
from tests.programs import Scattered, bits

every_loss = pytest.mark.parametrize("loss_id", sorted(losses()))


def variants(loss_id: str) -> list[LossSpec]:
    """The default, each other choice, and each number at 0.3."""
    cls = losses()[loss_id]
    found = [cls()]
    for f in cls.fields():
        found += [replace(cls(), **{f.name: key}) for key, _ in f.choices if key != f.default]
        if f.kind is Kind.NUMBER:
            found.append(replace(cls(), **{f.name: 0.3}))
    return found


def step_of(loss_id: str, rows: int | str, width: int, spec: LossSpec | None = None) -> Program:
    """A loss of a parameter (its prediction) against the input `y`."""
    b = Builder()
    with b.scope(node="source"):
        prediction = b.parameter("x", (rows, width), Scattered())  # type: ignore[arg-type]
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = (spec or losses()[loss_id]()).lower(b, prediction, b.input("y", prediction.shape))
    differentiate(b, loss, [prediction])
    return b.build(loss)


def targets(rows: int, width: int, seed: int = 3) -> Array:
    """Rows that are targets for any loss: not negative, and each sums to one."""
    y = np.random.default_rng(seed).random((rows, width)) + 0.1
    return y / y.sum(axis=1, keepdims=True)


def started(
    loss_id: str,
    rows: int,
    width: int,
    dtype: type = np.float64,
    seed: int = 1,
    spec: LossSpec | None = None,
) -> Machine:
    program = step_of(loss_id, rows, width, spec)
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
    for spec in variants(loss_id):
        machine = started(loss_id, rows, width, spec=spec)
        assert max(gradcheck(machine).values()) <= 1e-7, spec


@every_loss
def test_that_a_sum_is_the_mean_times_its_count_and_its_formula_says_so(loss_id: str) -> None:
    mean = losses()[loss_id]()
    total = replace(mean, reduction="sum")  # type: ignore[call-arg]
    assert total.sums
    assert not mean.sums
    for index in range(2):
        assert mean.formula()[index] != total.formula()[index]
    assert "mean" not in total.formula()[1]
    ratio = loss_of(started(loss_id, 6, 4, spec=total)) / loss_of(started(loss_id, 6, 4, spec=mean))
    assert ratio == pytest.approx(24 if r"\frac{1}{n}" in mean.info.latex else 6, rel=1e-12)
    for spec in (mean, total):
        program = step_of(loss_id, 6, 4, spec)
        (end,) = (i for i in program.instructions if program.loss in i.outputs)
        assert (" / n" in end.op.formula().plain or " / N" in end.op.formula().plain) == (
            spec is mean
        )


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_that_scores_of_ten_thousand_give_a_finite_loss_and_gradient(
    loss_id: str, width: int, dtype: type
) -> None:
    for spec in variants(loss_id):
        machine = started(loss_id, 4, width, dtype, spec=spec)
        rows = np.arange(4)
        machine.feed("y", np.eye(width, dtype=dtype)[rows % width], rows)
        (x,) = machine.program.parameters
        for sign in (1.0, -1.0):
            alternating = np.where(np.arange(4 * width) % 2, 1e4, -1e4) * sign
            machine.storage.view(x)[...] = alternating.reshape(4, width)
            with np.errstate(all="raise", under="ignore"):
                assert np.isfinite(loss_of(machine))
            assert np.isfinite(machine.array(machine.program.gradients[x.id])).all()


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
@pytest.mark.parametrize(
    "dataset_id",
    [i.id for i in data.infos() if i.vocabulary is None and len(i.feature_shape) == 1],
)
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
        analysis = analyze(Network(nodes, wires, TrainingSetup(dataset_id, batch_size=4)))
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
