"""What every built-in data set promises; a new one is tested by existing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.data import registry
from backprop_studio.errors import StudioError

IDS = [info.id for info in data.infos()]
EXACT = frozenset({"mazur"})
"""Published to the last digit of double precision, and to be computed as they are."""
every_dataset = pytest.mark.parametrize("dataset_id", IDS)


@every_dataset
def test_that_the_description_equals_what_is_loaded(dataset_id: str) -> None:
    assert data.load(dataset_id).info == data.info(dataset_id)


@every_dataset
def test_that_nobody_can_write_into_a_shared_data_set(dataset_id: str) -> None:
    dataset = data.load(dataset_id)
    for array in (dataset.x, dataset.y):
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@every_dataset
def test_that_rows_and_targets_are_finite_and_of_the_promised_types(dataset_id: str) -> None:
    dataset = data.load(dataset_id)
    if dataset.vocabulary is None:
        assert dataset.x.dtype == (np.float64 if dataset_id in EXACT else np.float32)
        assert np.isfinite(dataset.x).all()
    else:
        assert dataset.x.dtype == np.int64
        assert set(np.unique(dataset.x)) == set(range(dataset.vocabulary))
    assert np.isfinite(dataset.y).all()
    assert dataset.x.shape == (dataset.size, *dataset.feature_shape)
    if dataset.task is data.Task.CLASSIFICATION:
        assert dataset.y.dtype == np.int64
        assert dataset.y.shape == (dataset.size,)
        assert set(np.unique(dataset.y)) == set(range(dataset.target_width))
    else:
        assert dataset.y.dtype == (np.float64 if dataset_id in EXACT else np.float32)
        assert dataset.y.shape == (dataset.size, dataset.target_width)


@pytest.mark.parametrize(
    "dataset_id", [i.id for i in data.infos() if i.vocabulary is None and i.id not in EXACT]
)
def test_that_inputs_are_scaled_for_a_network_to_learn_from_or_ask_to_be(dataset_id: str) -> None:
    scaling = data.info(dataset_id).scaling
    found = data.prepare(dataset_id, data.DataSettings(scaling=scaling.value), 0.2, 1)
    size = np.abs(found.dataset.x.reshape(found.dataset.size, -1)[found.split.train]).max(axis=0)
    if scaling is data.Scaling.NONE:
        assert 0.5 <= size.max() <= 2.0
    else:
        assert size.min() >= 0.5


@every_dataset
def test_that_loading_twice_gives_the_same_bits(dataset_id: str) -> None:
    first = data.load(dataset_id)
    registry.forget()
    second = data.load(dataset_id)
    assert first is not second
    assert first.x.tobytes() == second.x.tobytes()
    assert first.y.tobytes() == second.y.tobytes()


@every_dataset
def test_that_a_data_set_is_loaded_only_once(dataset_id: str) -> None:
    assert data.load(dataset_id) is data.load(dataset_id)


@every_dataset
def test_that_the_source_and_licence_are_stated(dataset_id: str) -> None:
    dataset = data.load(dataset_id)
    for text in (dataset.title, dataset.summary, dataset.citation, dataset.licence):
        assert text.strip() == text != ""


@every_dataset
def test_that_every_feature_and_class_can_be_named_on_screen(dataset_id: str) -> None:
    dataset = data.load(dataset_id)
    assert len(set(dataset.feature_names)) == math.prod(dataset.feature_shape)
    if dataset.task is data.Task.CLASSIFICATION:
        assert len(set(dataset.class_names)) == dataset.target_width


def test_that_digits_come_first_and_the_others_by_title() -> None:
    first, *others = data.infos()
    assert first.id == "digits"
    assert [info.title for info in others] == sorted(info.title for info in others)
    known = {"circles", "moons", "sine", "spirals", "story", "xor", "xor_table"}
    assert known <= {info.id for info in others}


@pytest.mark.parametrize("ask", [data.info, data.load])
def test_that_an_unknown_id_is_answered_with_the_known_ones(ask: Callable[[str], object]) -> None:
    with pytest.raises(StudioError) as caught:
        ask("no-such-data")
    assert caught.value.code == "dataset-unknown"
    assert "no-such-data" in str(caught.value)
    assert all(dataset_id in str(caught.value) for dataset_id in IDS)
