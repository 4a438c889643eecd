"""Weights as pictures, and what an update adds."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain
from sessions import session_of

from backprop_studio.insight.pictures import GAP, places
from backprop_studio.insight.updates import updates
from backprop_studio.network import analyze
from backprop_studio.training import Boundary

CONVOLUTION: Layers = [
    ("input", {"shape": "image"}),
    ("conv2d", {"channels": 3, "kernel": 3}),
    ("relu", {}),
    ("conv2d", {"channels": 2, "kernel": 3}),
    ("flatten", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def test_first_weights_take_the_shape_of_the_data_s_pictures() -> None:
    lowered = analyze(chain()).require()
    first, bias, second, _ = lowered.program.parameters
    laid = places(lowered, first.id)
    assert laid is not None and laid.shape == (3 * 9 - 1, 7 * 9 - 1)
    weights = np.arange(64 * 16).reshape(64, 16)
    # The ninth unit stands in the second row, second column.
    assert np.array_equal(laid[9:17, 9:17], weights[:, 8].reshape(8, 8))
    assert (laid[8] == GAP).all() and sorted(laid[laid != GAP]) == list(range(64 * 16))
    assert places(lowered, bias.id) is places(lowered, second.id) is None


def test_kernels_stand_in_a_row_for_each_output_channel() -> None:
    lowered = analyze(chain(CONVOLUTION)).require()
    kernels = [p for p in lowered.program.parameters if len(p.shape) == 4]
    laid = places(lowered, kernels[1].id)
    assert laid is not None and laid.shape == (2 * 4 - 1, 3 * 4 - 1)
    flat = np.arange(2 * 3 * 9).reshape(2, 3, 3, 3)
    assert np.array_equal(laid[4:7, 8:11], flat[1, 2])
    block = places(lowered, kernels[0].id)
    assert block is not None and np.array_equal(block[0:3, 8:11], np.arange(18, 27).reshape(3, 3))
    dense = next(p for p in lowered.program.parameters if p.node == "dense_1")
    assert places(lowered, dense.id) is None


@pytest.mark.parametrize("name", ["adam", "momentum", "cut on a plateau"])
def test_an_update_is_what_the_run_really_adds(name: str) -> None:
    session = session_of(name)
    session.step(Boundary.BATCH)
    session.step(Boundary.OP)
    before = {v.id: session.storage.view(v).copy() for v in session.program.parameters}
    ahead = updates(False, session)
    session.step(Boundary.BATCH)
    behind = updates(False, session)
    for told in (ahead, behind):
        for update in told:
            old = before[update.parameter]
            now = session.storage.view(session.program.values[update.parameter])
            assert np.array_equal(update.change, now - old)
            size = np.linalg.norm(old.astype(float))
            if size:
                wanted = np.linalg.norm((now - old).astype(float)) / size
                assert update.ratio == pytest.approx(wanted)
            else:
                assert np.isnan(update.ratio)


def test_a_recent_update_is_that_of_the_last_keyframe_and_costs_no_replay() -> None:
    session = session_of("adam", interval=3)
    for _ in range(5):
        session.step(Boundary.BATCH)
    told = updates(True, session)
    weight = session.program.parameters[0]
    at = session.journal.before(3)[1].arenas["parameters"]
    assert session.journal.iterations[-1] == 3
    size = int(np.prod(weight.shape))
    session.seek(4)
    after = session.storage.view(weight).reshape(-1)
    assert np.array_equal(told[0].change.reshape(-1), after - at[:size])
