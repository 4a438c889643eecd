"""How the window feels while it trains flat out, and what the window costs the training.

    python -m benchmarks.responsiveness [--seconds N] [--json FILE]

The real window is opened, with its panels in sight, on the display if there is one and else on a
screen in memory. How late the event loop comes back is measured with a timer of 16 ms.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare()

import argparse
import itertools
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtTest import QTest

from backprop_studio import assets, nn, project
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.training import Boundary, Session, State
from benchmarks.screen import Studio, studio, wait, wait_until

PERIOD = 16.0
"""Milliseconds between two ticks: a frame of a 60 Hz screen."""

STALL = 100.0
"""Milliseconds from which a person feels that the window hangs."""

SETTLED = 80
"""Milliseconds after an answer in which everything that it changes is painted."""

STEPS = (Boundary.ELEMENT, Boundary.OP, Boundary.LAYER, Boundary.PHASE, Boundary.BATCH)
PAUSES = 10
REPEATS = 40


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


def networks() -> dict[str, Network]:
    """The example that everybody sees first, and a network that is all arithmetic."""
    example = project.load(assets.path("examples", "digits.bps")).network
    return {
        "digits example": example,
        # The pictures have 64 pixels: a layer in front makes 784 numbers of them.
        "(64-)784-256-128-10": _dense(784, 256, 128),
        "64-1024-512-10": _dense(1024, 512),
    }


def _dense(*widths: int) -> Network:
    hidden = (layer for width in widths for layer in (("dense", {"units": width}), ("relu", {})))
    layers = (
        ("input", {}),
        *hidden,
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    )
    network = Network(setup=TrainingSetup(dataset="digits", batch_size=128))
    ids = []
    for place, (layer, settings) in enumerate(layers):
        spec = nn.nodes()[layer].from_config(settings)
        network, node_id = edits.add_node(network, spec, 190.0 * place, 0.0)
        ids.append(node_id)
    for source, target in itertools.pairwise(ids):
        network = edits.connect(network, source, target)
    return network


class _Ticks(QObject):
    """Notes how late a timer's ticks come."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._last = time.perf_counter()
        self._timer.start(int(PERIOD))

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1e3 - PERIOD))
        self._last = now

    def stop(self) -> list[float]:
        self._timer.stop()
        return self.late


class _Paints(QObject):
    """Notes when the window has been painted."""

    def __init__(self, window: QObject) -> None:
        super().__init__()
        self.times: list[float] = []
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest:
            # The next thing that the event loop does after painting.
            QTimer.singleShot(0, self, self._note)
        return False

    def _note(self) -> None:
        self.times.append(time.perf_counter())


def measure(it: Studio, name: str, network: Network, seconds: float) -> Figures:
    """All figures of one network."""
    headless = [headless_rate(network, seconds / 4)]
    it.window._document.reset(network)
    for dock in it.window.docks.values():
        dock.show()
    for front in ("current_step", "credit"):
        it.window.docks[front].raise_()
    it.window.canvas.setFocus()
    wait_until(lambda: _loaded(it), "the network is loaded")
    wait(500)
    late, rate = _train(it, seconds)
    scrubs, _ = _scrubs(it)
    pauses = _pauses(it)
    median, p95, whole = {}, {}, {}
    for boundary in STEPS:
        action = it.window.actions_by_id[f"step_{boundary}"]
        times, settled = _until_painted(it, [action.trigger] * REPEATS)
        median[str(boundary)], p95[str(boundary)] = statistics.median(times), quantile(times, 0.95)
        whole[str(boundary)] = statistics.median(settled)
    idle = _idle(min(5.0, seconds))
    headless.append(headless_rate(network, seconds / 4))
    return Figures(
        name,
        quantile(late, 0.5),
        quantile(late, 0.99),
        max(late),
        sum(x > STALL for x in late),
        len(late),
        statistics.median(pauses),
        max(pauses),
        rate,
        statistics.mean(headless),
        idle,
        median,
        p95,
        whole,
        statistics.median(scrubs),
        quantile(scrubs, 0.95),
    )


def headless_rate(network: Network, seconds: float) -> float:
    """Iterations a second in this process, with no window to serve."""
    lowered = analyze(network).lowered
    assert lowered is not None
    session = Session(lowered, network.setup)
    session.run(min(0.3, seconds), lambda: False)
    before, began = session.completed, time.perf_counter()
    session.run(seconds, lambda: False)
    return (session.completed - before) / (time.perf_counter() - began)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _loaded(it: Studio) -> bool:
    snapshot = it.engine.snapshot
    return snapshot.revision == it.engine._revision and snapshot.state is State.PAUSED


