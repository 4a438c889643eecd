"""Exported weights reload elsewhere as they were; every format is held to the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from backprop_studio import __version__, project
from backprop_studio.errors import ExportError
from backprop_studio.network import Network, Node
from backprop_studio.nn import nodes

Tensors = Mapping[str, Any]


def read_npz(path: Path) -> Tensors:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


READERS = {".npz": read_npz, ".safetensors": load_file}


def tensors() -> dict[str, Any]:
    return {
        "hidden/weight": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "hidden/bias": np.arange(12.0)[::4],
        "a.b-c/weight": np.zeros((0, 2), np.float32),
    }


def test_that_every_format_has_a_reader_here() -> None:
    assert set(project.formats()) == set(READERS)


@pytest.mark.parametrize("suffix", READERS)
def test_that_exported_arrays_reload_as_they_were(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix.upper()}"
    project.export(path, tensors(), network_name="net")
    found = READERS[suffix](path)
    assert set(found) == set(tensors())
    for name, array in tensors().items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", READERS)
def test_that_the_same_weights_give_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    found = set()
    for number in range(8):
        path = tmp_path / f"{number}{suffix}"
        project.export(path, tensors(), network_name="net")
        found.add(path.read_bytes())
    assert len(found) == 1


@pytest.mark.parametrize("name", ["net", "", 'quote " back \\ é 🙂 \n \x7f \u2028', "half \udcff"])
def test_that_safetensors_say_what_made_them(name: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    project.export(path, tensors(), network_name=name)
    with safe_open(path, "np") as file:
        notes = file.metadata()
    expected = name.encode(errors="replace").decode()
    assert notes == {"network": expected, "program": f"Backprop Studio {__version__}"}


@pytest.mark.parametrize("name", ["weights.pkl", "weights", ".npz", "weights.npz.bak"])
def test_that_an_unknown_ending_is_refused_with_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\.npz, \.safetensors") as caught:
        project.export(tmp_path / name, tensors())
    assert caught.value.code == "export-unknown"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", READERS)
def test_that_no_weights_are_no_export(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        project.export(tmp_path / f"w{suffix}", {})
    assert caught.value.code == "export-no-weights"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", READERS)
def test_that_a_place_that_cannot_be_written_is_named(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the folder does not exist") as caught:
        project.export(tmp_path / "none" / f"w{suffix}", tensors())
    assert caught.value.code == "file-unwritable"


def test_that_tensors_carry_the_names_that_people_see() -> None:
    dense = nodes()["dense"]()
    network = Network((Node("dense_7", "hidden", dense), Node("dense_8", "output", dense)))
    kept = {
        ("dense_8", "weight"): np.ones(1),
        ("gone", "weight"): np.ones(1),
        ("dense_7", "bias"): np.ones(1),
    }
    assert list(project.tensor_names(network, kept)) == ["output/weight", "hidden/bias"]
