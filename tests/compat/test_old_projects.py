"""Projects of every format that was ever released open for ever, as what they were.

The files are never written anew. A new format gets a file of its own beside them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backprop_studio import project
from backprop_studio.network import analyze
from backprop_studio.project import schema
from backprop_studio.training import Session

HERE = Path(__file__).parent


def test_that_every_format_has_a_file_here() -> None:
    formats = range(1, schema.FORMAT + 1)
    assert sorted(p.name for p in HERE.glob("*.bps")) == [f"format_{n}.bps" for n in formats]


def test_that_a_project_of_format_1_is_what_it_was(tmp_path: Path) -> None:
    loaded = project.load(HERE / "format_1.bps")
    network, setup = loaded.network, loaded.network.setup
    assert [n.name for n in network.nodes] == ["input_1", "hidden", "relu_1", "dense_2", "loss_1"]
    assert [(w.source, w.target) for w in network.wires] == [
        ("input_1", "dense_1"), ("dense_1", "relu_1"), ("relu_1", "dense_2"), ("dense_2", "loss_1"),
    ]  # fmt: skip
    assert network.node("dense_1").spec.config()["units"] == 5
    (group,) = network.groups
    assert (group.name, group.members) == ("Encoder", ("dense_1", "relu_1"))
    assert [n.text for n in network.notes] == ["as it was in format 1"]
    assert [(a.source, a.target) for a in network.arrows] == [("note_1", "dense_2")]
    assert (setup.dataset, setup.batch_size, setup.seed, setup.l2) == ("iris", 16, 7, 0.001)
    assert (setup.optimizer.info.id, setup.schedule.info.id) == ("adam", "cosine")
    assert [c.info.id for c in setup.data.corruptions] == ["label_noise"]
    assert setup.data.scaling == "standard" and setup.warmup == 3
    weight = loaded.weights["dense_1", "weight"]
    assert np.array_equal(weight, np.arange(20, dtype=np.float32).reshape(4, 5) / 8 - 1)
    # It still trains, and is the same after it was saved by this version.
    lowered = analyze(network).lowered
    assert lowered is not None and Session(lowered, setup) is not None
    project.save(loaded, tmp_path / "again.bps")
    again = project.load(tmp_path / "again.bps")
    assert again.network == network
    assert all(np.array_equal(again.weights[k], v) for k, v in loaded.weights.items())
