"""How the window feels while it trains flat out, and what the window costs the training.

    python -m benchmarks.responsiveness [--seconds N] [--all] [--json FILE]

The real window is opened, with its panels in sight, on the display if there is one and else on a
screen in memory. How late the event loop comes back is measured with a timer of 16 ms. With
``--all``, every panel of the debugger is in sight, each in a window of its own.
"""

from __future__ import annotations

import sys

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare(large="--all" in sys.argv)

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from backprop_studio.network import Network
from backprop_studio.training import Boundary, State
from benchmarks.screen import Studio, studio, wait, wait_until
from benchmarks.watching import (
    DEBUGGER,
    STALL,
    Paints,
    alone,
    bring_back,
    click_run,
    columns,
    engage,
    mean_of,
    networks,
    open_network,
    quantile,
    spread,
    train,
)

SETTLED = 80
"""Milliseconds after an answer in which everything that it changes is painted."""

STEPS = (Boundary.ELEMENT, Boundary.OP, Boundary.LAYER, Boundary.PHASE, Boundary.BATCH)
PAUSES = 10
REPEATS = 60


@dataclass(frozen=True)
class Figures:
    """What was measured on one network. Times are in milliseconds.

    Attributes
    ----------
    late_p50, late_p99, late_max
        How late the event loop comes back while training.
    stalls
        How often it came more than `STALL` late.
    ticks
        How often it was looked at.
    pause_median, pause_max
        From the click on Pause until the window shows that it is paused.
    window_rate, headless_rate
        Iterations a second in the window, and without one.
    step_median, step_p95
        From the command until its result is painted, by size of the step.
    step_settled
        From the command until the last instrument has had its answer and painted it; median.
    scrub_median, scrub_p95
        From a move of the timeline's slider until that moment is painted.
    idle_cpu
        Share of one processor that is used while paused.
    """

    network: str
    late_p50: float
    late_p99: float
    late_max: float
    stalls: int
    ticks: int
    pause_median: float
    pause_max: float
    window_rate: float
    headless_rate: float
    idle_cpu: float
    step_median: dict[str, float] = field(default_factory=dict)
    step_p95: dict[str, float] = field(default_factory=dict)
    step_settled: dict[str, float] = field(default_factory=dict)
    scrub_median: float = 0.0
    scrub_p95: float = 0.0

    @property
    def share(self) -> float:
        """Speed in the window as a share of the speed without."""
        return self.window_rate / self.headless_rate


def measure(
    it: Studio, name: str, network: Network, seconds: float, *, everything: bool
) -> Figures:
    """All figures of one network."""
    without = [alone(network, seconds / 4)]
    open_network(it, network)
    if everything:
        spread(it, DEBUGGER)
        engage(it)
    else:
        for dock in it.window.docks.values():
            dock.show()
        for front in ("current_step", "credit"):
            it.window.docks[front].raise_()
    it.window.canvas.setFocus()
    wait(500)
    run = train(it, seconds)
    scrubs, _ = _scrubs(it)
    pauses = _pauses(it)
    median, p95, whole = {}, {}, {}
    for boundary in STEPS:
        action = it.window.actions_by_id[f"step_{boundary}"]
        times, settled = _until_painted(it, [action.trigger] * REPEATS)
        median[str(boundary)], p95[str(boundary)] = statistics.median(times), quantile(times, 0.95)
        whole[str(boundary)] = statistics.median(settled)
    idle = _idle(min(5.0, seconds))
    if everything:
        bring_back(it)
    without.append(alone(network, seconds / 4))
    return Figures(
        name,
        quantile(run.late, 0.5),
        quantile(run.late, 0.99),
        max(run.late),
        sum(x > STALL for x in run.late),
        len(run.late),
        statistics.median(pauses),
        max(pauses),
        run.rate,
        mean_of(without).rate,
        idle,
        median,
        p95,
        whole,
        statistics.median(scrubs),
        quantile(scrubs, 0.95),
    )


def _pauses(it: Studio) -> list[float]:
    times: list[float] = []
    moments = random.Random(1)
    for _ in range(PAUSES):
        click_run(it, State.RUNNING)
        wait(moments.randint(150, 350))
        shown: list[float] = []
        link = it.engine.state_changed.connect(lambda _, s=shown: s.append(time.perf_counter()))
        began = time.perf_counter()
        click_run(it, State.PAUSED)
        it.engine.state_changed.disconnect(link)
        times.append((shown[0] - began) * 1e3)
    return times


