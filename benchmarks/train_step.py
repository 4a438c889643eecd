"""How long a training step takes: this engine beside hand-written numpy and PyTorch.

    python -m benchmarks.train_step [--quick] [--rounds N] [--json FILE]

All train the same networks on the same batches from the same first weights. Blocks of steps are
interleaved in a random order, so that everyone meets the same moods of the machine. The medians are
printed; judge by the ratios.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before numpy and PyTorch are imported, which read these once
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers import Peer, Whole, first_losses, peers
from benchmarks.workloads import SEED, Workload, workloads

TOLERANCE = 1e-4
"""By how much the first losses may differ, relatively, for the networks to be the same."""


def measure(peers: Mapping[str, Peer], *, rounds: int, block: float) -> dict[str, list[float]]:
    """Microseconds a step of each peer, one figure a round.

    Parameters
    ----------
    peers
        Whom to measure.
    rounds
        How many blocks each gets.
    block
        Seconds that a block takes, about.
    """
    with np.errstate(all="ignore"):
        steps = {name: _calibrated(peer.run, block) for name, peer in peers.items()}
        times: dict[str, list[float]] = {name: [] for name in peers}
        shuffle = random.Random(SEED).shuffle
        for _ in range(rounds):
            order = list(peers)
            shuffle(order)
            for name in order:
                seconds = _time(peers[name].run, steps[name])
                times[name].append(seconds / steps[name] * 1e6)
    return times


def compare(work: Workload, times: Mapping[str, list[float]]) -> dict[str, object]:
    """The medians of a workload, the medians of the rounds' ratios, and what is wanted of them."""
    row: dict[str, object] = {"key": work.key, "network": work.name, "batch": work.batch}
    row |= {f"{name}_us": statistics.median(t) for name, t in times.items()}
    for other, goal in (("floor", work.floor_goal), ("torch", work.torch_goal)):
        if other in times:
            pairs = zip(times["engine"], times[other], strict=True)
            row[f"engine_over_{other}"] = statistics.median(a / b for a, b in pairs)
        row[f"{other}_goal"] = goal
    return row


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """The results for people."""
    columns = {
        "key": "",
        "network": "network",
        "batch": "batch",
        "engine_us": "engine µs",
        "session_us": "session µs",
        "floor_us": "floor µs",
        "torch_us": "torch µs",
        "engine_over_floor": "÷ floor",
        "floor_goal": "goal",
        "engine_over_torch": "÷ torch",
        "torch_goal": "goal",
    }
    cells = [list(columns.values())]
    for row in rows:
        cells.append([_write(key, row.get(key)) for key in columns])
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            c.ljust(w) if i < 2 else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def disagreement(everyone: Mapping[str, Peer], count: int = 10) -> str | None:
    """Whose first losses differ from the engine's; None if all train the same network."""
    losses = {name: np.array(first_losses(peer, count)) for name, peer in everyone.items()}
    for name, found in losses.items():
        if not np.allclose(found, losses["engine"], rtol=TOLERANCE):
            return f"{name} trains another network: {found} against {losses['engine']}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the figures if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_step", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    known = [work.key for work in workloads()]
    parser.add_argument(
        "--workload", nargs="+", choices=known, metavar="KEY", help=", ".join(known)
    )
    parser.add_argument("--rounds", type=int, default=15, help="blocks each (default: 15)")
    parser.add_argument("--quick", action="store_true", help="3 short rounds, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    options = parser.parse_args(arguments)
    rounds, block = (3, 0.01) if options.quick else (options.rounds, 0.06)

    rows: list[dict[str, object]] = []
    for work in workloads():
        if options.workload and work.key not in options.workload:
            continue
        if work.missing:
            print(f"{work.key} is left out: there is no {', '.join(work.missing)}", file=sys.stderr)
            continue
        everyone = peers(work)
        if problem := disagreement(everyone):
            print(f"{work.key}: {problem}", file=sys.stderr)
            return 1
        everyone["session"] = Whole(work)
        times = measure(everyone, rounds=rounds, block=block)
        rows.append(compare(work, times) | {"rounds": times})
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    if "torch" in sys.modules:
        versions += f", PyTorch {sys.modules['torch'].__version__}"
    print(table(rows))
    print(f"medians of {rounds} interleaved blocks, float32, one thread; {versions}")
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "results": rows}, indent=1))
    return 0


def _calibrated(run: Callable[[int], object], block: float) -> int:
    """How many steps fill a block; also warms up."""
    count = 1
    while (seconds := _time(run, count)) < block / 3:
        count *= 3
    return max(1, round(count * block / seconds))


def _time(run: Callable[[int], object], count: int) -> float:
    start = time.perf_counter()
    run(count)
    return time.perf_counter() - start


def _write(key: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if key.endswith("_us") else f"{value:.2f}"
    return "–" if value is None else str(value)


if __name__ == "__main__":
    raise SystemExit(main())
