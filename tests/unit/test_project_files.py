"""Project files: what is saved opens as it was, and a document that no canvas holds is refused."""

from __future__ import annotations

import stat
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_studio import data, project
from backprop_studio.errors import ProjectError
from backprop_studio.network import Network, Node, UnknownLayer, Wire, analyze
from backprop_studio.nn import nodes
from backprop_studio.project import migrations, npy
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.project.unsound import NewerError
from tests.project_files import archive, changed, network, refusal, refusal_of, weights

posix = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such files")

# --- What is saved opens as it was


def test_that_a_project_opens_as_it_was_saved(saved: Path) -> None:
    opened = project.load(saved)
    assert opened.network == network()
    assert opened.weights.keys() == weights().keys()
    for key, array in weights().items():
        assert opened.weights[key].dtype == array.dtype
        np.testing.assert_array_equal(opened.weights[key], array)


def test_that_opened_weights_are_read_only(saved: Path) -> None:
    assert not any(w.flags.writeable for w in project.load(saved).weights.values())


def test_that_the_same_project_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.bps"
    backwards = dict(reversed(weights().items()))
    project.save(project.Project(network(), backwards), other)
    assert other.read_bytes() == saved.read_bytes()


def test_that_numpy_reads_the_weights_in_a_project(saved: Path) -> None:
    with np.load(saved) as arrays:
        found = arrays["weights/dense_1/weight"]
    np.testing.assert_array_equal(found, weights()["dense_1", "weight"])


def test_that_an_archive_packed_by_other_programs_opens(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as old:
        entries = {name: old.read(name) for name in reversed(old.namelist())}
    path = tmp_path / "packed.bps"
    path.write_bytes(archive(entries, compression=zipfile.ZIP_DEFLATED))
    assert project.load(path).network == network()


@posix
def test_that_a_saved_project_is_not_executable(saved: Path) -> None:
    assert not stat.S_IMODE(saved.stat().st_mode) & 0o111


def test_that_weights_of_nodes_that_are_gone_are_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "net.bps"
    extra = {**weights(), ("gone_1", "weight"): np.zeros(3)}
    project.save(project.Project(network(), extra), path)
    assert project.load(path).weights.keys() == weights().keys()


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3, 4), (3, 0)])
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_that_an_array_of_any_shape_is_read_back(shape: tuple[int, ...], dtype: str) -> None:
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    back = npy.from_bytes(npy.to_bytes(array))
    assert back.shape == shape
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_that_an_array_in_another_order_is_read_back() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(npy.from_bytes(npy.to_bytes(array)), array)


def test_that_an_unknown_layer_survives_a_second_save(tmp_path: Path) -> None:
    settings = {"rate": 0.5, "deep": {"list": [1, None, "é"], "flag": True}}
    odd = UnknownLayer(type="dropconnect", settings=settings)
    net = Network(
        (*network().nodes, Node("odd_1", "odd", odd, 1.0, 2.0)), (Wire("dense_1", "odd_1", 3),)
    )
    kept = {("odd_1", "mask"): np.ones(2, np.float32)}
    first, second = tmp_path / "1.bps", tmp_path / "2.bps"
    project.save(project.Project(net, kept), first)
    opened = project.load(first)
    assert opened.network == net
    project.save(opened, second)
    assert first.read_bytes() == second.read_bytes()
    assert any(d.code == "layer-unknown" for d in analyze(opened.network).diagnostics)


def test_that_a_circle_opens_and_shows_as_a_problem() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["wires"] = [{"source": "dense_1", "target": "dense_1"}]

    assert any(d.code == "cycle" for d in analyze(decode(changed(edit))).diagnostics)


def test_that_settings_out_of_range_open_and_show_as_problems() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["nodes"][1]["config"]["units"] = -4
        document["setup"]["batch_size"] = 0
        document["setup"]["dataset"] = "gone"

    codes = {d.code for d in analyze(decode(changed(edit))).diagnostics}
    assert codes >= {"field-range", "setup-range", "dataset-unknown"}


# --- What cannot be saved


