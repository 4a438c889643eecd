"""That the benchmark compares like with like. Nothing here looks at a clock's reading."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import startup, train_step
from benchmarks.peers import first_losses, peers
from benchmarks.workloads import Workload, workloads

WORKLOADS = [work for work in workloads() if not work.missing]
every_workload = pytest.mark.parametrize("work", WORKLOADS, ids=lambda work: work.key)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(
    "work", [w for w in WORKLOADS if w.floor_goal is not None], ids=lambda work: work.key
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_that_engine_and_floor_train_the_same_network(
    work: Workload, dtype: type, tolerance: float
) -> None:
    found = peers(work, dtype, torch=False)
    losses = {name: first_losses(peer, 8) for name, peer in found.items()}
    assert losses["engine"] == pytest.approx(losses["floor"], rel=tolerance)
    assert len(set(losses["engine"])) > 1


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.filterwarnings("default")  # PyTorch's own
@every_workload
def test_that_pytorch_trains_the_same_network(work: Workload) -> None:
    losses = {name: first_losses(peer, 8) for name, peer in peers(work, np.float64).items()}
    assert losses["torch"] == pytest.approx(losses["engine"], rel=1e-8)


def test_that_every_peer_is_measured_in_every_round_and_shown() -> None:
    work = WORKLOADS[0]
    times = train_step.measure(peers(work, torch=False), rounds=3, block=1e-4)
    assert {name: len(t) for name, t in times.items()} == {"engine": 3, "floor": 3}
    row = train_step.compare(work, times)
    assert {"engine_us", "floor_us", "engine_over_floor", "floor_goal"} <= set(row)
    text = train_step.table([row])
    assert work.name in text
    assert "÷ floor" in text
    assert "–" in text, "PyTorch was not measured, and that shows"


def test_that_a_peer_that_trains_another_network_is_refused() -> None:
    found = peers(WORKLOADS[0], torch=False)
    assert train_step.disagreement(found) is None
    found["floor"].run(1)
    assert "floor trains another network" in str(train_step.disagreement(found))


def test_that_the_start_is_timed_up_to_a_painted_window(tmp_path: Path) -> None:
    for script in (startup.BARE, startup.STUDIO):
        assert 0 < startup.once(script, str(tmp_path)) < 60
    with pytest.raises(RuntimeError, match="no window"):
        startup.once("raise SystemExit('no window')", str(tmp_path))
