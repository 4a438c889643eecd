"""Project files: what is saved opens as it was, and what is no project is refused by name."""

from __future__ import annotations

import io
import os
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
from backprop_studio.network import Network, Node, TrainingSetup, UnknownLayer, Wire, analyze
from backprop_studio.nn import nodes
from backprop_studio.project import container, migrations, npy, strict_json
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.project.unsound import NewerError, UnsoundError

posix = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such files")


def network() -> Network:
    kinds = nodes()
    return Network(
        nodes=(
            Node("input_1", "input", kinds["input"](), 0.0, 0.0),
            Node("dense_1", "hidden", kinds["dense"].from_config({"units": 3}), 170.0, -2.5),
            Node("loss_1", "loss", kinds["softmax_cross_entropy"](), 340.0, 0.0),
        ),
        wires=(Wire("input_1", "dense_1"), Wire("dense_1", "loss_1")),
        setup=TrainingSetup(dataset="digits", seed=7),
    )


def weights() -> dict[tuple[str, str], Any]:
    return {
        ("dense_1", "weight"): np.arange(12, dtype=np.float32).reshape(4, 3),
        ("dense_1", "bias"): np.array([1.0, -2.0, 0.5]),
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "net.bps"
    project.save(project.Project(network(), weights()), path)
    return path


def plain(**changes: object) -> dict[str, Any]:
    document = strict_json.loads(encode(network()))
    assert isinstance(document, dict)
    return document | changes


def changed(edit: Callable[[dict[str, Any]], object]) -> bytes:
    document = plain()
    edit(document)
    return strict_json.dumps(document)


def archive(entries: dict[str, bytes], **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


def refusal(path: Path) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        project.load(path)
    assert len(str(caught.value)) < 2_000
    assert "\n" not in str(caught.value)
    return caught.value


def refusal_of(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "bad.bps"
    path.write_bytes(content)
    error = refusal(path)
    assert error.code == "project-corrupt"
    return str(error.params["reason"])


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


# --- Archives that are refused


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({}, "no zip archive"),
        ({"other.json": b"{}"}, "'other.json', which is no part of it"),
        ({"weights/dense_1/weight.npy": b""}, "holds no project.json"),
        ({"project.json": b"{}", "../evil.npy": b""}, "no part of it"),
        ({"project.json": b"{}", "weights/../weight.npy": b""}, "no part of it"),
        ({"project.json": b"{}", "/weights/a/b.npy": b""}, "no part of it"),
        ({"project.json": b"{}", "weights/a/b.npy\x00.npy": b""}, ""),
        ({"project.json": b"{}", "weights/a/b/c.npy": b""}, "no part of it"),
    ],
)
def test_that_an_archive_of_other_things_is_refused(
    entries: dict[str, bytes], reason: str, tmp_path: Path
) -> None:
    assert reason in refusal_of(tmp_path, archive(entries))


def test_that_a_duplicate_entry_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("project.json", encode(network()))
        made.writestr("project.json", encode(network()))
    assert "holds 'project.json' twice" in refusal_of(tmp_path, file.getvalue())


def test_that_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    entries = {"project.json": encode(network()), "weights/dense_1/weight.npy": bytes(2**26)}
    bomb = archive(entries, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**17
    assert "would blow up from" in refusal_of(tmp_path, bomb)


def test_that_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    entries = {"project.json": encode(network()), "weights/dense_1/weight.npy": bytes(2**26)}
    bomb = archive(entries, compression=zipfile.ZIP_DEFLATED)
    liar = bomb.replace((2**26).to_bytes(4, "little"), (64).to_bytes(4, "little"))
    assert "the archive is damaged" in refusal_of(tmp_path, liar)


def test_that_a_document_above_its_limit_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 100)
    reason = refusal_of(tmp_path, archive({"project.json": encode(network())}))
    assert reason.endswith("the limit is 100 bytes")


def test_that_an_archive_above_the_limit_is_refused(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "MAX_INFLATED", 1_000)
    assert "it would fill" in str(refusal(saved))
    monkeypatch.setattr(container, "MAX_BYTES", 1_000)
    assert refusal(saved).code == "file-too-large"


def test_that_an_encrypted_archive_is_refused(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal_of(saved.parent, bytes(data))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (b"", "not in the npy format"),
        (npy.to_bytes(np.zeros(3))[:-1], "shorter or longer"),
        (npy.to_bytes(np.zeros(3)) + b"\0", "shorter or longer"),
        (npy.to_bytes(np.zeros(3)).replace(b"(3,)", b"(9" + b"9" * 10 + b",)"), "header"),
        (npy.to_bytes(np.zeros(3)).replace(b"<f8", b"|O8"), "header"),
        (npy.to_bytes(np.zeros(3)).replace(b"False", b"True "), "header"),
        (npy.to_bytes(np.zeros(3)).replace(b"(3,)", b"(-3)"), "header"),
        (npy.to_bytes(np.zeros(3)).replace(b"\x01\x00", b"\x02\x00", 1), "not in the npy format"),
        (npy.to_bytes(np.array([1.0, np.inf])), "holds infinity or NaN"),
    ],
)
def test_that_weights_that_are_damaged_are_refused(
    array: bytes, reason: str, tmp_path: Path
) -> None:
    entries = {"project.json": encode(network()), "weights/dense_1/weight.npy": array}
    assert reason in refusal_of(tmp_path, archive(entries))