def _completed(it: Studio) -> int:
    cursor = it.engine.snapshot.cursor
    assert cursor is not None
    return cursor.iteration


def _click_run(it: Studio, state: State) -> None:
    QTest.mouseClick(it.window.transport.run_button, Qt.MouseButton.LeftButton)
    wait_until(lambda: it.engine.state is state, f"training is {state}")


def _train(it: Studio, seconds: float) -> tuple[list[float], float]:
    """How late the event loop comes, and iterations a second."""
    _click_run(it, State.RUNNING)
    wait(1000)
    before, began = _completed(it), time.perf_counter()
    ticks = _Ticks()
    wait(round(seconds * 1000))
    late = ticks.stop()
    rate = (_completed(it) - before) / (time.perf_counter() - began)
    _click_run(it, State.PAUSED)
    return late, rate


def _pauses(it: Studio) -> list[float]:
    times: list[float] = []
    moments = random.Random(1)
    for _ in range(PAUSES):
        _click_run(it, State.RUNNING)
        wait(moments.randint(150, 350))
        shown: list[float] = []
        link = it.engine.state_changed.connect(lambda _, s=shown: s.append(time.perf_counter()))
        began = time.perf_counter()
        _click_run(it, State.PAUSED)
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
    paints = _Paints(it.window)
    times: list[float] = []
    settled: list[float] = []
    answers: list[float] = []
    link = it.engine.updated.connect(lambda *_: answers.append(time.perf_counter()))
    for move in moves:
        answers.clear()
        paints.times.clear()
        began = time.perf_counter()
        move()
        wait_until(lambda: bool(answers), "the window answers")
        wait(SETTLED)
        # What comes later are the answers to instruments' questions, each painted as it comes.
        shown = next((t for t in paints.times if t >= answers[0]), answers[0])
        times.append((shown - began) * 1e3)
        settled.append((max([*paints.times, answers[-1]]) - began) * 1e3)
    it.engine.updated.disconnect(link)
    it.window.removeEventFilter(paints)
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
        ("event loop late, p99 (ms)", [f"{f.late_p99:.1f}" for f in figures]),
        ("event loop late, max (ms)", [f"{f.late_max:.1f}" for f in figures]),
        (f"stalls over {STALL:.0f} ms", [f"{f.stalls} of {f.ticks}" for f in figures]),
        (
            "Pause until paused, median / max (ms)",
            [f"{f.pause_median:.0f} / {f.pause_max:.0f}" for f in figures],
        ),
        ("iterations a second in the window", [f"{f.window_rate:,.0f}" for f in figures]),
        ("… without a window", [f"{f.headless_rate:,.0f}" for f in figures]),
        ("… window ÷ without", [f"{f.share:.2f}" for f in figures]),
    ]
    for boundary in STEPS:
        rows.append(
            (
                f"step of one {boundary} until painted, median / p95, until all settled (ms)",
                [
                    f"{f.step_median[boundary]:.0f} / {f.step_p95[boundary]:.0f}, "
                    f"{f.step_settled[boundary]:.0f}"
                    for f in figures
                ],
            )
        )
    scrubs = [f"{f.scrub_median:.0f} / {f.scrub_p95:.0f}" for f in figures]
    rows.append(("scrub to a moment until painted, median / p95 (ms)", scrubs))
    rows.append(("processor used while paused", [f"{f.idle_cpu:.1%}" for f in figures]))
    wide = max(len(label) for label, _ in rows)
    columns = [max(len(cells[i]) for _, cells in rows) for i in range(len(figures))]
    return "\n".join(
        label.ljust(wide)
        + "".join("  " + cell.rjust(w) for cell, w in zip(cells, columns, strict=True))
        for label, cells in rows
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seconds", type=float, default=10.0, help="of training on each network")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    options = parser.parse_args(argv)
    with studio() as it:
        window = it.window
        print(
            f"{it.app.platformName()}, window {window.width()}x{window.height()}, "
            f"Python {platform.python_version()}, {os.cpu_count()} processors",
            file=sys.stderr,
        )
        figures = [measure(it, name, net, options.seconds) for name, net in networks().items()]
    print(table(figures))
    if options.json is not None:
        rows = [{**asdict(f), "window_over_headless": f.share} for f in figures]
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
