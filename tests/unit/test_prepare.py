"""From a source to what training uses: scaling, split, order, options, and what stays the same."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_studio import assets, data
from backprop_studio.autograd import Phase
from backprop_studio.data import DataSettings, Scaling, registry
from backprop_studio.errors import StudioError
from backprop_studio.network import Network, Source, analyze
from backprop_studio.training import Boundary, Session
from tests.networks import chain

BATCH = Boundary.BATCH

AS_EVER = {
    "circles": "4691992bbc6b7721",
    "moons": "9d5e66f78dc248c4",
    "sine": "d8a1b0c2bfc4cc7c",
    "spirals": "7751c3e65166db45",
    "xor": "88f63404131d78a2",
    "xor_table": "b2d48dc8fdc92e65",
    "story": "1ad29196bb211e8c",
    "digits": "8b3b6ae90863430b",
}
"""Data sets that projects were made with before they could be adjusted."""


def session_of(network: Network) -> Session:
    return Session(analyze(network).require(), network.setup)


def prepared(source: str, **changes: Any) -> data.Prepared:
    return data.prepare(source, DataSettings(**changes), 0.2, 1)


@pytest.mark.parametrize("source", list(AS_EVER))
def test_that_a_data_set_without_options_is_what_it_always_was(source: str) -> None:
    found = data.load(source)
    digest = hashlib.sha256(found.x.tobytes() + found.y.tobytes()).hexdigest()
    assert digest.startswith(AS_EVER[source])


@pytest.mark.parametrize("source", [i.id for i in data.infos()])
def test_that_without_settings_training_uses_the_rows_as_they_are(source: str) -> None:
    found = prepared(source)
    assert found.dataset is found.raw is found.source is data.load(source)
    plain = data.split(found.source, validation_fraction=0.2, seed=1)
    assert np.array_equal(found.split.train, plain.train)
    assert np.array_equal(found.split.validation, plain.validation)
    assert found.affected == ()


def test_that_the_same_question_gives_the_same_object() -> None:
    assert prepared("iris", scaling="standard") is prepared("iris", scaling="standard")


# --- Scaling


@given(seed=st.integers(0, 2**32 - 1), scaling=st.sampled_from(["standard", "range"]))
@settings(max_examples=20, deadline=None)
def test_that_scaling_is_measured_on_training_rows_alone(seed: int, scaling: str) -> None:
    found = data.prepare("wine", DataSettings(scaling=scaling), 0.3, seed)
    x, train = found.dataset.x.astype(np.float64), found.split.train
    if scaling == "standard":
        assert np.abs(x[train].mean(axis=0)).max() < 1e-5
        assert x[train].std(axis=0) == pytest.approx(1.0, rel=1e-5)
    else:
        assert x[train].min(axis=0) == pytest.approx(0.0, abs=1e-6)
        assert x[train].max(axis=0) == pytest.approx(1.0, rel=1e-6)
    again = x * found.unit + found.shift
    assert again == pytest.approx(found.raw.x, rel=1e-4, abs=1e-3)


def test_that_held_out_rows_have_no_say_in_scaling() -> None:
    found = prepared("iris", scaling="range")
    held = found.dataset.x[found.split.validation]
    assert found.dataset.x.shape == found.source.x.shape
    many = [data.prepare("iris", DataSettings(scaling="range"), 0.5, s) for s in range(5)]
    beyond = [p.dataset.x[p.split.validation].max() > 1.0 for p in many]
    assert any(beyond), "what is larger than all of training lies beyond 1"
    assert np.isfinite(held).all()


def test_that_rows_left_out_of_training_have_no_say_in_scaling() -> None:
    biased = data.corruptions()["biased_sample"].from_config({"column": 2})
    found = prepared("iris", scaling="range", corruptions=(biased,))
    assert found.dataset.x[found.split.train, 2].max() == pytest.approx(1.0)
    assert found.dataset.x[:, 2].max() > 1.5


def test_that_a_pixel_that_never_changes_is_scaled_to_zero() -> None:
    for scaling in ("standard", "range"):
        found = prepared("digits", scaling=scaling)
        still = found.source.x[found.split.train].std(axis=0) == 0
        assert still.any()
        assert not found.dataset.x[found.split.train][:, still].any()


def test_that_targets_are_scaled_only_where_they_are_numbers_and_that_is_wished() -> None:
    found = prepared("diabetes", scaling="standard")
    y = found.dataset.y[found.split.train].astype(np.float64)
    assert abs(y.mean()) < 1e-5 and y.std() == pytest.approx(1.0, rel=1e-5)
    assert prepared("diabetes", scaling="standard", scale_targets=False).dataset.y.max() == 346.0
    assert prepared("iris", scaling="standard").dataset.y is data.load("iris").y


def test_that_tokens_are_not_scaled() -> None:
    with pytest.raises(StudioError, match="tokens") as caught:
        prepared("story", scaling="standard")
    assert caught.value.code == "scaling-tokens"
    story = chain([("input", {}), ("mse", {})], dataset="story", data=DataSettings(scaling="range"))
    (problem,) = [d for d in analyze(story).errors if d.code == "scaling-tokens"]
    assert problem.field == "data.scaling"


# --- Split and order


def test_that_a_split_need_not_be_stratified() -> None:
    fair, free = prepared("iris"), prepared("iris", stratified=False)
    assert len(fair.split.train) == len(free.split.train)
    counts = np.bincount(fair.source.y[fair.split.validation], minlength=3)
    assert counts.tolist() == [10, 10, 10]
    drawn = [
        np.bincount(p.source.y[p.split.validation], minlength=3).tolist()
        for p in (data.prepare("iris", DataSettings(stratified=False), 0.2, s) for s in range(5))
    ]
    assert any(c != [10, 10, 10] for c in drawn)


def test_that_corrupted_labels_do_not_move_the_split() -> None:
    noise = data.corruptions()["label_noise"].from_config({"share": 0.5})
    for before, after in zip(
        (prepared("iris").split.train, prepared("iris").split.validation),
        (
            prepared("iris", corruptions=(noise,)).split.train,
            prepared("iris", corruptions=(noise,)).split.validation,
        ),
        strict=True,
    ):
        assert np.array_equal(before, after)


def test_that_without_shuffling_every_epoch_goes_through_the_rows_as_they_lie() -> None:
    session = session_of(chain(data=DataSettings(shuffle=False), batch_size=512))
    train = session.prepared.split.train
    for _ in range(2):
        seen = []
        for _ in range(session.batches_per_epoch):
            session.step(BATCH)
            seen.append(session.rows)
        assert np.array_equal(np.concatenate(seen), train)


def test_that_a_session_trains_on_corrupted_and_scaled_rows_and_tests_on_scaled_ones() -> None:
    spoilt = DataSettings(
        scaling="standard",
        corruptions=(
            data.corruptions()["imbalanced_classes"].from_config({"rare": 3, "share": 1.0}),
            data.corruptions()["leaked_feature"].from_config({"where": "in_place", "rows": "all"}),
        ),
    )
    session = session_of(chain(data=spoilt, batch_size=400))
    rows = set()
    for _ in range(session.batches_per_epoch):
        session.step(BATCH)
        rows |= set(session.rows.tolist())
    assert rows == set(session.prepared.split.train.tolist())
    assert (data.load("digits").y[list(rows)] == 3).sum() == 1
    machine = session.rerun(session.program.start_of(Phase.FORWARD))
    (features,) = (f.name for f in session.lowered.feeds if f.source is Source.FEATURES)
    given = machine.array(session.program.inputs[features])
    expected = session.prepared.dataset.x[session.rows]
    assert np.array_equal(given, expected)
    assert session.last_test.rows == len(session.prepared.split.validation)


# --- Options


@pytest.mark.parametrize("source", [i.id for i in data.infos() if data.recipe(i.id)])
def test_that_options_make_other_data_of_the_same_kind(source: str) -> None:
    kind = data.recipe(source)
    assert kind is not None
    names = [f.name for f in kind.fields()]
    plain = data.load(source)
    assert data.load(source, kind()) is plain
    for field in kind.fields():
        assert field.label and field.doc.endswith(".")
    if "count" in names:
        more = data.load(source, kind.from_config({"count": 1234}))
        assert more.size == 1234
        assert more.info == plain.info
    if "seed" in names:
        other = data.load(source, kind.from_config({"seed": 5}))
        again = kind.from_config({"seed": 5})
        assert other.x.tobytes() != plain.x.tobytes()
        registry.forget()
        assert data.load(source, again).x.tobytes() == other.x.tobytes()


@pytest.mark.parametrize(
    ("source", "config", "shape", "width"),
    [
        ("spirals", {"classes": 5, "turns": 3.0}, (2,), 5),
        ("blobs", {"classes": 7}, (2,), 7),
        ("parity", {"bits": 9, "count": 700}, (9,), 2),
        ("copy", {"length": 20, "symbols": 6}, (20,), 6),
        ("adding", {"length": 5}, (5, 2), 1),
    ],
)
def test_that_shapes_follow_the_options(
    source: str, config: dict[str, Any], shape: tuple[int, ...], width: int
) -> None:
    kind = data.recipe(source)
    assert kind is not None
    found = data.info(source, kind.from_config(config))
    assert (found.feature_shape, found.target_width) == (shape, width)
    loss = ("mse", {}) if found.task is data.Task.REGRESSION else ("softmax_cross_entropy", {})
    layers = [("input", {}), ("flatten", {}), ("dense", {"units": width}), loss]
    if found.vocabulary:
        layers[1:1] = [("embedding", {"vocabulary": found.vocabulary, "width": 4})]
    if len(shape) == 1 and not found.vocabulary:
        del layers[1]
    network = chain(layers, dataset=source, data=DataSettings(options=kind.from_config(config)))
    assert not analyze(network).errors


def test_that_generated_data_are_what_they_say() -> None:
    table = data.load("parity")
    assert len({tuple(row) for row in table.x.tolist()}) == 64
    assert np.array_equal(table.x.sum(axis=1).astype(int) % 2, table.y)
    recall = data.load("copy")
    assert np.array_equal(recall.x[:, 0], recall.y)
    assert (recall.x[:, 1:-1] == 4).mean() == pytest.approx(0.7, abs=0.02)
    assert (recall.x[:, -1] == 5).all()
    adding = data.load("adding")
    assert (adding.x[:, :, 1].sum(axis=1) == 2).all()
    sums = (adding.x[:, :, 0] * adding.x[:, :, 1]).sum(axis=1)
    assert sums == pytest.approx(adding.y[:, 0], abs=1e-6)
    board = data.load("checkerboard")
    squares = np.floor((board.x.astype(np.float64) + 1) * 2).astype(int)
    assert np.array_equal(squares.sum(axis=1) % 2, board.y)
    kind = data.recipe("plane")
    assert kind is not None
    flat = data.load("plane", kind.from_config({"noise": 0.0}))
    assert flat.x @ [0.8, -0.5] + 0.2 == pytest.approx(flat.y[:, 0], abs=1e-6)
    kind = data.recipe("step")
    assert kind is not None
    stairs = data.load("step", kind.from_config({"noise": 0.0, "steps": 4}))
    assert np.unique(stairs.y).tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    order = np.argsort(stairs.x[:, 0])
    assert (np.diff(stairs.y[order, 0]) >= 0).all()


def test_that_options_of_other_data_or_out_of_range_are_refused() -> None:
    moons, xor = data.recipe("moons"), data.recipe("xor")
    assert moons is not None and xor is not None
    with pytest.raises(StudioError, match="Two moons"):
        data.load("moons", xor.from_config({"count": 50}))
    with pytest.raises(StudioError, match="Irises"):
        data.load("iris", xor.from_config({"count": 50}))
    with pytest.raises(StudioError, match="Rows of 'Two moons' is 5"):
        data.load("moons", moons.from_config({"count": 5}))
    network = chain(dataset="moons", data=DataSettings(options=moons.from_config({"count": 5})))
    assert "data.options.count" in [d.field for d in analyze(network).errors]
    network = chain(dataset="moons", data=DataSettings(options=xor.from_config({"count": 50})))
    assert "dataset-options" in [d.code for d in analyze(network).errors]


def test_that_no_more_is_generated_than_memory_should_hold() -> None:
    recipe = data.recipe("copy")
    assert recipe is not None
    huge = recipe.from_config({"count": 1_000_000, "length": 200})
    with pytest.raises(StudioError, match="at most 50,000 for rows of 200 numbers"):
        data.load("copy", huge)
    found = analyze(chain(dataset="copy", data=DataSettings(options=huge))).errors
    assert "data.options.count" in [d.field for d in found]


def test_that_what_is_done_in_pieces_is_the_same_as_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = data.corruptions()["feature_noise"]()
    made = []
    for size in (1_000_000, 500):
        for name in ("corruption", "corruptions.feature_noise"):
            monkeypatch.setattr(import_module(f"backprop_studio.data.{name}"), "CHUNK", size)
        data.prepare.cache_clear()
        made.append(prepared("digits", scaling="standard", corruptions=(noise,)))
    assert made[0].raw.x == pytest.approx(made[1].raw.x, abs=1e-6)
    assert made[0].dataset.x == pytest.approx(made[1].dataset.x, abs=1e-4)


def test_that_analysis_names_the_corruption_at_fault() -> None:
    noise = data.corruptions()["label_noise"].from_config({"share": 7.0})
    names = data.corruptions()["renamed_classes"]()
    wrong = chain(data=DataSettings(corruptions=(names, noise)))
    assert [d.field for d in analyze(wrong).errors] == ["data.corruptions.1.share"]
    misfit = chain([("input", {}), ("dense", {"units": 1}), ("mse", {})], dataset="sine")
    misfit = replace(misfit, setup=replace(misfit.setup, data=DataSettings(corruptions=(names,))))
    (problem,) = analyze(misfit).errors
    assert (problem.code, problem.field) == ("corruption-misfit", "data.corruptions.0")


# --- The files


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "digits", "iris", "mnist", "wine"])
def test_that_the_checksum_in_the_readme_is_that_of_the_file(name: str) -> None:
    folder = assets.path("datasets", name)
    text = (folder / "README.md").read_text(encoding="utf-8")
    stated = re.findall(r"\b[0-9a-f]{64}\b", text)
    assert stated == [hashlib.sha256((folder / f"{name}.npz").read_bytes()).hexdigest()]
    assert "**Licence:**" in text and "**Source:**" in text
    assert (folder / f"make_{name}.py").exists()


def test_that_the_real_data_are_the_published_ones() -> None:
    iris, wine, cancer = (data.load(i) for i in ("iris", "wine", "breast_cancer"))
    assert iris.x.mean(axis=0) == pytest.approx([5.8433, 3.0573, 3.758, 1.1993], abs=1e-4)
    assert np.bincount(iris.y).tolist() == [50, 50, 50]
    assert np.bincount(wine.y).tolist() == [59, 71, 48]
    assert wine.x[0, :3] == pytest.approx([14.23, 1.71, 2.43])
    assert np.bincount(cancer.y).tolist() == [212, 357]
    assert cancer.x[0, 3] == 1001.0
    diabetes = data.load("diabetes")
    assert diabetes.x[0].tolist() == pytest.approx(
        [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87], abs=1e-4
    )
    assert (diabetes.y.mean(), diabetes.y[0, 0]) == pytest.approx((152.1335, 151.0), abs=1e-3)
    mnist = data.load("mnist")
    assert np.bincount(mnist.y).tolist() == [500] * 10
    assert (mnist.x.min(), mnist.x.max()) == (0.0, 1.0)
    assert mnist.scaling is Scaling.NONE
