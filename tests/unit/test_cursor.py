"""Where steps end."""

from __future__ import annotations

import itertools

import pytest
from networks import chain

from backprop_studio.network import analyze
from backprop_studio.training import Boundary
from backprop_studio.training.cursor import is_end, next_end, previous_end

PROGRAM = analyze(chain()).require().program
LENGTH = len(PROGRAM.instructions)
SIZES = (Boundary.OP, Boundary.LAYER, Boundary.PHASE, Boundary.BATCH)


@pytest.mark.parametrize(("fine", "coarse"), list(itertools.pairwise(SIZES)))
def test_that_a_coarse_step_ends_where_a_finer_one_does(fine: Boundary, coarse: Boundary) -> None:
    for index in range(1, LENGTH + 1):
        if is_end(PROGRAM, index, coarse):
            assert is_end(PROGRAM, index, fine)


@pytest.mark.parametrize("boundary", SIZES)
def test_that_stepping_back_undoes_stepping_forward(boundary: Boundary) -> None:
    ends = [0]
    while ends[-1] < LENGTH:
        ends.append(next_end(PROGRAM, ends[-1], boundary))
    walked = [LENGTH]
    while walked[-1] > 0:
        walked.append(previous_end(PROGRAM, walked[-1], boundary))
    assert walked == ends[::-1]


def test_that_phases_are_data_forward_loss_backward_update() -> None:
    ends, index = [], 0
    while index < LENGTH:
        index = next_end(PROGRAM, index, Boundary.PHASE)
        ends.append(PROGRAM.instructions[index - 1].phase.name)
    assert ends == ["DATA", "FORWARD", "LOSS", "BACKWARD", "UPDATE"]


def test_that_a_layer_step_stays_within_one_layer() -> None:
    index = 0
    while index < LENGTH:
        after = next_end(PROGRAM, index, Boundary.LAYER)
        done = PROGRAM.instructions[index:after]
        assert len({(i.phase, i.node) for i in done}) == 1
        index = after
