"""Training runs: results, failures, and going on after an edit."""

from __future__ import annotations

import numpy as np
import pytest
from networks import DIGITS, chain, diverging

from backprop_studio.autograd import Storage
from backprop_studio.network import Network, analyze, edits
from backprop_studio.nn import nodes, optimizers
from backprop_studio.training import Boundary, Cursor, Session
from backprop_studio.training.recorded import GivenWay


def session_of(network: Network, **options: object) -> Session:
    return Session(analyze(network).require(), network.setup, **options)  # type: ignore[arg-type]


def test_that_training_learns_the_digits() -> None:
    session = session_of(chain())
    before = session.evaluate()
    for _ in range(20):
        session.run_epoch()
    after = session.evaluate()
    assert before.accuracy is not None and after.accuracy is not None
    assert before.accuracy < 0.3 < 0.9 < after.accuracy
    assert after.loss < before.loss


def test_that_mean_squared_error_learns_a_curve() -> None:
    layers = [("input", {}), ("dense", {"units": 16}), ("tanh", {}), ("dense", {"units": 1}),
              ("mse", {})]  # fmt: skip
    adam = optimizers()["adam"].from_config({"learning_rate": 0.01})
    session = session_of(chain(layers, dataset="sine", optimizer=adam))
    for _ in range(60):
        session.run_epoch()
    test = session.evaluate()
    assert test.accuracy is None
    assert test.loss < 0.05


def test_that_the_last_batch_of_an_epoch_may_be_smaller() -> None:
    session = session_of(chain(batch_size=1000))
    assert session.batches_per_epoch == 2
    session.step(Boundary.BATCH)
    assert session.machine.batch == 1000
    session.step(Boundary.BATCH)
    assert session.machine.batch == 438
    assert session.epoch == 1


def test_that_every_row_is_used_once_an_epoch() -> None:
    session = session_of(chain(batch_size=100))
    seen = []
    for _ in range(session.batches_per_epoch):
        session.step(Boundary.PHASE)
        x = session.machine.array(session.program.inputs["x"])
        seen += [row.tobytes() for row in x]
        session.step(Boundary.BATCH)
    split_rows = session._sources["x"][session._train]
    assert sorted(seen) == sorted(row.tobytes() for row in split_rows)


def test_that_an_absurd_learning_rate_stops_training_and_keeps_good_weights() -> None:
    session = session_of(diverging())
    for _ in range(50):
        session.step(Boundary.BATCH)
        if session.failure is not None:
            break
    assert session.failure is not None
    assert session.failure.code == "non-finite"
    assert "iteration" in session.failure.text and "mse of loss_1" in session.failure.text
    for array in session.weights().values():
        assert np.isfinite(array).all()


def test_that_a_failure_stands_before_the_first_bad_instruction() -> None:
    session = session_of(diverging())
    while session.failure is None:
        session.step(Boundary.BATCH)
    index = session.cursor.index
    for done in session.program.instructions[:index]:
        for i in done.outputs:
            assert np.isfinite(session.machine.array(i)).all()
    with np.errstate(all="ignore"):
        session.machine.run(index, index + 1)
    bad = session.program.instructions[index]
    assert not all(np.isfinite(session.machine.array(i)).all() for i in bad.outputs)
    assert f"{bad.op.name.replace('_', ' ')} of {bad.node}" in session.failure.text


def test_that_going_back_after_a_failure_makes_the_session_usable_again() -> None:
    session = session_of(diverging())
    while session.failure is None:
        session.step(Boundary.BATCH)
    session.back(Boundary.BATCH)
    assert session.failure is None
    session.step(Boundary.OP)
    assert session.failure is None


def plant(session: Session, op: str, value: float) -> None:
    """Make the first output of an op infinite or NaN from now on."""
    index = next(i for i, n in enumerate(session.program.instructions) if n.op.name == op)
    for machine in [session.machine]:
        array = machine._arrays[session.program.instructions[index].outputs[0]]
        machine._calls[index] = [*machine._calls[index], (array.fill, (value,))]
        machine._plans.clear()
        machine._fused = {}


@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("op", ["relu", "softmax_cross_entropy", "relu_backward", "adam_step"])
def test_that_the_first_bad_op_is_found_in_every_phase(op: str, value: float) -> None:
    session = session_of(chain())
    good = session.weights()
    plant(session, op, value)
    session.step(Boundary.BATCH)
    assert session.failure is not None
    assert session.failure.params["op"] == op.replace("_", " ")
    assert session.program.instructions[session.cursor.index].op.name == op
    for key, array in session.weights().items():
        assert (array == good[key]).all()


def test_that_an_infinite_optimizer_state_is_a_failure_too() -> None:
    session = session_of(chain())
    plant(session, "average_square", np.inf)
    session.step(Boundary.BATCH)
    assert session.failure is not None and "average square" in session.failure.text


def test_that_the_last_test_is_that_of_the_moment() -> None:
    session = session_of(chain())
    start = session.last_test
    assert start == session.evaluate()
    for _ in range(3):
        session.run_epoch()
    assert session.last_test == session.evaluate() != start
    session.go_to(Cursor(0, 0))
    assert session.last_test == start


