"""Own data sets: known by what they hold, and in the project file they belong to."""

from __future__ import annotations

import gc
import io
import weakref
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import chain

from backprop_studio import data, project
from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import ProjectError, StudioError
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.project import npy, strict_json
from backprop_studio.training import (
    Load,
    Mailbox,
    Pause,
    Run,
    Session,
    Snapshot,
    State,
    Step,
    Worker,
)
from backprop_studio.training.cursor import Boundary

POINTS = [
    ("input", {}),
    ("dense", {"units": 4}),
    ("tanh", {}),
    ("dense", {"units": 2}),
    ("softmax_cross_entropy", {}),
]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    own.release()
    yield
    own.release()


def points(count: int = 40, seed: int = 0, **changes: Any) -> Dataset:
    random = np.random.default_rng(seed)
    y = np.arange(count, dtype=np.int64) % 2
    x = random.normal(size=(count, 2)).astype(np.float32) + y[:, None].astype(np.float32)
    made = Dataset(
        "", "Mine", "Points.", x, y, Task.CLASSIFICATION, ("no", "yes"), ("x1", "x2"), None, "me",
        "Your own",
    )  # fmt: skip
    return replace(made, **changes)


def with_data(dataset: Dataset, **setup: Any) -> Network:
    return chain(POINTS, dataset=dataset.id, batch_size=8, **setup)


def test_that_the_id_is_made_of_all_of_the_content_and_nothing_else() -> None:
    first = points()
    assert own.identify(first) == own.identify(points()) == own.identify(replace(first, id="else"))
    others = [
        points(seed=1),
        points(count=38),
        replace(first, title="Yours"),
        replace(first, class_names=("yes", "no")),
        replace(first, feature_names=("x1", "x3")),
        replace(first, y=1 - first.y),
        replace(first, x=-first.x),
        replace(first, image_shape=(1, 2)),
        replace(first, summary="", citation="Points."),
    ]
    assert len({own.identify(d) for d in [first, *others]}) == 1 + len(others)
    # The same on every machine and in every version: project files say so.
    fixed = points(x=np.arange(80, dtype=np.float32).reshape(40, 2) / 8)
    assert own.identify(fixed) == "own:8e59a3e9cfcad29556c7988ba3f9f3ab802cd7e7"


def test_that_own_data_are_found_like_all_others() -> None:
    kept = own.keep(points())
    assert own.keep(points()) is kept
    assert data.load(kept.id) is kept and data.info(kept.id) == kept.info
    assert data.infos()[-1].id == kept.id
    own.release()
    with pytest.raises(StudioError) as caught:
        data.load(kept.id)
    assert caught.value.code == "dataset-own-missing"
    assert kept.id not in [i.id for i in data.infos()]


def test_that_of_data_that_go_on_from_each_other_the_last_is_listed() -> None:
    first = own.keep(points())
    second = own.keep(points(41), continuing=first.id)
    third = own.keep(points(42), continuing=second.id)
    other = own.keep(points(43))
    assert [i.id for i in own.infos()] == [third.id, other.id]
    assert own.continues(first.id, third.id) and own.continues(third.id, second.id)
    assert not own.continues(first.id, other.id) and not own.continues("", first.id)
    built_in = own.keep(points(44), continuing="moons")
    assert own.continues("moons", built_in.id) and not own.continues("circles", built_in.id)


def test_that_a_set_of_one_row_is_a_problem_of_the_document() -> None:
    kept = own.keep(points(1))
    analysis = analyze(with_data(kept))
    assert [d.field for d in analysis.errors] == ["dataset"]


# --- In project files


def test_that_a_project_trains_to_the_same_bits_elsewhere(tmp_path: Path) -> None:
    kept = own.keep(points())
    network = with_data(kept)
    project.save(project.Project(network), tmp_path / "a.bps")

    def trained() -> dict[tuple[str, str], np.ndarray]:
        opened = project.load(tmp_path / "a.bps")
        session = Session(analyze(opened.network).require(), opened.network.setup)
        session.run_epoch()
        return session.weights()

    here = trained()
    own.release()
    there = trained()
    assert all(np.array_equal(here[key], there[key]) for key in here)
    again = data.load(network.setup.dataset)
    assert again is not kept and again.info == kept.info
    assert np.array_equal(again.x, kept.x) and np.array_equal(again.y, kept.y)
    # The same bytes for the same project.
    project.save(project.load(tmp_path / "a.bps"), tmp_path / "b.bps")
    assert (tmp_path / "a.bps").read_bytes() == (tmp_path / "b.bps").read_bytes()


@pytest.mark.parametrize(
    "dataset",
    [
        points(image_shape=(2, 1)),
        points(task=Task.REGRESSION, y=np.ones((40, 3), np.float32), class_names=()),
        points(x=np.arange(80).reshape(40, 2) % 5, vocabulary=5, image_shape=None),
    ],
)
def test_that_all_kinds_of_data_come_back(dataset: Dataset, tmp_path: Path) -> None:
    kept = own.keep(dataset)
    network = Network(setup=TrainingSetup(dataset=kept.id))
    project.save(project.Project(network), tmp_path / "a.bps")
    own.release()
    project.load(tmp_path / "a.bps")
    again = data.load(kept.id)
    assert again.info == kept.info and np.array_equal(again.y, kept.y)
    assert again.x.dtype == kept.x.dtype and np.array_equal(again.x, kept.x)


