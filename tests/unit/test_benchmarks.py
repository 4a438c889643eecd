"""That the benchmark compares like with like. Nothing here looks at a clock's reading."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import train_step

WORKLOADS = train_step.workloads()
every_workload = pytest.mark.parametrize("work", WORKLOADS, ids=lambda work: work.name)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@every_workload
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_that_engine_and_floor_train_the_same_network(
    work: train_step.Workload, dtype: type, tolerance: float
) -> None:
    peers = train_step.peers(work, dtype, torch=False)
    losses = {name: train_step.first_losses(peer, 30) for name, peer in peers.items()}
    assert losses["engine"] == pytest.approx(losses["floor"], rel=tolerance)
    assert len(set(losses["engine"])) > 1


@pytest.mark.skipif(train_step.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_workload
def test_that_pytorch_trains_the_same_network(work: train_step.Workload) -> None:
    peers = train_step.peers(work, np.float64)
    losses = {name: train_step.first_losses(peer, 30) for name, peer in peers.items()}
    assert losses["torch"] == pytest.approx(losses["engine"], rel=1e-8)


def test_that_every_peer_is_measured_in_every_round_and_shown() -> None:
    work = WORKLOADS[0]
    times = train_step.measure(train_step.peers(work, torch=False), rounds=3, block=1e-4)
    assert {name: len(t) for name, t in times.items()} == {"engine": 3, "floor": 3}
    row = train_step.compare(work, times)
    assert {"engine_us", "floor_us", "engine_over_floor"} <= set(row)
    text = train_step.table([row])
    assert work.name in text
    assert "÷ floor" in text
    assert "–" in text, "PyTorch was not measured, and that shows"
