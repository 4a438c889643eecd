"""Weights come back from the files that they were exported to, and what does not fit is told."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import chain
from safetensors.numpy import save_file

from backprop_studio import project
from backprop_studio.errors import ImportDataError
from backprop_studio.network import Network, analyze, edits
from backprop_studio.project.importing import SUFFIXES, fit, read_weights
from backprop_studio.training import Session

SMALL = [
    ("input", {}),
    ("dense", {"units": 4}),
    ("batch_norm", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def small(**setup: Any) -> tuple[Network, dict[tuple[str, str], Any]]:
    network = chain(SMALL, **setup)
    lowered = analyze(network).require()
    return network, Session(lowered, network.setup).weights()


def told(load: Callable[[], object]) -> str:
    with pytest.raises(ImportDataError) as caught:
        load()
    text = str(caught.value)
    assert len(text) < 2_000 and "\n" not in text
    return text


def test_that_every_format_that_is_written_is_read() -> None:
    assert set(SUFFIXES) == set(project.formats())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_exported_weights_come_back_to_the_bit(suffix: str, tmp_path: Path) -> None:
    network, weights = small()
    path = tmp_path / f"net{suffix}"
    carried = project.carried(network, weights)
    project.export(path, carried.tensors, notes=carried.notes)
    found = fit(network, weights, read_weights(path))
    assert found.weights.keys() == weights.keys() and found.wanted == len(weights)
    assert all(np.array_equal(found.weights[k], weights[k]) for k in weights)
    assert not any(match.fault for match in found.matches) and found.notes == ()


def test_what_is_said_of_weights_that_do_not_fit() -> None:
    network, weights = small()
    tensors = project.tensor_names(network, weights)
    first, *others = tensors
    odd = {
        first: tensors[first].T,
        others[0]: np.full_like(tensors[others[0]], np.nan),
        others[1]: np.zeros(99),
        others[-1]: tensors[others[-1]].astype(np.float64),
        "stranger/weight": np.zeros(3),
        "input/shift": np.zeros(64),
    }
    found = fit(network, weights, odd)
    faults = {match.name: match.fault for match in found.matches}
    assert faults[first] == "its axes are the other way round"
    assert faults[others[0]] == "holds numbers that are not finite"
    assert faults[others[1]] == "another shape"
    assert faults[others[2]] == "not in the file"
    assert faults["stranger/weight"] == "no layer of this name"
    assert "input/shift" not in faults
    assert [(k, a.dtype) for k, a in found.weights.items()] == [
        (k, weights[k].dtype) for k in weights if tensor_name(network, k) == others[-1]
    ]
    assert found.notes[0].startswith("The rows were scaled otherwise")


def tensor_name(network: Network, key: tuple[str, str]) -> str:
    return f"{network.sharing(key[0])[0].name}/{key[1]}"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_scaling_that_is_the_same_here_is_no_worry(suffix: str, tmp_path: Path) -> None:
    network, weights = small()
    path = tmp_path / f"a{suffix}"
    for scaling, worried in (("standard", False), ("range", True), ("none", True)):
        setup = replace(network.setup, data=replace(network.setup.data, scaling=scaling))
        scaled = edits.set_setup(network, setup)
        if scaling == "standard":
            project.export(path, project.carried(scaled, weights).tensors)
        assert bool(fit(scaled, weights, read_weights(path)).notes) is worried


def _header(text: str | bytes, body: bytes = b"") -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw + body


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no safetensors file"),
        (b"abc", "no safetensors file"),
        (struct.pack("<Q", 2**60) + b"{}", "no safetensors file"),
        (_header("[1]"), "header is damaged"),
        (_header('{"a": 1}'), "of 'a' is damaged"),
        (_header('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}', bytes(8)),
         "not as long"),
        (_header('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}', bytes(4)),
         "outside the file"),
        (_header('{"a": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}', bytes(4)),
         "of 'a' is damaged"),
        (_header('{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}}', bytes(4)),
         "of 'a' is damaged"),
        (_header('{"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}', bytes(4)),
         "of type BF16"),
        (_header('{"a": {}, "a": {}}'), "header is damaged"),
        (_header(b"\xff\xfe{}"), "header is damaged"),
    ],
)  # fmt: skip
def test_what_is_said_of_broken_safetensors(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    assert words in told(lambda: read_weights(path))


def test_that_other_files_pipes_and_huge_ones_are_refused(tmp_path: Path) -> None:
    assert ".npz or .safetensors" in told(lambda: read_weights(tmp_path / "a.pt"))
    assert "no file" in told(lambda: read_weights(tmp_path / "a.npz"))
    for suffix in SUFFIXES:
        os.mkfifo(tmp_path / f"pipe{suffix}")
        assert "ordinary" in told(lambda s=suffix: read_weights(tmp_path / f"pipe{s}"))  # type: ignore[misc]
        with (tmp_path / f"huge{suffix}").open("wb") as file:
            file.truncate(4 * 2**30)
        assert "the limit is 1 GB" in told(lambda s=suffix: read_weights(tmp_path / f"huge{s}"))  # type: ignore[misc]
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 rubbish")
    assert "damaged" in told(lambda: read_weights(tmp_path / "a.npz"))


def test_that_arrays_of_other_kinds_in_a_file_do_not_matter(tmp_path: Path) -> None:
    words, objects = np.array(["a", "b"]), np.array([{}], object)
    np.savez(tmp_path / "a.npz", **{"h/weight": np.eye(2), "n": words, "o": objects})
    assert list(read_weights(tmp_path / "a.npz")) == ["h/weight"]
    save_file({"h/weight": np.eye(2, dtype=np.float16)}, tmp_path / "a.safetensors")
    (array,) = read_weights(tmp_path / "a.safetensors").values()
    assert np.array_equal(array, np.eye(2))