def _rewritten(path: Path, **changes: bytes | None) -> None:
    """Change entries of a project; None leaves one out."""
    names = {"about": "data/about.json", "x": "data/x.npy", "y": "data/y.npy"}
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for key, value in changes.items():
        if value is None:
            del content[names[key]]
        else:
            content[names[key]] = value
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    path.write_bytes(file.getvalue())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"x": None}, "a part of its own data is missing"),
        ({"x": b"nothing"}, "its own data are not in the npy format"),
        ({"x": npy.to_bytes(np.zeros((40, 2), np.float32))}, "not those that it was saved with"),
        ({"x": npy.to_bytes(np.zeros((40, 2)))}, "its own data are float64"),
        ({"y": npy.to_bytes(np.full(40, 7), npy.DATA)}, "the label of row 0 is 7"),
        ({"y": npy.to_bytes(np.zeros(39, np.int64), npy.DATA)}, "40 rows and 39 targets"),
        ({"about": b"{}"}, "description of its own data cannot be read"),
        ({"about": b"{"}, "is no JSON"),
        ({"about": strict_json.dumps({"extra": 1})}, "cannot be read"),
    ],
)
def test_that_damaged_own_data_are_refused_and_not_kept(
    tmp_path: Path, changes: dict[str, bytes | None], told: str
) -> None:
    kept = own.keep(points())
    path = tmp_path / "a.bps"
    project.save(project.Project(with_data(kept)), path)
    own.release()
    _rewritten(path, **changes)
    with pytest.raises(ProjectError) as caught:
        project.load(path)
    assert caught.value.code == "project-corrupt" and told in str(caught.value)
    assert own.find(kept.id) is None


def test_that_missing_own_data_are_a_problem_that_the_document_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.bps"
    project.save(project.Project(with_data(own.keep(points()))), path, with_data=False)
    own.release()
    opened = project.load(path)
    problems = analyze(opened.network).errors
    assert [d.code for d in problems] == ["dataset-own-missing"]
    assert "Import them again" in problems[0].text
    # And it can still be saved.
    project.save(opened, path)


def test_that_data_that_nobody_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bps"
    network = with_data(own.keep(points()))
    project.save(project.Project(network), path)
    text = project.encode(edits.set_setup(network, replace(network.setup, dataset="moons")))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["project.json"] = text
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    with pytest.raises(ProjectError, match="data that it does not name"):
        project.load(path)


# --- While training


def driven(network: Network) -> tuple[Worker, Mailbox]:
    worker = Worker(Mailbox(), lambda: None)
    worker.turn(Load(1, analyze(network).lowering, network.setup))
    return worker, worker.mailbox


def snapshot(mailbox: Mailbox) -> Snapshot:
    found, _ = mailbox.take()
    assert found is not None
    return found


def changed(worker: Worker, network: Network, revision: int) -> None:
    worker.turn(Load(revision, analyze(network).lowering, network.setup))


def test_that_training_goes_on_with_its_weights_when_rows_come_or_go() -> None:
    first = own.keep(points(40))
    worker, mailbox = driven(with_data(first))
    worker.turn(Run())
    for _ in range(5):
        worker.turn(None)
    assert worker.session is not None and worker.session.completed > 0
    before = worker.session.weights()
    second = own.keep(points(41), continuing=first.id)
    changed(worker, with_data(second), 2)
    told = snapshot(mailbox)
    assert (told.revision, told.state) == (2, State.RUNNING)
    assert worker.session.setup.dataset == second.id
    after = worker.session.weights()
    assert all(np.array_equal(before[key], after[key]) for key in before)
    assert worker.session.epoch > 0
    worker.turn(None)
    assert snapshot(mailbox).completed >= told.completed
    # Undo.
    worker.turn(Pause())
    learned = worker.session.weights()
    changed(worker, with_data(first), 3)
    assert worker.state is State.PAUSED
    assert all(np.array_equal(learned[k], v) for k, v in worker.session.weights().items())


def test_that_other_data_begin_anew() -> None:
    first = own.keep(points(40))
    worker, _ = driven(with_data(first))
    worker.turn(Step(Boundary.EPOCH))
    assert worker.session is not None
    learned = worker.session.weights()
    other = own.keep(points(41))
    worker.turn(Run())
    changed(worker, with_data(other), 2)
    assert worker.state is State.PAUSED and worker.session.completed == 0
    assert not all(np.array_equal(learned[k], v) for k, v in worker.session.weights().items())


def test_that_weights_outlast_a_moment_with_too_few_rows() -> None:
    first = own.keep(points(40))
    worker, _ = driven(with_data(first))
    worker.turn(Step(Boundary.EPOCH))
    assert worker.session is not None
    learned = worker.session.weights()
    single = own.keep(points(1), continuing=first.id)
    changed(worker, with_data(single), 2)
    assert worker.state is State.EMPTY
    again = own.keep(points(42), continuing=single.id)
    changed(worker, with_data(again), 3)
    assert all(np.array_equal(learned[k], v) for k, v in worker.session.weights().items())


def test_that_what_was_prepared_of_other_own_data_goes_from_memory() -> None:
    settings = data.DataSettings(scaling="standard")
    first, second = own.keep(points(60)), own.keep(points(61))
    made = {d: data.prepare(d, settings, 0.2, 1) for d in (first.id, second.id, "iris")}
    data.release({second.id})
    assert data.prepare.find(first.id, settings, 0.2, 1) is None
    for kept in (second.id, "iris"):
        assert data.prepare(kept, settings, 0.2, 1) is made[kept]
    gone = weakref.ref(first)
    own.release({second.id})
    made.clear()
    del first
    gc.collect()
    assert gone() is None, "nothing else holds its rows"
