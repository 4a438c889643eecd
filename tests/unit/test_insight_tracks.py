"""Curves of parameters and layers over time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from backprop_studio.insight.history import BINS, LEVELS, Quantity, Sample, Track, histogram
from backprop_studio.insight.tracks import Measure, bin_range, curves, shares

WEIGHT, BIAS = ("dense", "weight"), ("dense", "bias")


def _sample(iteration: int, sizes: dict[Track, float]) -> Sample:
    numbers = np.array([0.75, -3.0, 0.0, 1e5])
    return Sample(iteration, float(iteration), 1.0, sizes,
                  {(Quantity.GRADIENT, WEIGHT): histogram(numbers)})  # fmt: skip


SAMPLES = [
    _sample(0, {(Quantity.UPDATE, WEIGHT): 3.0, (Quantity.WEIGHT, WEIGHT): 12.0}),
    _sample(
        1,
        {
            (Quantity.WEIGHT, WEIGHT): 30.0,
            (Quantity.WEIGHT, BIAS): 40.0,
            (Quantity.UPDATE, WEIGHT): 3.0,
            (Quantity.UPDATE, BIAS): 4.0,
            (Quantity.SIGNAL, ("relu",)): 0.5,
        },
    ),
]


def test_a_layer_has_the_norm_of_all_its_numbers() -> None:
    (layer,) = curves(SAMPLES, Measure.WEIGHT, layers=True)
    assert layer.key == ("dense",) and layer.values == (12.0, 50.0)
    (ratio,) = curves(SAMPLES, Measure.RATIO, layers=True)
    assert ratio.values == (0.25, 0.1)


def test_what_a_moment_does_not_have_is_no_number() -> None:
    weight, bias = curves(SAMPLES, Measure.WEIGHT, layers=False)
    assert (weight.key, bias.key) == (WEIGHT, BIAS)
    assert math.isnan(bias.values[0]) and bias.values[1] == 40.0
    (signal,) = curves(SAMPLES, Measure.SIGNAL, layers=True)
    assert signal.key == ("relu",) and signal.values[1] == 0.5
    assert curves([], Measure.RATIO, layers=True) == ()


def test_shares_are_of_all_entries_and_rows_say_what_they_count() -> None:
    table = shares(SAMPLES, Quantity.GRADIENT, WEIGHT)
    assert table.shape == (BINS, 2) and table[:, 0].sum() == pytest.approx(1.0)
    for row in np.flatnonzero(table[:, 0]):
        low, high = bin_range(int(row))
        assert table[row, 0] == 0.25
        assert any(low <= x < high for x in (0.75, -3.0, 0.0, 1e5))
    ranges = [bin_range(row) for row in range(BINS)]
    assert all(a[0] == b[1] for a, b in itertools.pairwise(ranges))
    assert ranges[0][1] == math.inf and bin_range(LEVELS)[1] == 2.0**-24
    assert np.isnan(shares(SAMPLES, Quantity.GRADIENT, BIAS)).all()
