"""What is no archive of a project is refused by name, whatever stands under the path."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from backprop_studio import project
from backprop_studio.errors import ProjectError
from backprop_studio.project import container, npy, strict_json
from backprop_studio.project.encode import encode
from backprop_studio.project.unsound import UnsoundError
from tests.project_files import archive, network, refusal, refusal_of

posix = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such files")


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