def _scrubs(it: Studio) -> tuple[list[float], list[float]]:
    """From a move of the timeline's slider until that moment is painted, and until all is."""
    slider = it.window.timeline.slider
    places = random.Random(2).sample(range(slider.minimum(), slider.maximum()), REPEATS)
    it.window.docks["timeline"].raise_()
    times = _until_painted(it, [partial(slider.setValue, place) for place in places])
    it.window.docks["losses"].raise_()
    return times


def _until_painted(
    it: Studio, moves: Sequence[Callable[[], object]]
) -> tuple[list[float], list[float]]:
    paints = Paints(it.app)
    times: list[float] = []
    settled: list[float] = []
    answers: list[float] = []
    link = it.engine.updated.connect(lambda *_: answers.append(time.perf_counter()))
    for move in moves:
        answers.clear()
        paints.times.clear()
        began = time.perf_counter()
        move()
        wait_until(lambda: bool(answers), "the window answers", 60.0)
        wait(SETTLED)
        # What comes later are the answers to instruments' questions, each painted as it comes.
        shown = next((t for t in paints.times if t >= answers[0]), answers[0])
        times.append((shown - began) * 1e3)
        settled.append((max([*paints.times, answers[-1]]) - began) * 1e3)
    it.engine.updated.disconnect(link)
    paints.stop()
    return times, settled


def _idle(seconds: float) -> float:
    wait(300)
    before, began = time.process_time(), time.perf_counter()
    wait(round(seconds * 1000))
    return (time.process_time() - before) / (time.perf_counter() - began)


def table(figures: Sequence[Figures]) -> str:
    """The figures for people, one column a network."""
    rows: list[tuple[str, list[str]]] = [
        ("", [f.network for f in figures]),
        ("event loop late, p50 (ms)", [f"{f.late_p50:.1f}" for f in figures]),
        ("event loop late, p99 (ms; wanted: at most 16)", [f"{f.late_p99:.1f}" for f in figures]),
        ("event loop late, max (ms)", [f"{f.late_max:.1f}" for f in figures]),
        (f"stalls over {STALL:.0f} ms (none)", [f"{f.stalls} of {f.ticks}" for f in figures]),
        (
            "Pause until paused, median / max (ms; 200)",
            [f"{f.pause_median:.0f} / {f.pause_max:.0f}" for f in figures],
        ),
        ("iterations a second in the window", [f"{f.window_rate:,.0f}" for f in figures]),
        ("… without a window", [f"{f.headless_rate:,.0f}" for f in figures]),
        ("… window ÷ without (0.80)", [f"{f.share:.2f}" for f in figures]),
    ]
    for boundary in STEPS:
        rows.append(
            (
                f"step of one {boundary} until painted, median / p95 (ms; 50), until all settled",
                [
                    f"{f.step_median[boundary]:.0f} / {f.step_p95[boundary]:.0f}, "
                    f"{f.step_settled[boundary]:.0f}"
                    for f in figures
                ],
            )
        )
    scrubs = [f"{f.scrub_median:.0f} / {f.scrub_p95:.0f}" for f in figures]
    rows.append(("scrub to a moment until painted, median / p95 (ms; 66 on the digits)", scrubs))
    rows.append(("processor used while paused", [f"{f.idle_cpu:.1%}" for f in figures]))
    return columns(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seconds", type=float, default=10.0, help="of training on each network")
    parser.add_argument("--all", action="store_true", help="every panel of the debugger in sight")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    options = parser.parse_args(argv)
    with studio() as it:
        window = it.window
        print(
            f"{it.app.platformName()}, window {window.width()}x{window.height()}, "
            f"Python {platform.python_version()}, {os.cpu_count()} processors",
            file=sys.stderr,
        )
        figures = [
            measure(it, name, net, options.seconds, everything=options.all)
            for name, net in networks().items()
        ]
    print(table(figures))
    if options.json is not None:
        rows = [{**asdict(f), "window_over_headless": f.share} for f in figures]
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
