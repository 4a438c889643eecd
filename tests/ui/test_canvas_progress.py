"""What the canvas shows as done follows the pass, not what comes after a layer's output."""

from __future__ import annotations

import pytest
from networks import chain

from backprop_studio.autograd import Phase
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session, Snapshot, State
from backprop_studio.training.cursor import Cursor
from backprop_studio.ui.canvas.progress import activity_at

FORWARD = ["input_1", "dense_1", "relu_1", "dense_2", "loss_1"]


def snapshot_at(cursor: Cursor) -> Snapshot:
    return Snapshot(1, State.PAUSED, cursor)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_that_layers_are_done_in_the_order_of_the_pass_with_and_without_penalties(
    l2: float,
) -> None:
    network = chain(l2=l2)
    session = Session(analyze(network).require(), network.setup)
    program = session.program
    while session.cursor.index < program.start_of(Phase.LOSS):
        session.step(Boundary.LAYER)
        activity = activity_at(program, snapshot_at(session.cursor))
        assert activity is not None
        if activity.phase is Phase.FORWARD:
            assert activity.node in activity.computed
            assert "loss_1" not in activity.computed
    assert activity is not None
    assert activity.computed == set(FORWARD[:-1])
    session.step(Boundary.PHASE)
    activity = activity_at(program, snapshot_at(session.cursor))
    assert activity is not None
    assert activity.computed == set(FORWARD)