def test_that_weights_too_large_for_the_precision_are_not_taken() -> None:
    fresh = session_of(chain()).weights()
    huge = {("dense_1", "weight"): np.full((64, 16), 1e300)}
    assert (
        session_of(chain(), weights=huge).weights()[("dense_1", "weight")]
        == fresh[("dense_1", "weight")]
    ).all()


def test_that_stepping_back_from_the_start_changes_nothing() -> None:
    session = session_of(chain())
    for boundary in Boundary:
        session.back(boundary)
        assert (session.cursor.iteration, session.cursor.index) == (0, 0)


def test_that_an_epoch_back_ends_where_the_epoch_before_ended() -> None:
    session = session_of(chain(batch_size=400))
    session.step(Boundary.EPOCH)
    end_of_first = session.cursor, session.weights()
    session.step(Boundary.BATCH)
    session.step(Boundary.OP)
    session.back(Boundary.EPOCH)
    assert session.cursor == end_of_first[0]
    for key, array in session.weights().items():
        assert (array == end_of_first[1][key]).all()
    session.back(Boundary.EPOCH)
    assert session.completed == 0


def test_that_losses_are_recorded_once_however_often_they_are_replayed() -> None:
    session = session_of(chain())
    for _ in range(30):
        session.step(Boundary.BATCH)
    recorded = session.losses.points.copy()
    for _ in range(20):
        session.back(Boundary.BATCH)
    for _ in range(20):
        session.step(Boundary.BATCH)
    assert (session.losses.points == recorded).all()


def test_that_an_edit_keeps_the_weights_that_still_fit() -> None:
    network = chain()
    session = session_of(network)
    for _ in range(40):
        session.step(Boundary.BATCH)
    learned = session.weights()
    wider = edits.set_spec(network, "dense_2", nodes()["dense"].from_config({"units": 10}))
    wider, tanh = edits.add_node(wider, nodes()["tanh"](), 0, 0)
    after = session_of(wider, kept=session.storage, weights=learned, start=session.completed)
    for key, array in learned.items():
        assert (after.weights()[key] == array).all()
    assert after.storage.arena("state:adam/t")[0] == 40
    assert tanh in wider


def test_that_editing_one_layer_leaves_the_first_weights_of_the_others() -> None:
    first = session_of(chain()).weights()
    layers = list(DIGITS)
    layers[1] = ("dense", {"units": 24})
    second = session_of(chain(layers)).weights()
    assert second[("dense_1", "weight")].shape != first[("dense_1", "weight")].shape
    assert (second[("dense_2", "bias")] == first[("dense_2", "bias")]).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_that_the_same_seed_gives_the_same_bits(precision: str) -> None:
    runs = []
    for _ in range(2):
        session = session_of(chain(precision=precision))
        session.run_epoch()
        runs.append(session.storage.arena("parameters").tobytes())
    assert runs[0] == runs[1]
    assert session.storage.dtype == np.dtype(precision)


def test_that_another_seed_gives_other_weights() -> None:
    one, two = (session_of(chain(seed=s)).weights()[("dense_1", "weight")] for s in (1, 2))
    assert not (one == two).any()


@pytest.mark.parametrize("boundary", [Boundary.OP, Boundary.PHASE, Boundary.BATCH])
def test_that_a_question_about_a_moment_that_was_stepped_to_needs_no_replay(
    boundary: Boundary, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(chain())
    for _ in range(5):
        session.step(Boundary.BATCH)
    monkeypatch.setattr(Session, "replay", lambda *_: pytest.fail("an iteration was repeated"))
    session.step(boundary)
    first = session.twin().storage.save()
    session.step(Boundary.BATCH)
    second = session.twin().storage.save()
    same = boundary is not Boundary.BATCH
    # A finished batch is followed by another iteration, which begins with other weights.
    assert np.array_equal(first.arenas["parameters"], second.arenas["parameters"]) == same


def test_that_only_the_first_question_about_a_moment_of_the_past_repeats_iterations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of(chain())
    session.run_epoch()
    session.rerun(3)
    monkeypatch.setattr(Session, "replay", lambda *_: pytest.fail("an iteration was repeated"))
    session.rerun(4)
    session.twin()
    session.seek(7)
    session.precise()


def test_that_a_question_about_far_back_is_broken_off_in_the_middle_of_its_replay() -> None:
    session = session_of(chain(), interval=1000)
    for _ in range(30):
        session.step(Boundary.BATCH)
    kept, asked = session.storage.save(), []
    session.pressed = lambda: len(asked) >= 5 or bool(asked.append(1))
    storage = Storage(session.program, session.storage.dtype.type)
    with pytest.raises(GivenWay):
        session.replay(25, storage, {})
    assert len(asked) == 5, "the command waits for one iteration, not for twenty"
    session.pressed = bool
    session.replay(25, storage, {})
    now = session.storage.save().arenas
    assert all(np.array_equal(a, b) for a, b in zip(now, kept.arenas, strict=True))
