"""A person's first hour, in the real window, with a real mouse and keyboard."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hands import desk, missing_tools
from safetensors.numpy import load_file

from backprop_studio import data, project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(240),
]
LAYERS = ("input", "dense", "relu", "dense", "softmax_cross_entropy")
NODES = ["input_1", "dense_1", "relu_1", "dense_2", "loss_1"]


def test_that_a_network_is_built_trained_stepped_saved_and_exported_by_hand(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.picture("1-start")

        person.key("ctrl+n")
        person.wait("an empty canvas", lambda s: s["nodes"] == [])
        for place, layer in enumerate(LAYERS):
            count = place + 1
            # Two rows, so that nothing is dropped on top of anything.
            target = person.see("canvas", 0.12 + 0.19 * place, 0.3 + 0.25 * (place % 2))
            person.drag(person.see("palette", layer), target)
            person.wait(f"{layer} is dropped", lambda s, n=count: len(s["nodes"]) == n)
        assert person.state()["nodes"] == NODES
        for source, target in itertools.pairwise(NODES):
            person.drag(person.see("port", source, "out"), person.see("port", target, "in"))
            person.wait(
                f"{source} is wired to {target}",
                lambda s, wire=[source, target]: wire in s["wires"],
            )

        assert any("No data set" in p for p in person.state()["problems"])
        person.click(person.see("setup", "dataset"))
        person.key("Home")
        person.key("Return")
        state = person.wait("the digits are chosen", lambda s: s["dataset"] == "digits")
        assert any("gets N×32" in p for p in state["problems"])
        person.picture("2-problem")

        person.click(person.see("node", "dense_2"))
        person.click(person.see("inspector", "units"))
        person.key("ctrl+a")
        person.type("10")
        person.key("Return")
        person.wait("no problem is left", lambda s: s["problems"] == [])
        person.wait("it can be trained", lambda s: s["state"] == "paused")

        person.click(person.see("button", "run"))
        person.wait("training runs", lambda s: s["state"] == "running")
        person.wait(
            "the loss falls", lambda s: s["losses"] and s["losses"][-1] < 0.2 * s["losses"][0]
        )
        person.wait("it is right nine times of ten", lambda s: s["accuracy"] > 0.9)
        person.picture("3-running")
        person.click(person.see("button", "run"))
        state = person.wait("training pauses", lambda s: s["state"] == "paused")
        assert "%" in state["status"]

        here = state["cursor"]
        person.key("F9")
        state = person.wait("one batch forward", lambda s: s["cursor"] > here)
        there, gradients = state["cursor"], state["computed"]
        assert len(gradients) == 4
        person.click(person.see("button", "phase"))
        person.click(person.see("button", "back"))
        person.wait("back across the update", lambda s: s["cursor"] < there)
        person.key("shift+F8")
        state = person.wait("back to the loss", lambda s: s["step"].startswith("softmax"))
        assert state["computed"] == []
        person.key("F6")
        person.key("F7")
        person.key("F7")
        state = person.wait("one layer has its gradients", lambda s: len(s["computed"]) == 2)
        assert all(name.startswith("dense_2/") for name in state["computed"])
        person.picture("4-stepping")
        person.key("F9")
        person.wait("forward again to the same place", lambda s: s["cursor"] == there)

        for suffix in ("safetensors", "npz"):
            file = tmp_path / f"weights.{suffix}"
            person.key("ctrl+shift+e")
            person.wait("the dialog opens", lambda s: s["dialog"] == "Export weights and scaling")
            person.key("ctrl+a")
            person.type(str(file))
            person.key("Return")
            person.wait(f"{file.name} is written", lambda s, f=file: f.name in s["message"])
            person.wait("the dialog is closed", lambda s: s["dialog"] is None)

        person.key("ctrl+s")
        person.wait("the dialog opens", lambda s: s["dialog"] == "Save project")
        person.key("ctrl+a")
        person.type(str(tmp_path / "mine.bps"))
        person.key("Return")
        person.wait("it is saved", lambda s: "mine.bps" in s["title"] and not s["modified"])

        person.click(person.see("node", "relu_1"))
        person.key("Delete")
        person.wait("ReLU is gone", lambda s: "relu_1" not in s["nodes"] and s["modified"])
        person.key("ctrl+z")
        person.wait("ReLU is back", lambda s: "relu_1" in s["nodes"] and not s["modified"])
        person.key("ctrl+shift+z")
        person.wait("ReLU is gone again", lambda s: "relu_1" not in s["nodes"])
        person.key("ctrl+z")
        person.wait("nothing is unsaved", lambda s: not s["modified"])

        person.key("ctrl+q")
        assert person.app.wait(20) == 0
    check_files(tmp_path)


def check_files(folder: Path) -> None:
    """The exported weights, with numpy alone, are right about digits never trained on."""
    weights = load_file(folder / "weights.safetensors")
    with np.load(folder / "weights.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == sorted([*weights, "classes", "features"])
        assert list(archive["classes"]) == list("0123456789")
        for name, array in weights.items():
            assert (archive[name] == array).all()
    assert sorted(weights) == [f"dense_{n}/{p}" for n in (1, 2) for p in ("bias", "weight")]
    reopened = project.load(folder / "mine.bps")
    assert [n.id for n in reopened.network.nodes] == NODES
    for (node, name), array in reopened.weights.items():
        assert (weights[f"{node}/{name}"] == array).all()
    digits, setup = data.load("digits"), reopened.network.setup
    held_out = data.split(digits, validation_fraction=setup.validation, seed=setup.seed).validation
    x = digits.x[held_out]
    hidden = np.maximum(x @ weights["dense_1/weight"] + weights["dense_1/bias"], 0)
    scores = hidden @ weights["dense_2/weight"] + weights["dense_2/bias"]
    assert np.mean(scores.argmax(axis=1) == digits.y[held_out]) > 0.9
