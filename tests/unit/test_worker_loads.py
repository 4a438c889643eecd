"""Another network for the worker: what is kept of the weights, the curves and the branches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import DIGITS, chain

from backprop_studio.network import Network, edits
from backprop_studio.nn import optimizers
from backprop_studio.training import (
    Back,
    Boundary,
    DropBranch,
    Restart,
    Run,
    Seek,
    SetBudget,
    State,
    Step,
)
from tests.desk import Desk


def test_that_a_network_with_errors_cannot_run_and_its_weights_are_kept(desk: Desk) -> None:
    desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    broken = edits.remove(chain(), ["dense_2"])
    desk.load(broken)
    desk.worker.turn(Run())
    desk.worker.turn(Step(Boundary.OP))
    assert desk.take()[0].state is State.EMPTY
    desk.load(chain())
    for key, array in desk.weights().items():
        assert (array == learned[key]).all()


def test_that_a_changed_learning_rate_goes_on_from_where_it_was(desk: Desk) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    faster = optimizers()["adam"].from_config({"learning_rate": 0.01})
    network = chain(optimizer=faster)
    desk.take()
    desk.load(network)
    snapshot, curves = desk.take()
    assert snapshot.cursor is not None and snapshot.cursor.iteration == 5
    assert curves[0].keep_until == pytest.approx(snapshot.epoch)
    for key, array in desk.weights().items():
        assert (array == learned[key]).all()


def test_that_an_edit_in_the_middle_of_an_update_starts_from_whole_weights(desk: Desk) -> None:
    for _ in range(3):
        desk.worker.turn(Step(Boundary.BATCH))
    whole = desk.weights()
    session = desk.worker.session
    assert session is not None
    for _ in range(len(session.program.instructions) - 3):
        desk.worker.turn(Step(Boundary.OP))
    assert any((v != whole[k]).any() for k, v in desk.weights().items())
    faster = optimizers()["adam"].from_config({"learning_rate": 0.01})
    desk.load(chain(optimizer=faster))
    for key, array in desk.weights().items():
        assert (array == whole[key]).all()
    assert desk.worker.session is not None
    assert desk.worker.session.storage.arena("state:adam/t")[0] == 3


def test_that_no_point_is_lost_when_an_edit_comes_while_running(desk: Desk) -> None:
    desk.take()
    desk.worker.turn(Run())
    for _ in range(5):
        desk.worker.turn(None)
    session = desk.worker.session
    assert session is not None
    made = session.losses.points.copy()
    desk.load(chain(optimizer=optimizers()["adam"].from_config({"learning_rate": 0.01})))
    got = np.concatenate([u.losses for u in desk.take()[1]])
    assert (got == made[: len(got)]).all() and len(got) == len(made)


def test_that_another_document_without_a_program_clears_the_curves(desk: Desk) -> None:
    desk.worker.turn(Step(Boundary.BATCH))
    desk.take()
    desk.load(Network(), forget=True)
    snapshot, curves = desk.take()
    assert snapshot.state is State.EMPTY
    assert curves[-1].keep_until == -1.0


def test_that_a_network_that_cannot_be_bound_leaves_no_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*args: object, **options: object) -> None:
        raise MemoryError("planted")

    monkeypatch.setattr("backprop_studio.training.worker.Session", explode)
    desk.load(chain(batch_size=64))
    assert desk.take()[0].state is State.FAILED
    desk.worker.turn(Run())
    desk.worker.turn(Step(Boundary.OP))
    assert desk.worker.session is None


def test_that_a_layer_that_gets_its_size_back_gets_its_weights_back(desk: Desk) -> None:
    desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    wider = [*DIGITS]
    wider[1] = ("dense", {"units": 24})
    desk.load(chain(wider))
    desk.worker.turn(Step(Boundary.BATCH))
    desk.load(chain())
    assert (desk.weights()[("dense_1", "weight")] == learned[("dense_1", "weight")]).all()


def test_that_another_seed_begins_again(desk: Desk) -> None:
    first = desk.weights()
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.load(chain(seed=9))
    snapshot = desk.take()[0]
    assert snapshot.cursor is not None and snapshot.cursor.iteration == 0
    assert (desk.weights()[("dense_1", "weight")] != first[("dense_1", "weight")]).all()


def test_that_restart_gives_the_first_weights_again(desk: Desk) -> None:
    first = desk.weights()
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.worker.turn(Restart())
    for key, array in desk.weights().items():
        assert (array == first[key]).all()
    assert desk.take()[1][-1].keep_until == -1.0


def test_that_a_deleted_layer_gets_its_weights_back_when_it_returns(desk: Desk) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    shorter = edits.remove(chain(), ["dense_1", "relu_1"])
    desk.load(edits.connect(shorter, "input_1", "dense_2"))
    desk.load(chain())
    assert (desk.weights()[("dense_1", "weight")] == learned[("dense_1", "weight")]).all()


def test_that_another_document_forgets_what_was_learned(desk: Desk) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    desk.load(chain(), forget=True)
    assert (desk.weights()[("dense_1", "weight")] != learned[("dense_1", "weight")]).any()


def test_that_a_document_with_weights_starts_from_them(desk: Desk) -> None:
    saved = {("dense_1", "weight"): np.full((64, 16), 0.25, np.float32)}
    desk.load(chain(), weights=saved, forget=True)
    assert (desk.weights()[("dense_1", "weight")] == 0.25).all()


def test_that_a_larger_batch_counts_epochs_on(desk: Desk) -> None:
    for _ in range(50):
        desk.worker.turn(Step(Boundary.BATCH))
    network = chain()
    desk.load(edits.set_setup(network, replace(network.setup, batch_size=500)))
    snapshot = desk.take()[0]
    assert snapshot.epoch == 1.0


def test_that_an_edit_in_the_past_of_the_design_starts_a_branch_that_can_be_left(
    desk: Desk,
) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.worker.turn(Seek(2))
    changed = chain(optimizer=optimizers()["sgd"](learning_rate=0.5))
    desk.load(changed)
    desk.worker.turn(Step(Boundary.BATCH))
    snapshot, _ = desk.take()
    assert len(snapshot.branches) == 2
    assert snapshot.branches[0].revision == 1
    desk.load(chain(), branch=snapshot.branches[0].id)
    snapshot, curves = desk.take()
    assert snapshot.branch == snapshot.branches[0].id
    assert len(curves[-1].losses) == 5
    assert snapshot.branches[0].revision == 3


def _change_the_past_without_room(desk: Desk) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.worker.turn(SetBudget(1))
    desk.worker.turn(Seek(2))
    setup = replace(chain().setup, optimizer=optimizers()["momentum"]())
    desk.load(replace(chain(), setup=setup))


def test_that_a_change_of_the_past_waits_when_there_is_no_room_for_another_branch(
    desk: Desk,
) -> None:
    before = desk.worker.session
    _change_the_past_without_room(desk)
    snapshot, _ = desk.take()
    assert snapshot.failure is not None and snapshot.cursor is None
    assert (snapshot.state, snapshot.failure.code) == (State.FAILED, "branches-full")
    assert [b.name for b in snapshot.branches] == ["main"]
    # Nothing runs that the canvas does not show.
    for command in (Run(), Step(Boundary.OP), Back(Boundary.OP), Seek(1)):
        desk.worker.turn(command)
        assert desk.worker.state is State.FAILED and desk.worker.session is before
    # With more memory it is done.
    desk.worker.turn(SetBudget(2**26))
    snapshot, _ = desk.take()
    assert snapshot.failure is None
    assert (snapshot.state, len(snapshot.branches), snapshot.completed) == (State.PAUSED, 2, 2)


def test_that_what_is_refused_while_there_is_no_room_says_why(desk: Desk) -> None:
    _change_the_past_without_room(desk)
    desk.worker.turn(DropBranch(1))
    snapshot, _ = desk.take()
    assert snapshot.refused is not None and snapshot.refused.code == "branch-active"
    assert snapshot.failure is not None and snapshot.failure.code == "branches-full"


def test_that_a_change_of_the_past_that_had_no_room_can_be_taken_back(desk: Desk) -> None:
    before = desk.worker.session
    _change_the_past_without_room(desk)
    desk.load(chain())
    snapshot, _ = desk.take()
    assert snapshot.failure is None and desk.worker.session is before
    assert (snapshot.completed, snapshot.live) == (2, 5)
    desk.worker.turn(Step(Boundary.BATCH))
    assert before is not None and before.completed == 3


def test_that_a_restart_after_switching_to_a_branch_of_another_design_starts_anew(
    desk: Desk,
) -> None:
    for _ in range(5):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.worker.turn(Seek(2))
    setup = replace(chain().setup, optimizer=optimizers()["momentum"]())
    desk.load(replace(chain(), setup=setup))
    desk.load(chain(), branch=1)
    snapshot, _ = desk.take()
    assert (snapshot.branch, snapshot.live) == (1, 5)
    desk.worker.turn(Restart())
    snapshot, _ = desk.take()
    assert (snapshot.completed, snapshot.live, len(snapshot.branches)) == (0, 0, 1)


def test_that_weights_from_elsewhere_begin_a_branch_and_the_old_one_stays(desk: Desk) -> None:
    for _ in range(3):
        desk.worker.turn(Step(Boundary.BATCH))
    learned = desk.weights()
    brought = {key: np.full_like(array, 0.25) for key, array in learned.items()}
    desk.worker.turn(Seek(0))
    desk.load(chain(), weights=brought)
    snapshot, _ = desk.take()
    assert (snapshot.completed, len(snapshot.branches), snapshot.branch) == (0, 2, 2)
    now = desk.weights()
    assert all(np.array_equal(now[key], brought[key]) for key in brought)
    desk.load(chain(), branch=1)
    desk.worker.turn(Seek(3))
    again = desk.weights()
    assert all(np.array_equal(again[key], learned[key]) for key in learned)


def test_that_weights_from_elsewhere_wait_where_there_is_no_room_for_a_branch(desk: Desk) -> None:
    first = desk.weights()
    desk.worker.turn(SetBudget(1))
    desk.load(chain(), weights={key: np.ones_like(array) for key, array in first.items()})
    snapshot, _ = desk.take()
    assert snapshot.failure is not None and snapshot.failure.code == "branches-full"
    desk.load(chain(), branch=1)
    assert desk.worker.state is State.PAUSED
    again = desk.weights()
    assert all(np.array_equal(again[key], first[key]) for key in first)
