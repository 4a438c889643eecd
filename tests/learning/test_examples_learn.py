"""The example projects learn what they are there to show, whatever the seed.

A few seeds of each here; `python -m benchmarks.learning` tries twenty, against the same goals.
"""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest

from backprop_studio import assets, data
from backprop_studio.network import analyze
from backprop_studio.training import Session
from benchmarks.learning import GOALS, Goal, missed, sweep
from tests.networks import chain

SEEDS = {"digits_cnn": 3, "digits": 5}
"""Seeds that are tried, where they are not 8."""


def seeds_of(goal: Goal) -> range:
    return range(1, 1 + SEEDS.get(goal.example, 8))


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.example)
def test_that_an_example_reaches_its_goal(goal: Goal) -> None:
    assert missed(goal, sweep(goal, seeds_of(goal))) == []


def test_that_every_example_has_a_goal() -> None:
    examples = {path.stem for path in assets.path("examples").glob("*.bps")}
    assert {goal.example for goal in GOALS} == examples


def test_that_a_missed_goal_is_told() -> None:
    goal = Goal("moons", 1, 0.9, 0.8)
    assert missed(goal, [0.95, 0.9, 0.85]) == []
    assert len(missed(goal, [0.95, 0.89, 0.85])) == 1
    assert len(missed(goal, [0.95, 0.9, 0.79])) == 1


@pytest.mark.parametrize("dataset", ["xor", "spirals", "circles"])
def test_that_without_a_hidden_layer_it_cannot_be_learned(dataset: str) -> None:
    """So that the goals above say something about the hidden layers' gradients."""
    layers = [("input", {}), ("dense", {"units": 2}), ("softmax_cross_entropy", {})]
    reached = []
    for seed in (1, 2, 3):
        network = chain(layers, dataset=dataset, seed=seed)
        session = Session(analyze(network).require(), network.setup)
        for _ in range(30):
            session.run_epoch()
        test = session.evaluate()
        assert test.accuracy is not None
        reached.append(test.accuracy)
    assert median(reached) < 0.8


def test_that_the_story_gives_whole_numbers_to_the_network() -> None:
    info = data.info("story")
    dataset = data.load("story")
    text = "".join(" " if n == "space" else n for n in dataset.class_names)
    assert info.vocabulary == len(text) == 29
    rows, targets = dataset.x, dataset.y
    assert np.array_equal(rows[1:, :-1], rows[:-1, 1:])
    assert np.array_equal(rows[1:, -1], targets[:-1])
    assert "".join(text[i] for i in rows[0]) == "the lamp at the "