@pytest.mark.parametrize(
    ("net", "kept", "reason"),
    [
        (Network((Node("a", "a", nodes()["input"](), float("nan")),)), {}, "Out of range"),
        (Network((Node("a", "b c", nodes()["input"]()),)), {}, "name"),
        (Network((Node("..", "a", nodes()["input"]()),)), {}, "id"),
        (Network((Node("a", "x", nodes()["input"]()),) * 2), {}, "two nodes"),
        (network(), {("dense_1", "weight"): np.array([np.nan])}, "infinity or NaN"),
        (network(), {("dense_1", "weight"): np.array([1])}, "int64"),
    ],
)
def test_that_a_file_that_could_not_be_opened_is_not_written(
    net: Network, kept: dict[tuple[str, str], Any], reason: str, saved: Path
) -> None:
    before = saved.read_bytes()
    with pytest.raises(ProjectError, match=reason) as caught:
        project.save(project.Project(net, kept), saved)
    assert caught.value.code == "project-unsavable"
    assert saved.read_bytes() == before


# --- Documents that are refused


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: d["nodes"][1].update(x="left"), "nodes[1].x must be a number and is text"),
        (lambda d: d["nodes"][1].update(x=True), "nodes[1].x must be a number and is true"),
        (lambda d: d["nodes"][1].update(x=1e10), "nodes[1].x must be a number <= "),
        (lambda d: d["nodes"][1].update(colour=1), "nodes[1]: object contains unknown field"),
        (lambda d: d["nodes"][1].pop("id"), "nodes[1]: object missing required field 'id'"),
        (lambda d: d["nodes"][1].update(id="../x"), "nodes[1].id must be text that matches"),
        (lambda d: d["nodes"][1].update(name="a/b"), "nodes[1].name must be text that matches"),
        (lambda d: d["nodes"][1]["config"].update(units="9"), "nodes[1]: units of 'hidden' is 9"),
        (lambda d: d["nodes"][1]["config"].update(unit=9), "nodes[1]: 'hidden' has no setting"),
        (lambda d: d["nodes"][1].update(name="input"), "two nodes have the name 'input'"),
        (lambda d: d["nodes"].append(d["nodes"][0]), "two nodes have the id 'input_1'"),
        (lambda d: d["wires"][0].update(target="x"), "wires[0] is wired to 'x'"),
        (lambda d: d["wires"][0].update(port=1), "wires[0] ends at a port that 'hidden' does not"),
        (lambda d: d["wires"][0].update(port=-1), "wires[0].port must be a whole number >= 0"),
        (lambda d: d["wires"][0].update(source="loss_1"), "which has no output"),
        (lambda d: d["wires"].append(d["wires"][0]), "wires[2] ends at a port of 'hidden' that"),
        (lambda d: d["setup"].update(seed=1.5), "setup.seed must be a whole number"),
        (lambda d: d["setup"]["optimizer"].update(type="magic"), "setup.optimizer.type is 'magic'"),
        (lambda d: d["setup"]["optimizer"]["config"].update(beta1="x"), "setup.optimizer: beta1"),
        (lambda d: d["setup"]["data"].update(scaling=1), "setup.data.scaling must be text"),
        (lambda d: d["setup"]["data"].update(split=1), "setup.data"),
        (lambda d: d["setup"]["data"].update(options={}), "no data set 'digits' has options"),
        (
            lambda d: d["setup"].update(dataset="xor", data={"options": {"turns": 2}}),
            "setup.data.options: 'Data set' has no setting called 'turns'",
        ),
        (
            lambda d: d["setup"]["data"].update(corruptions=[{"type": "rain"}]),
            "setup.data.corruptions[0].type is 'rain'",
        ),
        (
            lambda d: d["setup"]["data"].update(
                corruptions=[{"type": "label_noise", "config": {"share": "x"}}]
            ),
            "setup.data.corruptions[0]: share",
        ),
        (
            lambda d: d["setup"]["data"].update(corruptions=[{"type": "label_noise"}] * 51),
            "setup.data.corruptions must be a list of length <= 50",
        ),
        (lambda d: d.update(nodes={}), "nodes must be a list and is an object"),
        (lambda d: d.update(nodes=d["nodes"] * 1_700), "nodes must be a list of length <= 5000"),
        (lambda d: d.update(format="1"), "format must be a whole number"),
        (lambda d: d.update(format=True), "format must be a whole number"),
        (lambda d: d.update(format=0), "format must be a whole number"),
        (lambda d: d.pop("format"), "format must be a whole number"),
        (lambda d: d["nodes"][1].update(type="t" * 10**6), "nodes[1].type must be text"),
        (lambda d: d["nodes"][1]["config"].update({"k" * 10**6: 1}), "has no setting called"),
    ],
)
def test_that_a_document_that_no_canvas_holds_is_refused(
    edit: Callable[[dict[str, Any]], object], reason: str, tmp_path: Path
) -> None:
    assert reason in refusal_of(tmp_path, archive({"project.json": changed(edit)}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no JSON at line 1"),
        (b"{", "no JSON at line 1"),
        (b"[]", "the document must be an object"),
        (b'{"format": 1, "format": 1}', "'format' stands twice"),
        (b'{"format": NaN}', "NaN is not a number"),
        (b'{"format": -Infinity}', "-Infinity is not a number"),
        (b'{"format": 1e999}', "too large a number"),
        (b'{"format": ' + b"9" * 100_000 + b"}", "too large a number"),
        (b'{"format": "\xff"}', "not UTF-8"),
        (b'{"format": "\\ud800"}', "half of a character"),
        (b'{"a": ' * 101 + b"1" + b"}" * 101, "nested more than 100 deep"),
        (b"[" * 100_000 + b"]" * 100_000, "nested more than 100 deep"),
        (b"[" + b"[]," * 1_100_000 + b"1]", "more than 1,000,000 values"),
    ],
)
def test_that_text_that_is_no_sound_json_is_refused(
    text: bytes, reason: str, tmp_path: Path
) -> None:
    assert reason in refusal_of(tmp_path, archive({"project.json": text}))


