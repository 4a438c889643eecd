"""Points drawn by hand: pure functions of a drawing."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.data import Task, drawing
from backprop_studio.errors import StudioError


def some(*places: tuple[float, float]) -> drawing.Drawing:
    return drawing.add(drawing.empty(2), np.array(places, np.float32), 0)


@pytest.mark.parametrize("name", ["moons", "circles", "xor", "spirals", "sine"])
def test_that_data_on_a_plane_come_back_as_they_were(name: str) -> None:
    dataset = data.load(name)
    assert drawing.is_plane(dataset)
    again = drawing.to_dataset(drawing.of(dataset))
    assert np.array_equal(again.x, dataset.x) and np.array_equal(again.y, dataset.y)
    assert again.class_names == dataset.class_names and again.task is dataset.task
    assert again.info.feature_shape == dataset.feature_shape


def test_that_other_data_are_no_plane() -> None:
    assert not drawing.is_plane(data.load("digits"))
    assert not drawing.is_plane(data.load("story"))


def test_that_points_are_added_moved_and_removed_without_changing_what_was() -> None:
    first = some((0, 0), (1, 1))
    second = drawing.add(first, np.array([[2, 2]], np.float32), 1)
    third = drawing.move(second, 0, (5, -5))
    last = drawing.remove(third, [1])
    assert first.places.tolist() == [[0, 0], [1, 1]]
    assert second.labels.tolist() == [0, 0, 1]
    assert third.places.tolist() == [[5, -5], [1, 1], [2, 2]]
    assert last.places.tolist() == [[5, -5], [2, 2]] and last.labels.tolist() == [0, 1]


def test_that_there_are_never_more_points_than_can_be_drawn() -> None:
    many = drawing.add(drawing.empty(2), np.zeros((9_000, 2), np.float32), 0)
    assert len(many) == drawing.MAX_POINTS
    assert len(drawing.add(many, np.zeros((1, 2), np.float32), 0)) == drawing.MAX_POINTS


def test_that_classes_with_points_stay() -> None:
    three = drawing.with_classes(some((0, 0)), 3)
    assert three.classes == ("class 1", "class 2", "class 3")
    used = drawing.add(three, np.ones((1, 2), np.float32), 2)
    assert len(drawing.with_classes(used, 2).classes) == 3
    assert len(drawing.with_classes(three, 2).classes) == 2
    assert len(drawing.with_classes(three, 99).classes) == drawing.MAX_CLASSES
    named = drawing.with_classes(drawing.of(data.load("moons")), 3)
    assert named.classes == ("upper moon", "lower moon", "class 1")


def test_that_the_nearest_points_are_found_first() -> None:
    points = some((0, 0), (1, 0), (0.2, 0), (0, 3))
    assert drawing.near(points, (0.05, 0), (0.5, 0.5)).tolist() == [0, 2]
    assert drawing.near(points, (0, 0), (0.1, 5.0)).tolist() == [0, 3]
    assert drawing.near(drawing.empty(2), (0, 0), (1, 1)).tolist() == []


def test_that_the_brush_sprays_around_its_middle_and_the_same_again() -> None:
    sprayed = drawing.spray((3.0, -1.0), (0.5, 0.25), 400, number=7)
    assert np.array_equal(sprayed, drawing.spray((3.0, -1.0), (0.5, 0.25), 400, number=7))
    assert not np.array_equal(sprayed, drawing.spray((3.0, -1.0), (0.5, 0.25), 400, number=8))
    assert np.allclose(sprayed.mean(axis=0), [3, -1], atol=0.05)
    assert np.allclose(sprayed.std(axis=0), [0.25, 0.125], rtol=0.15)


@pytest.mark.parametrize(
    "places", [[(0.0, 0.0)], [(100.0, 5.0), (300.0, 6.0)], [(7.0, 7.0)], [(1e-9, 0), (2e-9, 1e-9)]]
)
def test_that_all_points_are_in_sight(places: list[tuple[float, float]]) -> None:
    left, bottom, right, top = some(*places).bounds
    assert left < right and bottom < top
    assert all(left <= x <= right and bottom <= y <= top for x, y in places)


def test_that_numbers_are_learned_from_how_far_right_a_point_lies() -> None:
    points = drawing.add(drawing.empty(0), np.array([[1, 2], [3, 4]], np.float32), 5)
    made = drawing.to_dataset(points)
    assert made.task is Task.REGRESSION
    assert made.x.tolist() == [[1], [3]] and made.y.tolist() == [[2], [4]]


def test_that_no_points_are_no_data_set() -> None:
    with pytest.raises(StudioError):
        drawing.to_dataset(drawing.empty(2))
