"""What a network says of its data, of the plane, and of drawings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio import data
from backprop_studio.insight import using
from backprop_studio.insight.drawing import frame, frame_of, like
from backprop_studio.insight.predictions import FINE, confusion, judge, predictions, window
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session

PLANE: Layers = [("input", {}), ("dense", {"units": 2}), ("softmax_cross_entropy", {})]


def session_of(layers: Layers | None = None, epochs: int = 0, **setup: object) -> Session:
    network = chain(layers, **setup) if layers else chain(**setup)
    session = Session(analyze(network).require(), network.setup)
    for _ in range(epochs):
        session.step(Boundary.EPOCH)
    return session


def set_parameters(session: Session, **numbers: list[object]) -> None:
    for value in session.program.parameters:
        session.storage.view(value)[...] = np.array(numbers[value.name])


@pytest.fixture(scope="module")
def digits() -> Session:
    return session_of(epochs=25)


def test_losses_and_mistakes_of_single_rows_make_up_those_of_the_evaluation(
    digits: Session,
) -> None:
    found = predictions(digits)
    test = digits.evaluate()
    assert found.held.sum() == test.rows
    assert found.losses[found.held].mean() == pytest.approx(test.loss, rel=1e-5)
    assert 1 - found.wrong[found.held].mean() == pytest.approx(test.accuracy)
    assert np.allclose(found.outputs.sum(axis=1), 1.0)
    assert found.surface is None and found.image_shape == (8, 8)
    worst = found.worst(5)
    assert found.losses[worst[0]] == found.losses.max()
    assert (np.diff(found.losses[worst]) <= 0).all()


def test_the_batch_and_the_number_of_its_batch_are_told_of_each_row(digits: Session) -> None:
    found = predictions(digits, surface=False)
    inside = found.batch >= 0
    assert set(found.rows[inside]) == set(digits.rows)
    assert [int(digits.rows[b]) for b in found.batch[inside]] == list(found.rows[inside])
    number = digits.cursor.iteration % digits.batches_per_epoch + 1
    assert set(found.rows[found.comes == number]) == set(digits.rows)
    assert (found.comes[found.held] == 0).all() and (found.comes[~found.held] > 0).all()


def test_the_confusion_matrix_counts_every_row_once(digits: Session) -> None:
    found = predictions(digits, surface=False)
    counts = confusion(found, found.held)
    assert counts.sum() == found.held.sum()
    assert np.trace(counts) == (~found.wrong & found.held).sum()
    rows = (found.targets == 9) & (found.guesses == 8) & found.held
    assert counts[9, 8] == rows.sum()


def test_asking_leaves_the_session_as_it_is(digits: Session) -> None:
    before = digits.storage.save(), digits.cursor
    predictions(digits)
    judge(np.zeros(64), digits)
    after = digits.storage.save(), digits.cursor
    assert before[1] == after[1]
    for name, arena in before[0].arenas.items():
        assert np.array_equal(arena, after[0].arenas[name])


def test_the_surface_is_what_the_network_says_at_each_point() -> None:
    session = session_of(PLANE, dataset="moons")
    # The second class right of x = 0.25, with a known probability.
    set_parameters(session, weight=[[0, 4], [0, 0]], bias=[0, -1])
    surface = predictions(session).surface
    assert surface is not None and surface.outputs.shape == (FINE, FINE, 2) and FINE >= 100
    xs = np.linspace(surface.low[0], surface.high[0], FINE)
    assert np.array_equal(surface.guesses[3], (xs > 0.25).astype(int))
    assert np.allclose(surface.outputs[:, :, 1], 1 / (1 + np.exp(1 - 4 * xs)), atol=1e-5)
    assert (np.isclose(surface.outputs, surface.outputs[:1])).all()


def test_one_sigmoid_says_how_likely_both_classes_are() -> None:
    session = session_of(
        [("input", {}), ("dense", {"units": 1}), ("binary_cross_entropy", {})], dataset="moons"
    )
    set_parameters(session, weight=[[3], [0]], bias=[0])
    found = predictions(session)
    chances = found.chances
    assert chances is not None and chances.shape == (len(found.rows), 2)
    assert np.allclose(chances[:, 1], 1 / (1 + np.exp(-3 * found.x[:, 0])), atol=1e-5)
    assert np.array_equal(found.guesses, (found.x[:, 0] > 0).astype(int))
    assert 1 - found.wrong[found.held].mean() == pytest.approx(session.evaluate().accuracy)


def test_scores_that_are_no_probabilities_are_not_called_so() -> None:
    session = session_of([("input", {}), ("dense", {"units": 2}), ("mse", {})], dataset="moons")
    set_parameters(session, weight=[[3, -3], [0, 0]], bias=[0, 0])
    assert predictions(session).chances is None
    proper: Layers = [("input", {}), ("dense", {"units": 2}), ("softmax", {}), ("mse", {})]
    assert predictions(session_of(proper, dataset="moons")).chances is not None


def test_the_fit_of_one_feature_is_a_curve_and_the_loss_that_of_the_targets() -> None:
    session = session_of([("input", {}), ("dense", {"units": 1}), ("mse", {})], dataset="sine")
    set_parameters(session, weight=[[0.5]], bias=[1])
    found = predictions(session)
    assert found.surface is not None and found.classes == () and not found.wrong.any()
    xs = np.linspace(found.surface.low[0], found.surface.high[0], len(found.surface.outputs))
    assert np.allclose(found.surface.outputs[:, 0], 0.5 * xs + 1, atol=1e-5)
    wanted = (0.5 * found.x[:, 0] + 1 - found.targets[:, 0]) ** 2
    assert np.allclose(found.losses, wanted, rtol=1e-4, atol=1e-6)


def test_an_autoencoder_is_compared_with_its_features() -> None:
    layers: Layers = [
        ("input", {}),
        ("dense", {"units": 4}),
        ("dense", {"units": 64}),
        ("mse", {"target": "features"}),
    ]
    found = predictions(session_of(layers))
    assert found.classes == () and np.array_equal(found.targets, found.x)


def test_what_is_not_finite_is_told_and_breaks_nothing() -> None:
    session = session_of(PLANE, dataset="moons")
    set_parameters(session, weight=[[np.nan, 0], [0, 0]], bias=[0, 0])
    found = predictions(session)
    assert not np.isfinite(found.losses).any() and len(found.worst(3)) == 3
    assert confusion(found, found.held).sum() == found.held.sum()


def test_a_constant_feature_still_has_a_plane() -> None:
    low, high = window(np.array([[1.0, 2.0], [3.0, 2.0]]))
    assert low[1] == 1.0 and high[1] == 3.0 and low[0] < 1 < 3 < high[0]


def test_large_data_are_sampled_evenly_and_always_alike(digits: Session) -> None:
    some = using.sample(digits, 100)
    again = using.sample(digits, 100)
    assert 95 <= len(some.rows) <= 105 and np.array_equal(some.rows, again.rows)
    assert some.held.mean() == pytest.approx(0.2, abs=0.03) and some.of == 1797
    assert len(set(some.y)) == 10


def test_a_drawing_is_scaled_and_centred_as_the_data_are() -> None:
    pictures = np.zeros((4, 8, 8))
    pictures[:, 1:7, 2:6] = 1.0
    wanted = frame(pictures)
    assert (wanted.height, wanted.width, wanted.y, wanted.x) == (6, 4, 4, 4)
    ink = np.zeros((160, 160))
    ink[10:70, 100:140] = 1.0  # small, and in a corner
    assert np.array_equal(like(ink, wanted), pictures[0])
    wide = np.zeros((160, 160))
    wide[50:60, 10:150] = 1.0
    flat = like(wide, wanted)
    assert set(np.flatnonzero(flat.any(axis=0))) == {2, 3, 4, 5}
    assert (like(np.zeros((160, 160)), wanted) == 0).all()
    darker = replace(wanted, low=-1.0, high=3.0)
    assert like(ink, darker).max() == 3.0 and like(ink, darker).min() == -1.0


def test_digits_drawn_large_anywhere_are_recognised(digits: Session) -> None:
    wanted = frame_of(digits)
    assert wanted is not None and (wanted.height, wanted.width) == (8, 6)
    dataset = data.load("digits")
    hits = 0
    for row in range(0, 200):
        big = np.pad(np.kron(dataset.x[row].reshape(8, 8), np.ones((9, 9))), ((5, 80), (60, 20)))
        hits += int(judge(like(big, wanted), digits).argmax() == dataset.y[row])
    assert hits > 170
    assert frame_of(session_of(PLANE, dataset="moons")) is None


def test_that_what_is_said_is_said_of_the_rows_as_training_has_them() -> None:
    spoilt = data.DataSettings(
        scaling="standard",
        corruptions=(
            data.corruptions()["leaked_feature"](where="added"),
            data.corruptions()["biased_sample"](column=0),
        ),
    )
    session = session_of(PLANE, epochs=2, dataset="moons", data=spoilt)
    found = predictions(session)
    prepared = session.prepared
    assert found.x.shape[1] == 3 and found.surface is None
    assert np.array_equal(found.x, prepared.dataset.x[found.rows])
    assert set(found.rows[~found.held]) == set(prepared.split.train)
    assert len(prepared.split.train) < 400, "rows that were left out are not told of"
    assert found.of == len(found.rows)
    test = session.evaluate()
    assert 1 - found.wrong[found.held].mean() == pytest.approx(test.accuracy)
    assert set(found.rows[found.batch >= 0]) == set(session.rows)
    number = session.cursor.iteration % session.batches_per_epoch + 1
    assert set(found.rows[found.comes == number]) == set(session.rows)