def test_that_a_newer_project_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "new.bps"
    path.write_bytes(archive({"project.json": b'{"format": 9, "layers": []}'}))
    error = refusal(path)
    assert error.code == "project-newer"
    assert (error.params["found"], error.params["known"]) == (9, 1)


# --- Migrations


def test_that_a_document_from_before_penalties_and_reductions_opens_with_their_defaults() -> None:
    def forget(document: dict[str, Any]) -> None:
        for name in ("l1", "l2"):
            del document["setup"][name]
        for node in document["nodes"]:
            for name in ("reduction", "label_smoothing", "scale"):
                node["config"].pop(name, None)

    text = changed(forget)
    assert b"reduction" not in text
    assert decode(text) == network()


def test_that_a_document_from_before_data_could_be_adjusted_opens_with_plain_data() -> None:
    text = changed(lambda document: document["setup"].pop("data"))
    assert b"corruptions" not in text
    assert decode(text) == network()


def test_that_what_is_done_to_data_is_kept() -> None:
    moons = data.recipe("moons")
    assert moons is not None
    settings = data.DataSettings(
        options=moons.from_config({"count": 99, "noise": 0.3}),
        corruptions=tuple(kind() for kind in data.corruptions().values()),
        scaling="range",
        stratified=False,
        shuffle=False,
    )
    spoilt = replace(network(), setup=replace(network().setup, dataset="moons", data=settings))
    assert decode(encode(spoilt)).setup == spoilt.setup


def test_that_penalties_are_kept() -> None:
    charged = replace(network(), setup=replace(network().setup, l1=0.5, l2=0.25))
    assert decode(encode(charged)).setup == charged.setup


def test_that_an_old_document_is_brought_up_step_by_step() -> None:
    steps = {
        1: lambda d: d | {"trace": [1]},
        2: lambda d: d | {"trace": [*d["trace"], 2]},
    }
    for start, trace in ((1, [1, 2]), (2, [0, 2])):
        document = {"format": start, "trace": [0]}
        assert migrations.upgrade(document, steps=steps, current=3) == {  # type: ignore[arg-type]
            "format": 3,
            "trace": trace,
        }
    with pytest.raises(NewerError):
        migrations.upgrade({"format": 4}, steps=steps, current=3)  # type: ignore[arg-type]


def test_that_every_older_format_has_a_step() -> None:
    assert set(migrations.STEPS) == set(range(1, migrations.FORMAT))
