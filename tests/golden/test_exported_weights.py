"""Exported weights, with plain numpy and nothing of ours, give the application's predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from networks import chain
from safetensors.numpy import load_file

from backprop_studio import project
from backprop_studio.network import analyze
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
