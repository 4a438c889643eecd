"""Exported weights, with plain numpy and nothing of ours, give the application's predictions.

Where the data were scaled, what the file says of it turns raw rows into what the network takes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import chain
from safetensors import safe_open
from safetensors.numpy import load_file

from backprop_studio import data, project
from backprop_studio.data import DataSettings
from backprop_studio.errors import ExportError
from backprop_studio.insight import using
from backprop_studio.network import Network, analyze
from backprop_studio.training import Boundary, Session


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_that_plain_numpy_gives_the_same_predictions_to_1e_6(tmp_path: Path, suffix: str) -> None:
    network = chain()
    lowered = analyze(network).require()
    session = Session(lowered, network.setup)
    for _ in range(5):
        session.run_epoch()
    for _ in range(3):  # data, forward, loss of the next batch
        session.step(Boundary.PHASE)
    path = tmp_path / f"weights.{suffix}"
    project.export(path, project.tensor_names(network, session.weights()))

    w = load_file(path) if suffix == "safetensors" else dict(np.load(path, allow_pickle=False))
    x = session.machine.array(session.program.inputs["x"])
    hidden = np.maximum(x @ w["dense_1/weight"] + w["dense_1/bias"], 0)
    scores = hidden @ w["dense_2/weight"] + w["dense_2/bias"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    (ours,) = (v.id for v in session.program.values if v.name == "probabilities")
    theirs = powers / powers.sum(axis=1, keepdims=True)
    assert np.abs(theirs - session.machine.array(ours)).max() <= 1e-6
    assert len(x) == 32


SUFFIXES = pytest.mark.parametrize("suffix", ["npz", "safetensors"])


def trained(network: Network) -> Session:
    session = Session(analyze(network).require(), network.setup)
    for _ in range(40):
        session.run_epoch()
    return session


def exported(network: Network, session: Session, path: Path) -> dict[str, Any]:
    """What a stranger finds in the file; of safetensors, the lists of names too."""
    carried = project.carried(network, session.weights())
    project.export(path, carried.tensors, notes=carried.notes)
    if path.suffix == ".npz":
        return dict(np.load(path, allow_pickle=False))
    with safe_open(path, "np") as file:
        notes = file.metadata()
    lists = {key: json.loads(notes[key]) for key in ("features", "classes") if key in notes}
    return {**load_file(path), **lists}


def predicted(session: Session) -> Any:
    """What the application computes for every row of its data, before the loss."""
    head = session.lowered.evaluation.values[using.judged(session.lowered).prediction]
    (found,) = using.applied(session, session.prepared.dataset.x, (head,))
    return found


@SUFFIXES
@pytest.mark.parametrize("scaling", ["standard", "range"])
def test_that_raw_rows_are_classified_with_the_file_alone(
    tmp_path: Path, suffix: str, scaling: str
) -> None:
    layers: Any = [("input", {}), ("dense", {"units": 3}), ("softmax_cross_entropy", {})]
    network = chain(layers, dataset="wine", data=DataSettings(scaling=scaling))
    session = trained(network)
    w = exported(network, session, tmp_path / f"wine.{suffix}")

    raw = data.load("wine")
    x = (raw.x - w["input/shift"]) / w["input/unit"]
    scores = x @ w["dense_1/weight"] + w["dense_1/bias"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    theirs = powers / powers.sum(axis=1, keepdims=True)
    assert np.abs(theirs - using.read(predicted(session), "softmax")).max() <= 1e-6
    assert list(w["classes"]) == list(raw.class_names)
    assert list(w["features"]) == list(raw.feature_names)
    wrong = raw.x @ w["dense_1/weight"] + w["dense_1/bias"]
    assert (wrong.argmax(axis=1) != scores.argmax(axis=1)).any(), "without the scaling, useless"


@SUFFIXES
def test_that_numbers_are_predicted_in_the_units_of_the_data(tmp_path: Path, suffix: str) -> None:
    layers: Any = [("input", {}), ("dense", {"units": 1}), ("mse", {})]
    network = chain(layers, dataset="diabetes", data=DataSettings(scaling="standard"))
    session = trained(network)
    w = exported(network, session, tmp_path / f"diabetes.{suffix}")

    raw = data.load("diabetes")
    scaled = (raw.x - w["input/shift"]) / w["input/unit"]
    output = scaled @ w["dense_1/weight"] + w["dense_1/bias"]
    theirs = output * w["target/unit"] + w["target/shift"]
    prepared = session.prepared
    assert np.abs(output - predicted(session)).max() <= 1e-5
    targets = prepared.dataset.y * prepared.target_unit + prepared.target_shift
    assert targets == pytest.approx(raw.y, rel=1e-5)
    error = np.abs(theirs - raw.y).mean()
    assert error < np.abs(raw.y - raw.y.mean()).mean(), "it has learned something, in these units"
    assert "classes" not in w


def test_that_without_scaling_there_is_nothing_to_undo(tmp_path: Path) -> None:
    network = chain()
    session = trained(network)
    carried = project.carried(network, session.weights())
    assert list(carried.tensors) == list(project.tensor_names(network, session.weights()))
    assert carried.notes["classes"] == tuple("0123456789")


def test_that_targets_that_were_left_alone_have_no_scale() -> None:
    layers: Any = [("input", {}), ("dense", {"units": 1}), ("mse", {})]
    settings = DataSettings(scaling="standard", scale_targets=False)
    network = chain(layers, dataset="diabetes", data=settings)
    names = project.carried(network, trained(network).weights()).tensors
    assert "input/unit" in names and "target/unit" not in names


def test_that_weights_whose_scaling_nobody_knows_are_not_exported() -> None:
    layers: Any = [("input", {}), ("dense", {"units": 3}), ("softmax_cross_entropy", {})]
    network = chain(layers, dataset="own:gone", data=DataSettings(scaling="standard"))
    weights = {("dense_1", "weight"): np.zeros((2, 3), np.float32)}
    with pytest.raises(ExportError, match="how they were scaled cannot be told"):
        project.carried(network, weights)
