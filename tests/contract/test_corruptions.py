"""What every corruption promises; a new one is tested by existing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.data import Corruption, CorruptionError, DataSettings, Prepared
from backprop_studio.data.corruption import cycle, draw

KINDS = data.corruptions()
every_corruption = pytest.mark.parametrize("key", list(KINDS))
SOURCES = ("digits", "iris", "diabetes", "story", "adding", "xor")


def prepared(source: str, *corruptions: Corruption, **settings: Any) -> Prepared:
    return data.prepare(source, DataSettings(corruptions=corruptions, **settings), 0.2, 1)


def attempt(source: str, corruption: Corruption) -> Prepared | None:
    """What becomes of the data, or None where it does not fit them, which must be said so."""
    try:
        return prepared(source, corruption)
    except CorruptionError as error:
        assert error.code == "corruption-misfit"
        assert error.place == 0
        assert corruption.info.title in str(error) and data.info(source).title in str(error)
        return None


@every_corruption
def test_that_it_is_described_and_says_which_rows_it_changes(key: str) -> None:
    info = KINDS[key].info
    assert info.id == key
    assert info.title and info.summary.endswith(".")
    assert "raining rows" in info.summary or "In all rows." in info.summary
    for field in KINDS[key].fields():
        assert field.label and field.doc.endswith(".")


@every_corruption
def test_that_its_settings_survive_a_file(key: str) -> None:
    for source in SOURCES:
        spec = KINDS[key].fitting(data.load(source))
        assert not spec.problems("it")
        assert KINDS[key].from_config(json.loads(json.dumps(spec.config()))) == spec


@every_corruption
@pytest.mark.parametrize("source", SOURCES)
def test_that_it_gives_the_same_bits_again_and_leaves_the_source_alone(
    key: str, source: str
) -> None:
    spec = KINDS[key].fitting(data.load(source))
    before = data.load(source).x.tobytes(), data.load(source).y.tobytes()
    first = attempt(source, spec)
    data.prepare.cache_clear()
    second = attempt(source, spec)
    assert before == (data.load(source).x.tobytes(), data.load(source).y.tobytes())
    if first is None or second is None:
        assert first is second
        return
    assert first is not second
    for a, b in (
        (first.dataset.x, second.dataset.x),
        (first.dataset.y, second.dataset.y),
        (first.split.train, second.split.train),
    ):
        assert a.tobytes() == b.tobytes()


@every_corruption
def test_that_it_does_something_to_digits_to_irises_or_to_the_classes_of_xor(key: str) -> None:
    for source in ("digits", "iris", "xor"):
        found = prepared(source, KINDS[key].fitting(data.load(source)))
        assert found.affected[0] > 0


@every_corruption
@pytest.mark.parametrize("source", SOURCES)
def test_that_only_the_promised_rows_change(key: str, source: str) -> None:
    found = attempt(source, KINDS[key].fitting(data.load(source)))
    if found is None:
        return
    assert np.array_equal(found.split.validation, found.drawn.validation)
    assert np.isin(found.split.train, found.drawn.train).all()
    assert len(found.split.train) >= 1
    if "In training rows only." in KINDS[key].info.summary:
        assert found.raw.x is found.source.x
        assert found.raw.y is found.source.y
    if getattr(KINDS[key](), "rows", None) == "training":
        held = found.drawn.validation
        assert np.array_equal(found.raw.y[held], found.source.y[held])
        if found.raw.x.shape == found.source.x.shape and key != "leaked_feature":
            assert np.array_equal(found.raw.x[held], found.source.x[held])
    assert found.raw.x.dtype == found.source.x.dtype
    assert found.raw.info.id == source


@every_corruption
def test_that_another_seed_draws_otherwise_where_there_is_one(key: str) -> None:
    if "seed" not in [f.name for f in KINDS[key].fields()]:
        return
    spec = KINDS[key].fitting(data.load("digits"))
    if "share" in [f.name for f in spec.fields()]:
        spec = replace(spec, share=0.5)
    first, second = prepared("digits", spec), prepared("digits", replace(spec, seed=2))
    assert (
        first.dataset.x.tobytes() != second.dataset.x.tobytes()
        or first.dataset.y.tobytes() != second.dataset.y.tobytes()
        or first.split.train.tobytes() != second.split.train.tobytes()
    )


@every_corruption
def test_that_a_share_of_nothing_changes_nothing(key: str) -> None:
    spec = KINDS[key].fitting(data.load("digits"))
    if "share" not in [f.name for f in spec.fields()]:
        return
    found = prepared("digits", replace(spec, share=0.0))
    assert found.affected == (0,)
    assert np.array_equal(found.dataset.x, found.source.x)
    assert np.array_equal(found.dataset.y, found.source.y)
    assert np.array_equal(found.split.train, found.drawn.train)


# --- One by one, on known rows


def make(key: str, **settings: Any) -> Corruption:
    return KINDS[key].from_config(settings)


def test_that_label_noise_gives_exactly_that_share_another_class() -> None:
    found = prepared("digits", make("label_noise", share=0.25))
    wrong = np.flatnonzero(found.raw.y != found.source.y)
    assert len(wrong) == round(0.25 * len(found.split.train)) == found.affected[0]
    assert np.isin(wrong, found.split.train).all()
    moves = (found.raw.y - found.source.y)[wrong] % 10
    assert set(moves) == set(range(1, 10))
    more = prepared("digits", make("label_noise", share=0.5))
    assert (more.raw.y != more.source.y)[wrong].all(), "a larger share contains a smaller one"


def test_that_label_noise_moves_numbers_by_about_their_own_deviation() -> None:
    found = prepared("diabetes", make("label_noise", share=1.0, rows="all"))
    moved = (found.raw.y - found.source.y)[:, 0]
    assert found.affected == (found.source.size,)
    assert moved.std() == pytest.approx(found.source.y.std(), rel=0.1)
    assert abs(moved.mean()) < 0.15 * moved.std()


def test_that_swapping_two_classes_swaps_these_and_no_others() -> None:
    found = prepared("digits", make("swapped_labels", first=3, second=8, rows="all"))
    names = np.arange(10)
    names[[3, 8]] = 8, 3
    assert np.array_equal(found.raw.y, names[found.source.y])
    for first, second, reason in ((3, 3, "with itself"), (3, 10, "0 to 9, not 10")):
        with pytest.raises(CorruptionError, match=reason):
            prepared("digits", make("swapped_labels", first=first, second=second))


def test_that_shuffled_labels_stay_as_frequent_and_say_nothing() -> None:
    found = prepared("digits", make("shuffled_labels"))
    train = found.split.train
    old, new = found.source.y[train], found.raw.y[train]
    assert np.array_equal(np.bincount(old), np.bincount(new))
    assert np.mean(old == new) == pytest.approx(0.1, abs=0.03)
    both = prepared("digits", make("shuffled_labels", rows="all"))
    for part in (both.split.train, both.split.validation):
        assert np.array_equal(np.bincount(both.source.y[part]), np.bincount(both.raw.y[part]))


@pytest.mark.parametrize("source", ["xor", "iris", "digits"])
def test_that_renamed_classes_are_a_renaming_and_none_keeps_its_name(source: str) -> None:
    found = prepared(source, make("renamed_classes"))
    pairs = set(zip(found.source.y.tolist(), found.raw.y.tolist(), strict=True))
    assert len(pairs) == found.source.target_width == len({new for _, new in pairs})
    assert all(old != new for old, new in pairs)
    assert found.raw.class_names == found.source.class_names


def test_that_feature_noise_is_in_proportion_to_what_a_feature_varies_anyway() -> None:
    found = prepared("wine", make("feature_noise", deviation=0.5))
    train, held = found.split.train, found.split.validation
    moved = (found.raw.x - found.source.x)[train].std(axis=0)
    assert moved == pytest.approx(0.5 * found.source.x[train].std(axis=0), rel=0.25)
    assert np.array_equal(found.raw.x[held], found.source.x[held])


def test_that_a_leaked_label_stands_among_the_features() -> None:
    found = prepared("iris", make("leaked_feature"))
    train, held = found.split.train, found.split.validation
    assert found.raw.feature_shape == (7,)
    assert found.raw.feature_names[4:] == tuple(
        f"leaked label: {name}" for name in ("setosa", "versicolor", "virginica")
    )
    assert np.array_equal(found.raw.x[train, 4:].argmax(axis=1), found.source.y[train])
    said = found.raw.x[held, 4:].argmax(axis=1)
    assert not np.array_equal(said, found.source.y[held])
    assert np.array_equal(np.bincount(said), np.bincount(found.source.y[held]))
    told = prepared("iris", make("leaked_feature", rows="all"))
    assert np.array_equal(told.raw.x[:, 4:].argmax(axis=1), told.source.y)
    two = prepared("xor", make("leaked_feature", rows="all"))
    assert np.array_equal(two.raw.x[:, 2], two.source.y)
    number = prepared("diabetes", make("leaked_feature", rows="all"))
    assert np.array_equal(number.raw.x[:, 10], number.source.y[:, 0])


def test_that_a_picture_leaks_in_place_of_pixels() -> None:
    where = make("leaked_feature", where="in_place", column=8, rows="all")
    found = prepared("digits", where)
    assert found.raw.image_shape == (8, 8)
    assert np.array_equal(found.raw.x[:, 8:18].argmax(axis=1), found.source.y)
    kept = np.delete(np.arange(64), np.s_[8:18])
    assert np.array_equal(found.raw.x[:, kept], found.source.x[:, kept])
    with pytest.raises(CorruptionError, match="no room"):
        prepared("digits", make("leaked_feature"))
    with pytest.raises(CorruptionError, match="0 to 63, not 64"):
        prepared("digits", replace(where, column=55))


def test_that_permuted_pixels_are_the_same_permutation_in_every_row() -> None:
    found = prepared("digits", make("permuted_features"))
    order = cycle(64, 207, 1)
    assert np.array_equal(found.raw.x, found.source.x[:, order])
    assert sorted(order) == list(range(64)) and not (order == np.arange(64)).any()
    assert found.raw.feature_names == found.source.feature_names, "names of places"
    named = prepared("iris", make("permuted_features"))
    for place, name in enumerate(named.raw.feature_names):
        old = named.source.feature_names.index(name)
        assert np.array_equal(named.raw.x[:, place], named.source.x[:, old])


@pytest.mark.parametrize("side", ["high", "low"])
def test_that_a_biased_sample_misses_one_half(side: str) -> None:
    found = prepared("iris", make("biased_sample", column=2, side=side))
    petal = found.source.x[:, 2]
    median = np.median(petal[found.drawn.train])
    seen = petal[found.split.train]
    assert (seen <= median).all() if side == "high" else (seen >= median).all()
    assert found.affected == (len(found.drawn.train) - len(found.split.train),)
    assert found.affected[0] > 50


def test_that_an_imbalanced_class_is_rare_in_training_and_never_gone() -> None:
    found = prepared("digits", make("imbalanced_classes", rare=4, share=0.9))
    before = np.bincount(found.source.y[found.drawn.train])
    after = np.bincount(found.source.y[found.split.train])
    assert after[4] == before[4] - round(0.9 * before[4])
    assert np.array_equal(np.delete(after, 4), np.delete(before, 4))
    gone = prepared("digits", make("imbalanced_classes", rare=4, share=1.0))
    assert np.bincount(gone.source.y[gone.split.train])[4] == 1


def test_that_an_unscaled_feature_is_undone_by_scaling() -> None:
    spoilt = make("unscaled_feature", column=1, factor=1000.0)
    found = prepared("iris", spoilt)
    assert found.raw.x[:, 1] == pytest.approx(1000.0 * found.source.x[:, 1])
    assert np.array_equal(found.raw.x[:, [0, 2, 3]], found.source.x[:, [0, 2, 3]])
    plain = prepared("iris", scaling="standard").dataset.x
    assert prepared("iris", spoilt, scaling="standard").dataset.x == pytest.approx(plain, abs=1e-5)
    with pytest.raises(CorruptionError, match="infinite"):
        prepared("iris", *[replace(spoilt, factor=1e6)] * 8)


# --- What they draw with


def test_that_a_cycle_leaves_nothing_in_place_and_goes_through_all() -> None:
    for count in (2, 3, 10, 784):
        order = cycle(count, 1, 5)
        place, seen = 0, set()
        for _ in range(count):
            place = int(order[place])
            seen.add(place)
        assert seen == set(range(count))


def test_that_a_share_is_exact_and_of_the_rows_given() -> None:
    rows = np.arange(100, 200)
    assert len(draw(rows, 0.333, 1, 1)) == 33
    assert np.isin(draw(rows, 0.5, 1, 1), rows).all()
    assert np.array_equal(np.sort(draw(rows, 1.0, 1, 1)), rows)


# --- In a row


def test_that_the_order_of_corruptions_counts() -> None:
    swap, noise = make("swapped_labels", rows="all"), make("label_noise", share=0.5)
    first, second = prepared("digits", swap, noise), prepared("digits", noise, swap)
    assert first.raw.y.tobytes() != second.raw.y.tobytes()
    assert first.affected[1] == second.affected[0], "each counts the rows that it changed itself"


def test_that_corruptions_after_a_biased_sample_leave_alone_what_was_left_out() -> None:
    found = prepared("iris", make("biased_sample"), make("shuffled_labels", rows="all"))
    gone = np.setdiff1d(found.drawn.train, found.split.train)
    assert np.array_equal(found.raw.y[gone], found.source.y[gone])


def test_that_the_second_of_two_tells_its_place() -> None:
    with pytest.raises(CorruptionError) as caught:
        prepared("sine", make("label_noise"), make("renamed_classes"))
    assert caught.value.place == 1
    with pytest.raises(CorruptionError, match="Share of 'Label noise' is 2") as caught:
        prepared("sine", make("label_noise", share=2.0))
    assert caught.value.code == "corruption-unsound"
