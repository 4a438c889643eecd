"""A small project, its document with changes, archives of any content, and how they are refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_studio import project
from backprop_studio.errors import ProjectError
from backprop_studio.network import Network, Node, TrainingSetup, Wire
from backprop_studio.nn import nodes
from backprop_studio.project import strict_json
from backprop_studio.project.encode import encode


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
