"""The projects that come with the studio are sound, and learn what they are there to show."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from backprop_studio import assets, project
from backprop_studio.network import analyze
from backprop_studio.training import Session

EXAMPLES = sorted(assets.path("examples").glob("*.bps"))
TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_examples.py"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_examples", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_that_an_example_has_no_problems_and_no_weights(path: Path) -> None:
    opened = project.load(path)
    analysis = analyze(opened.network)
    assert analysis.diagnostics == ()
    assert analysis.lowered is not None
    assert not opened.weights


def test_that_every_example_is_what_its_tool_makes() -> None:
    made = {name: make() for name, make in tool().EXAMPLES.items()}
    assert {path.stem: project.load(path).network for path in EXAMPLES} == made


def test_that_the_digits_stand_in_one_row() -> None:
    network = project.load(assets.path("examples", "digits.bps")).network
    assert [n.name for n in network.nodes] == ["input", "hidden", "relu", "output", "loss"]
    places = [n.x for n in network.nodes]
    assert places == sorted(places)
    assert {n.y for n in network.nodes} == {0.0}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_that_the_digits_are_learned_in_20_epochs(seed: int) -> None:
    network = project.load(assets.path("examples", "digits.bps")).network
    network = replace(network, setup=replace(network.setup, seed=seed))
    session = Session(analyze(network).require(), network.setup)
    for _ in range(20):
        session.run_epoch()
    accuracy = session.evaluate().accuracy
    assert accuracy is not None
    assert accuracy >= 0.95
