"""Clipped gradients are what the optimizer follows; the gradients themselves stay."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase
from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from tests.programs import machine_of, perceptron

SGD = optimizers()["sgd"].from_config({"learning_rate": 1.0})


def moved(clip: str, at: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Gradients, and by how much each parameter went down, of one step at a rate of 1."""
    program = perceptron(3, 5, 2, optimizer=SGD, clip=clip, clip_at=at)
    machine = machine_of(program, batch=4)
    before = [machine.array(p).copy() for p in program.parameters]
    machine.run()
    gradients = [machine.array(program.gradients[p.id]).copy() for p in program.parameters]
    after = [machine.array(p) for p in program.parameters]
    return gradients, [b - a for b, a in zip(before, after, strict=True)]


def norm(arrays: list[np.ndarray]) -> float:
    return float(np.sqrt(sum((a * a).sum() for a in arrays)))


def test_that_clipping_by_value_cuts_each_entry() -> None:
    raw, steps = moved("value", 0.1)
    assert max(np.abs(g).max() for g in raw) > 0.1, "something must be cut"
    for g, step in zip(raw, steps, strict=True):
        np.testing.assert_allclose(step, np.clip(g, -0.1, 0.1), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("share", [0.3, 3.0])
def test_that_clipping_by_norm_shortens_all_alike_or_leaves_them(share: float) -> None:
    length = norm(moved("none", 1.0)[0])
    raw, steps = moved("norm", share * length)
    assert norm(raw) == pytest.approx(length)
    factor = min(share * length / (length + 1e-6), 1.0)
    for g, step in zip(raw, steps, strict=True):
        np.testing.assert_allclose(step, factor * g, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("clip", ["value", "norm"])
def test_that_clipping_is_part_of_the_update_and_comes_first(clip: str) -> None:
    lowered = analyze(chain(clip=clip)).require()
    program = lowered.program
    wrote = {out for i in program.instructions if i.phase < Phase.UPDATE for out in i.outputs}
    assert set(program.gradients.values()) <= wrote, "the gradients shown are not clipped"
    raw = {program.gradients[p.id] for p in program.parameters}
    for instr in program.instructions[program.start_of(Phase.UPDATE) :]:
        assert not (instr.op.updates and raw & set(instr.inputs))


def test_that_random_search_has_nothing_to_clip() -> None:
    network = chain(optimizer=optimizers()["random_search"](), clip="norm")
    program = analyze(network).require().program
    assert "total_norm" not in {i.op.name for i in program.instructions}