def test_that_a_claimed_shape_allocates_nothing() -> None:
    data = npy.to_bytes(np.zeros(1))
    liar = data.replace(b"(1,), }" + b" " * 11, b"(999999999999,), }")
    assert len(liar) == len(data)
    with pytest.raises(UnsoundError, match="shorter or longer"):
        npy.from_bytes(liar)


def test_that_weights_of_no_node_are_refused(tmp_path: Path) -> None:
    entries = {
        "project.json": encode(network()),
        "weights/gone/weight.npy": npy.to_bytes(np.zeros(1)),
    }
    assert "weights of 'gone', which is not in" in refusal_of(tmp_path, archive(entries))


# --- Files that are refused


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none.bps")
    assert error.code == "file-missing"
    assert "none.bps" in str(error)


def test_that_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "file-not-regular"


@posix
@pytest.mark.timeout(10)
def test_that_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.bps"
    os.mkfifo(path)
    assert refusal(path).code == "file-not-regular"


@posix
@pytest.mark.timeout(10)
def test_that_a_device_is_refused() -> None:
    assert refusal(Path("/dev/zero")).code == "file-not-regular"


@posix
def test_that_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.bps"
    path.symlink_to(path)
    error = refusal(path)
    assert error.code == "file-unreadable"
    assert "circle" in str(error)


@pytest.mark.parametrize("name", ["nul\0.bps", "half \ud800.bps", "n" * 300 + ".bps"])
def test_that_an_impossible_name_is_refused(name: str, tmp_path: Path) -> None:
    assert refusal(tmp_path / name).code in ("file-unreadable", "file-missing")
    with pytest.raises(ProjectError) as caught:
        project.save(project.Project(network()), tmp_path / name)
    assert caught.value.code == "file-unwritable"


@pytest.mark.parametrize("name", ["with space é 🙂.bps", "n" * 246 + ".bps"])
def test_that_an_unusual_name_is_no_obstacle(name: str, tmp_path: Path) -> None:
    project.save(project.Project(network()), tmp_path / name)
    assert project.load(tmp_path / name).network == network()
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04", b"\0" * 1000, b"hello" * 100])
def test_that_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    assert refusal_of(tmp_path, content)


@posix
def test_that_a_saved_project_is_not_executable(saved: Path) -> None:
    assert not stat.S_IMODE(saved.stat().st_mode) & 0o111
