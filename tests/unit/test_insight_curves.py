"""Smoothing, means of epochs, and all points as text."""

from __future__ import annotations

import csv
import io

import numpy as np

from backprop_studio.insight.curves import (
    HELD_OUT,
    LEARNED,
    as_csv,
    as_steps,
    per_epoch,
    points_of,
    rate_steps,
    running_mean,
)


def test_a_running_mean_is_of_the_last_numbers() -> None:
    y = np.array([1.0, 2.0, 6.0, 4.0])
    assert np.allclose(running_mean(y, 1), y)
    assert np.allclose(running_mean(y, 3), [1, 1.5, 3, 4])
    assert np.allclose(running_mean(y, 99), [1, 1.5, 3, 3.25])


def test_a_running_mean_leaves_out_what_is_not_finite() -> None:
    y = np.array([np.nan, 2.0, np.inf, 4.0, np.nan, np.nan])
    found = running_mean(y, 2)
    assert np.isnan(found[0]) and np.allclose(found[1:5], [2, 2, 4, 4]) and np.isnan(found[5])
    assert np.isnan(running_mean(np.full(3, np.nan), 2)).all()
    assert running_mean(np.empty(0), 5).shape == (0,)


def test_a_running_mean_of_a_million_numbers_keeps_its_digits() -> None:
    y = 1000.0 + np.random.default_rng(0).random(1_000_000)
    found = running_mean(y, 500)
    assert abs(found[-1] - y[-500:].mean()) < 1e-9


def test_an_epoch_is_the_mean_of_its_batches_at_its_end() -> None:
    epochs = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    losses = np.array([4.0, 2.0, np.nan, 1.0, 0.5])
    found = per_epoch(np.stack([epochs, losses], axis=1))
    assert np.allclose(found, [[1.0, 3.0], [2.0, 1.0], [2.5, 0.5]])
    assert per_epoch(np.empty((0, 2))).shape == (0, 2)
    # A branch begins in the middle of an epoch.
    assert np.allclose(per_epoch(np.array([[2.25, 1.0], [3.0, 3.0]])), [[3.0, 2.0]])


def test_thirds_that_are_rounded_still_belong_to_their_epoch() -> None:
    n = np.arange(1, 301)
    found = per_epoch(np.stack([n / 3, n % 3], axis=1))
    assert len(found) == 100 and np.allclose(found[:, 1], 1.0)


def test_the_text_has_every_point_to_its_last_digit() -> None:
    points = np.random.default_rng(1).random((1000, 2))
    rows = list(csv.reader(io.StringIO(as_csv([('a, "b"', "loss", points)]))))
    assert rows[0] == ["curve", "quantity", "epoch", "value"] and len(rows) == 1001
    assert rows[1][:2] == ['a, "b"', "loss"]
    assert np.array_equal(np.array([[float(v) for v in r[2:]] for r in rows[1:]]), points)


def test_a_step_of_the_rate_is_found_and_a_smooth_schedule_has_none() -> None:
    def tests_with(rates: list[float]) -> np.ndarray:
        points = np.full((len(rates), 5), np.nan)
        points[:, 0], points[:, 4] = range(len(rates)), rates
        return points

    nan = float("nan")
    cut = tests_with([nan, 0.1, 0.1, 0.1, 0.01, 0.01])
    assert rate_steps(cut) == [(3.0, 0.1, 0.01)]
    # Set by hand in between, it is no step of the schedule's.
    assert rate_steps(cut, [3.4]) == [] and rate_steps(cut, [2.5]) == [(3.0, 0.1, 0.01)]
    assert rate_steps(tests_with([nan, 0.1, 0.09, 0.07, 0.04])) == []
    # A warm-up that ends is no cut.
    assert rate_steps(tests_with([nan, 0.01, 0.05, 0.1, 0.1, 0.1])) == []
    assert rate_steps(np.empty((0, 5))) == [] and rate_steps(tests_with([nan, 0.1])) == []


def test_missing_numbers_are_left_out_of_a_column() -> None:
    points = np.array([[0.0, 1, 0.5, np.nan, np.nan], [1.0, 1, np.nan, 0.25, 0.1]])
    assert points_of(points, LEARNED).tolist() == [[1.0, 0.25]]
    assert points_of(points, HELD_OUT).tolist() == [[0.0, 0.5]]


def test_a_number_that_holds_for_an_epoch_is_drawn_from_its_start_to_its_end() -> None:
    points = np.array([[1.0, 0.1], [2.0, 0.05], [4.0, 0.01]])
    # Nothing is known of the third epoch.
    assert as_steps(points).tolist() == [
        [0, 0.1], [1, 0.1], [1, 0.05], [2, 0.05], [3, 0.01], [4, 0.01],
    ]  # fmt: skip
    assert as_steps(np.empty((0, 2))).shape == (0, 2)
