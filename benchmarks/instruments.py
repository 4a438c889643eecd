"""What the instruments cost while training runs flat out, one heatmap's painting, and memory.

    python -m benchmarks.instruments [--seconds N] [--json FILE]
    python -m benchmarks.instruments --memory [STEPS]     # a long run of a small network instead

All panels that are named are really in sight, each in a window of its own. Wanted are: the event
loop late by at most 16 ms in 99 of 100 cases, training at 80 % of its speed without a window, and
a heatmap of 784 by 256 painted within 3 ms. In a long run, memory stays as it was but for the
points of the curves and the keyframes of the journal, which have a budget of their own.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare(large=True)

import argparse
import gc
import json
import os
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from backprop_studio.network import Network
from backprop_studio.training import State
from backprop_studio.ui.docks import DOCKS
from backprop_studio.ui.widgets.heatmap import HeatmapTile
from benchmarks.screen import Studio, resident, studio, wait
from benchmarks.watching import (
    DEBUGGER,
    alone,
    bring_back,
    click_run,
    columns,
    completed,
    dense,
    digits,
    engage,
    mean_of,
    open_network,
    quantile,
    spread,
    train,
)

NONE: tuple[str, ...] = ()
WATCHING = ("gradients", "losses", "gradient_flow", "predictions")
"""Twelve heatmaps (of a network with twelve parameters), curves, flow and predictions."""

ARRANGEMENTS = {
    "the canvas alone": NONE,
    "heatmaps, curves, flow, predictions": WATCHING,
    "the whole debugger": DEBUGGER,
    "every panel there is": tuple(s.key for s in DOCKS if s.key != "draw"),
}

HEATMAP = (784, 256)
TILE = (400, 300)
PAINTS = 200


@dataclass(frozen=True)
class Cost:
    """What an arrangement of panels costs one network. Times are in milliseconds.

    Attributes
    ----------
    late_p50, late_p99, late_max
        How late the event loop comes back while training, of so many `ticks`.
    share
        Speed of training beside the same without a window.
    worker_share
        The same by the processor time of the worker's thread: what is missing from 1 is what it
        does for the panels. Unlike `share` it hardly depends on what else the machine does.
    screen_load
        Share of one processor that the window's thread used.
    work_p99
        Processor time that it used between two looks; the event loop cannot come later by less.
    """

    network: str
    panels: str
    late_p50: float
    late_p99: float
    late_max: float
    ticks: int
    share: float
    worker_share: float
    screen_load: float
    work_p99: float


def networks() -> dict[str, Network]:
    """The example, and 784-256-128-10 with layers in front and behind for twelve parameters."""
    return {
        "digits": digits(),
        "(64-)784-256-128-(64-32-)10": dense(784, 256, 128, 64, 32),
    }


def cost(it: Studio, name: str, network: Network, panels: str, seconds: float) -> Cost:
    """What an arrangement costs; the speed without a window is measured before and after."""
    print(f"{name}: {panels}", file=sys.stderr)
    open_network(it, network)
    spread(it, ARRANGEMENTS[panels])
    if "explanation" in ARRANGEMENTS[panels]:
        engage(it)
    wait(500)
    without = [alone(network, seconds / 4)]
    run = train(it, seconds)
    without.append(alone(network, seconds / 4))
    bring_back(it)
    return Cost(
        name,
        panels,
        quantile(run.late, 0.5),
        quantile(run.late, 0.99),
        max(run.late),
        len(run.late),
        run.rate / mean_of(without).rate,
        mean_of(without).effort / run.effort,
        run.screen_load,
        quantile(run.work, 0.99),
    )


def painting(*, log: bool = True) -> list[float]:
    """Milliseconds that a heatmap of new numbers takes to be painted, each time."""
    tile = HeatmapTile("dense/weight")
    tile.resize(*TILE)
    image = QImage(*TILE, QImage.Format.Format_RGB32)
    arrays = [
        np.random.default_rng(seed).normal(0.0, 0.01, HEATMAP).astype(np.float32)
        for seed in range(4)
    ]
    for array in arrays:
        array.flags.writeable = False
    times = []
    for number in range(PAINTS):
        began = time.perf_counter()
        tile.set_data(arrays[number % len(arrays)], 1.0, scale=0.1, log=log)
        tile.render(image)
        times.append((time.perf_counter() - began) * 1e3)
    tile.deleteLater()
    return times


def memory(it: Studio, steps: int) -> str:
    """What a long run of a small network leaves in memory, from a tenth of it to its end."""
    open_network(it, dense(16))
    spread(it, WATCHING)
    marks = (steps // 10, steps // 2, steps)
    head = ["resident MB", "journal MB", "without it", "objects"]
    rows: list[tuple[str, list[str]]] = [("", head)]
    counts: list[Counter[str]] = []
    click_run(it, State.RUNNING)
    for mark in marks:
        while completed(it) < mark:
            wait(50)
        click_run(it, State.PAUSED)
        wait(1500)
        gc.collect()
        found = gc.get_objects()
        counts.append(Counter(type(thing).__name__ for thing in found))
        journal = it.engine.snapshot.journal_bytes / 1e6
        now = resident()
        cells = [f"{now:.1f}", f"{journal:.1f}", f"{now - journal:.1f}", f"{len(found):,}"]
        rows.append((f"after {completed(it):,} steps", cells))
        del found
        click_run(it, State.RUNNING)
    click_run(it, State.PAUSED)
    more = [f"{kind} {n:+d}" for kind, n in (counts[-1] - counts[0]).most_common(6)]
    points = 16 * (marks[-1] - marks[0]) / 1e6
    return (
        columns(rows)
        + f"\npoints of the curve that came in between: {points:.1f} MB, as often as they are kept"
        + f"\nobjects that came in between: {', '.join(more) or 'none'}"
    )


def table(costs: Sequence[Cost]) -> str:
    """The figures for people, one line an arrangement."""
    head = ["late p50", "p99 (16)", "max", "ticks", "speed (0.80)"]
    head += ["worker alone", "screen", "its work p99"]
    rows: list[tuple[str, list[str]]] = [("milliseconds and shares (wanted)", head)]
    for c in costs:
        late = [f"{x:.1f}" for x in (c.late_p50, c.late_p99, c.late_max)]
        cells = [*late, str(c.ticks), f"{c.share:.2f}"]
        cells += [f"{c.worker_share:.2f}", f"{c.screen_load:.0%}", f"{c.work_p99:.1f}"]
        rows.append((f"{c.network}: {c.panels}", cells))
    return columns(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seconds", type=float, default=10.0, help="of training, each time")
    parser.add_argument("--memory", type=int, nargs="?", const=100_000, metavar="STEPS")
    parser.add_argument("--only", choices=tuple(ARRANGEMENTS), help="of the arrangements")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    options = parser.parse_args(argv)
    with studio() as it:
        print(
            f"{it.app.platformName()}, Python {platform.python_version()}, "
            f"{os.cpu_count()} processors",
            file=sys.stderr,
        )
        if options.memory is not None:
            print(memory(it, options.memory))
            return 0
        times = painting()
        print(
            f"a heatmap of {HEATMAP[0]}x{HEATMAP[1]} painted: "
            f"median {statistics.median(times):.2f}, p95 {quantile(times, 0.95):.2f} ms (wanted: 3)"
        )
        costs = [
            cost(it, name, network, panels, options.seconds)
            for name, network in networks().items()
            for panels in ([options.only] if options.only else ARRANGEMENTS)
        ]
    print(table(costs))
    if options.json is not None:
        rows = [asdict(c) for c in costs]
        options.json.write_text(json.dumps({"painting": times, "costs": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
