"""Batch normalisation in a network: two modes, statistics that are kept, and rows all alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import Layers, chain
from safetensors.numpy import load_file

from backprop_studio import data, project
from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Phase,
    Storage,
    differentiate,
    gradcheck,
)
from backprop_studio.errors import Severity, ShapeError
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.nn import layers, optimizers
from backprop_studio.training import Boundary, Session
from tests.programs import Contract, Scattered, machine_of

LAYERS: Layers = [
    ("input", {}),
    ("dense", {"units": 12}),
    ("batch_norm", {}),
    ("relu", {}),
    ("dropout", {"p": 0.3}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]
ADAM = optimizers()["adam"].from_config({"learning_rate": 0.01})
STATISTICS = ("running_mean", "running_var")


def session_of(network: Network, **options: object) -> Session:
    return Session(analyze(network).require(), network.setup, **options)


def statistics(session: Session) -> list[Array]:
    weights = session.weights()
    return [weights["batch_norm_1", name] for name in STATISTICS]


def test_that_running_statistics_move_in_the_update_phase_where_one_can_see_it() -> None:
    session = session_of(chain(LAYERS))
    updates = [
        i.op.name
        for i in session.program.instructions
        if i.phase is Phase.UPDATE and i.node == "batch_norm_1"
    ]
    assert updates[:2] == ["track_mean", "track_variance"]
    for _ in range(4):
        session.step(Boundary.PHASE)
    mean, variance = statistics(session)
    assert not mean.any()
    assert (variance == 1).all()
    session.step(Boundary.OP)
    assert statistics(session)[0].all()
    session.step(Boundary.OP)
    assert (statistics(session)[1] != 1).all()
    session.back(Boundary.PHASE)
    assert not statistics(session)[0].any()


def test_that_held_out_rows_are_tested_with_running_statistics_and_nothing_dropped() -> None:
    network = chain(LAYERS, precision="float64", optimizer=ADAM)
    session = session_of(network)
    for _ in range(2):
        session.step(Boundary.EPOCH)
    before = statistics(session)
    tested = session.evaluate()
    assert all(np.array_equal(a, b) for a, b in zip(before, statistics(session), strict=True))

    digits = data.load("digits")
    rows = data.split(digits, validation_fraction=network.setup.validation, seed=1).validation
    w = {f"{node}/{name}": array for (node, name), array in session.weights().items()}
    x = digits.x[rows] @ w["dense_1/weight"] + w["dense_1/bias"]
    root = np.sqrt(w["batch_norm_1/running_var"] + 1e-5)
    x = (x - w["batch_norm_1/running_mean"]) / root
    x = np.maximum(x * w["batch_norm_1/weight"] + w["batch_norm_1/bias"], 0.0)
    scores = x @ w["dense_2/weight"] + w["dense_2/bias"]
    right = scores[np.arange(len(rows)), digits.y[rows]]
    loss = np.mean(np.log(np.exp(scores).sum(axis=1)) - right)
    assert tested.loss == pytest.approx(float(loss), rel=1e-10)
    assert tested.accuracy == np.mean(scores.argmax(axis=1) == digits.y[rows])
    assert tested.accuracy > 0.8


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_that_running_statistics_are_saved_exported_and_loaded_again(
    suffix: str, tmp_path: Path
) -> None:
    network = chain(LAYERS)
    session = session_of(network)
    session.step(Boundary.EPOCH)
    path = tmp_path / "norm.bps"
    project.save(project.Project(network, session.weights()), path)
    again = project.load(path)
    assert again.network == network
    resumed = session_of(again.network, weights=again.weights)
    assert resumed.storage.save().arenas["buffers"].any()
    for mine, kept in zip(statistics(resumed), statistics(session), strict=True):
        assert np.array_equal(mine, kept)
    assert resumed.evaluate() == session.evaluate()

    out = tmp_path / f"weights{suffix}"
    project.export(out, project.tensor_names(network, session.weights()))
    tensors = np.load(out) if suffix == ".npz" else load_file(out)
    for name, kept in zip(STATISTICS, statistics(session), strict=True):
        assert np.array_equal(tensors[f"batch_norm_1/{name}"], kept)


def shared() -> Network:
    network = chain(
        [
            ("input", {}),
            ("dense", {"units": 12}),
            ("batch_norm", {}),
            ("tanh", {}),
            ("dense", {"units": 12}),
            ("batch_norm", {}),
            ("tanh", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        batch_size=300,
        optimizer=ADAM,
    )
    return edits.share_weights(network, "batch_norm_2", "batch_norm_1")


def test_that_layers_that_share_weights_share_statistics_which_move_once_for_each() -> None:
    session = session_of(shared())
    program = session.program
    assert [v.key for v in program.buffers] == [("batch_norm_1", n) for n in STATISTICS]
    session.step(Boundary.BATCH)
    expected = np.zeros(12)
    for instr in program.instructions:
        if instr.op.name == "track_mean":
            found = session.machine.array(instr.inputs[1])
            expected = 0.9 * expected + 0.1 * found
    assert sum(i.op.name == "track_mean" for i in program.instructions) == 2
    np.testing.assert_allclose(statistics(session)[0], expected, rtol=1e-5, atol=1e-7)
    before = session.evaluate().loss
    for _ in range(10):
        session.step(Boundary.EPOCH)
    assert session.evaluate().loss < 0.5 * before


def test_that_a_frozen_layer_is_as_in_use_while_the_others_learn() -> None:
    network = chain(LAYERS)
    session = session_of(network)
    session.step(Boundary.EPOCH)
    frozen = edits.freeze(network, "batch_norm_1", True)
    tuned = session_of(frozen, weights=session.weights())
    before = tuned.weights()
    tuned.step(Boundary.EPOCH)
    for (node, name), array in tuned.weights().items():
        assert np.array_equal(array, before[node, name]) == (node == "batch_norm_1"), (node, name)
    names = {i.op.name for i in tuned.program.instructions if i.node == "batch_norm_1"}
    assert names == {
        "normalize_by",
        "scale_channels",
        "scale_channels_to_input",
        "normalize_by_backward",
    }


@pytest.mark.parametrize("tail", [(3,), (3, 4), (3, 2, 4)])
def test_that_the_error_that_a_frozen_layer_passes_on_is_right(tail: tuple[int, ...]) -> None:
    b = Builder()
    with b.scope(node="source"):
        x = b.parameter("x", (2, *tail), Scattered())
    with b.scope(node="it", frozen=True):
        y = layers()["batch_norm"]().lower(b, x)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    differentiate(b, loss, [x])
    machine = machine_of(b.build(loss), batch=2)
    for v, numbers in zip(machine.program.buffers, ([1, -2, 0.5], [0.1, 2, 5]), strict=True):
        machine.storage.view(v)[...] = numbers
    assert gradcheck(machine)[x.id] <= 1e-7


@pytest.mark.parametrize("tail", [(3,), (3, 1), (3, 1, 1)])
def test_that_a_row_all_alone_gives_the_bias_and_leaves_the_running_variance(
    tail: tuple[int, ...],
) -> None:
    b = Builder()
    x = b.input("x", (BATCH, *tail))
    y = layers()["batch_norm"]().lower(b, x)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    gradients = differentiate(b, loss, [x, *b.build().parameters])
    program = b.build(loss)
    storage = Storage(program, np.float32)
    storage.initialize(1)
    bias = next(p for p in program.parameters if p.name == "bias")
    storage.view(bias)[...] = [1, 2, 3]
    machine = Machine(program, storage, batch=1)
    row = np.array([5, -7, 0.1], np.float32).reshape(1, *tail)
    with np.errstate(all="raise"):
        for name in ("x", "c"):
            machine.feed(name, row, np.arange(1))
        machine.run()
    assert machine.array(y).reshape(-1).tolist() == [1, 2, 3]
    assert not machine.array(gradients[x.id]).any()
    mean, variance = (storage.view(v) for v in program.buffers)
    np.testing.assert_allclose(mean, 0.1 * row.reshape(-1), rtol=1e-6)
    assert variance.tolist() == [1, 1, 1]


def test_that_an_epoch_whose_last_batch_is_one_row_trains_on() -> None:
    network = chain(LAYERS)
    rows = len(
        data.split(data.load("digits"), validation_fraction=network.setup.validation, seed=1).train
    )
    session = session_of(edits.set_setup(network, TrainingSetup("digits", batch_size=rows - 1)))
    for _ in range(4):
        session.step(Boundary.EPOCH)
        assert session.failure is None
    assert all(np.isfinite(array).all() for array in session.weights().values())
    assert session.machine.batch == 1


def warned(network: Network) -> list[str | None]:
    found = [d for d in analyze(network).diagnostics if d.code == "batch-alone"]
    assert all(d.severity is Severity.WARNING for d in found)
    return [d.node for d in found]


def test_that_batches_of_one_row_are_warned_of_where_rows_are_compared() -> None:
    network = chain(LAYERS, batch_size=1)
    assert warned(network) == ["batch_norm_1"]
    assert analyze(network).lowered is not None
    (text,) = {d.text for d in analyze(network).diagnostics}
    assert "at least 2 rows" in text
    assert "batch size is 1" in text
    assert not warned(edits.set_setup(network, replace(network.setup, batch_size=2)))
    assert not warned(edits.freeze(network, "batch_norm_1", True))
    session = session_of(network)
    for _ in range(3):
        session.step(Boundary.BATCH)
    assert session.failure is None


def test_that_single_pictures_are_enough() -> None:
    pictures: Layers = [
        ("input", {"shape": "image"}),
        ("batch_norm", {}),
        ("flatten", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    ]
    assert not warned(chain(pictures, batch_size=1))


@pytest.mark.parametrize("tail", [(), (2, 3, 4, 5)])
def test_that_other_shapes_are_refused(tail: tuple[int, ...]) -> None:
    b = Builder()
    with pytest.raises(ShapeError, match="N×channels×T"):
        layers()["batch_norm"]().lower(b, b.input("x", (BATCH, *tail)))


def test_that_tensors_have_the_names_and_shapes_of_pytorch_and_no_penalty() -> None:
    program = analyze(chain(LAYERS, l2=0.1)).require().program
    kept = {v.name: v.shape for v in (*program.parameters, *program.buffers) if "norm" in v.node}
    assert kept == dict.fromkeys(("weight", "bias", *STATISTICS), (12,))
    charged = {
        program.values[i.inputs[0]].node for i in program.instructions if "pena" in i.op.name
    }
    assert charged == {"dense_1", "dense_2"}


def test_that_a_batch_that_blows_up_leaves_no_trace_in_the_statistics() -> None:
    network = chain(LAYERS)
    session = session_of(network)
    session.step(Boundary.EPOCH)
    weight = next(p for p in session.program.parameters if p.key == ("dense_1", "weight"))
    session.storage.view(weight)[...] = 3e38
    session.journal.add(session.completed, session.storage.save())
    before = statistics(session)
    session.step(Boundary.BATCH)
    assert session.failure is not None
    assert all(np.array_equal(a, b) for a, b in zip(before, statistics(session), strict=True))
