"""What is told of the rows of a data set, on rows whose fate is known."""

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.data import Corruption, DataSettings
from backprop_studio.insight.rows import PARTS, Part, Rows, Which


def make(key: str, **settings: object) -> Corruption:
    return data.corruptions()[key].from_config(settings)


def rows(source: str, *corruptions: Corruption, scaling: str = "none") -> Rows:
    settings = DataSettings(corruptions=corruptions, scaling=scaling)
    return Rows(data.prepare(source, settings, 0.2, 1))


def test_that_every_row_is_in_one_part_and_counted_once() -> None:
    found = rows("iris", make("imbalanced_classes", rare=1, share=0.5))
    sizes = [len(found.chosen(w)) for w in (Which.TRAINING, Which.HELD_OUT, Which.LEFT_OUT)]
    assert sizes == [100, 30, 20]
    assert len(found.chosen(Which.ALL)) == sum(sizes) == 150
    assert [(g.name, g.training, g.held_out, g.left_out) for g in found.groups()] == [
        ("setosa", 40, 10, 0),
        ("versicolor", 20, 10, 20),
        ("virginica", 40, 10, 0),
    ]
    assert sum(g.total for g in found.groups()) == 150


def test_that_numbers_are_counted_in_ranges_and_none_is_missed() -> None:
    groups = rows("diabetes").groups()
    assert sum(g.total for g in groups) == 442
    assert sum(g.held_out for g in groups) == 88
    assert groups[0].name.startswith("25 …") and groups[-1].name.endswith("346")


def test_that_changed_labels_and_features_are_found_and_told_with_what_they_were() -> None:
    noise = make("label_noise", share=0.1)
    found = rows("iris", noise, make("unscaled_feature", column=2, factor=10.0))
    wrong = np.flatnonzero(found.label_changed)
    assert len(wrong) == 12
    now, was = found.label(int(wrong[0]))
    assert now != was and was == "setosa"
    assert found.features_changed.all()
    value, before, ready = found.feature(0, 2)
    assert value == pytest.approx(14.0) and before == pytest.approx(1.4) and ready == value
    only = rows("iris", noise)
    assert np.array_equal(only.chosen(Which.CHANGED), wrong)


def test_that_an_added_feature_was_nothing_before() -> None:
    found = rows("xor", make("leaked_feature", rows="all"))
    value, before, _ = found.feature(1, 2)
    assert (value, before) == (1.0, None)
    assert found.features_changed.all()


def test_that_numbers_are_told_in_their_own_units_and_as_training_gets_them() -> None:
    found = rows("wine", scaling="standard")
    value, before, ready = found.feature(0, 12)
    assert value == before == 1065.0
    assert ready == pytest.approx((1065.0 - found.prepared.shift[12]) / found.prepared.unit[12])
    assert not found.label_changed.any() and not found.features_changed.any()


def test_that_parts_are_named_by_their_place() -> None:
    found = rows("iris")
    assert PARTS[int(found.part[found.prepared.split.validation[0]])] is Part.HELD_OUT
