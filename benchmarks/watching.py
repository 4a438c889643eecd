"""What is measured of the window: how late its event loop is, when it has painted, how it trains.

Only for modules that have called `screen.prepare` before they import this.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backprop_studio import assets, nn, project
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.training import Session, State
from benchmarks.screen import Studio, wait, wait_until

PERIOD = 16.0
"""Milliseconds between two ticks: a frame of a 60 Hz screen."""

STALL = 100.0
"""Milliseconds from which a person feels that the window hangs."""

CELL = (420, 380)
"""Pixels that each dock gets where all of them are to be seen at once."""

DEBUGGER = (
    *("losses", "timeline", "gradients", "breakpoints", "current_step", "program", "messages"),
    *("example", "explanation", "credit", "paths", "inside", "efficiency", "rules"),
    *("gradient_check", "compare", "bug_hunt"),
)
"""The docks that one steps, looks and asks with."""


class Ticks(QObject):
    """Notes how late a timer's ticks come, and the processor time spent between two of them.

    Both are in milliseconds. Where other programs run, the second says what the first would be.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self.work: list[float] = []
        self._worked = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._last = time.perf_counter()
        self._timer.start(int(PERIOD))

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1e3 - PERIOD))
        self._last = now
        worked = time.thread_time()
        self.work.append((worked - self._worked) * 1e3)
        self._worked = worked

    def stop(self) -> None:
        """End it."""
        self._timer.stop()


class Paints(QObject):
    """Notes when the windows of the application have been painted."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.times: list[float] = []
        self._app = app
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest:
            # The next thing that the event loop does after painting all that is asked for.
            QTimer.singleShot(0, self, self._note)
        return False

    def _note(self) -> None:
        self.times.append(time.perf_counter())

    def stop(self) -> None:
        """End it."""
        self._app.removeEventFilter(self)


@dataclass(frozen=True)
class Run:
    """What was seen while it trained.

    Attributes
    ----------
    late
        How late the event loop came, each time that it was looked at, in milliseconds.
    work
        Processor time that the window's thread used in between, in milliseconds.
    rate
        Iterations a second.
    effort
        Processor seconds of the worker's thread for one iteration.
    screen_load
        Share of one processor that the window's thread used.
    """

    late: list[float]
    work: list[float]
    rate: float
    effort: float
    screen_load: float


def networks() -> dict[str, Network]:
    """The example that everybody sees first, and a network that is all arithmetic."""
    return {
        "digits example": digits(),
        # The pictures have 64 pixels: a layer in front makes 784 numbers of them.
        "(64-)784-256-128-10": dense(784, 256, 128),
        "64-1024-512-10": dense(1024, 512),
    }


def digits() -> Network:
    """The network of the example."""
    return project.load(assets.path("examples", "digits.bps")).network


def dense(*widths: int) -> Network:
    """Layers of these widths with ReLU, and ten outputs, on the digits in batches of 128."""
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


def spread(it: Studio, keys: Collection[str]) -> None:
    """Show just these docks, each in a window of its own, so that none is behind another."""
    screen = it.app.primaryScreen().availableGeometry()
    across = max(1, screen.width() // CELL[0])
    down = max(1, screen.height() // CELL[1])
    for dock in it.window.docks.values():
        dock.setVisible(False)
    for place, key in enumerate(keys):
        dock = it.window.docks[key]
        dock.setFloating(True)
        # Room for twelve heatmaps.
        dock.resize(CELL[0] * 2 if key == "gradients" else CELL[0], CELL[1] + 140)
        row, column = divmod(place, across)
        dock.move(screen.topLeft() + QPoint(column * CELL[0], row % down * CELL[1]))
        dock.open()
    wait(300)
    hidden = [k for k in keys if it.window.panel(k).visibleRegion().isEmpty()]
    if hidden:
        raise RuntimeError(f"not in sight: {', '.join(hidden)}")


def engage(it: Studio) -> None:
    """Give the panels that wait to be asked something to follow: a layer, and a number of it."""
    lowered = it.window._document.analysis.lowered
    assert lowered is not None
    parameter = next(p for p in lowered.program.parameters if len(p.shape) == 2)
    it.window.canvas.select((parameter.node,))
    it.window.instruments.explain(lowered.program.gradients[parameter.id], (0, 0))
    wait(300)


def bring_back(it: Studio) -> None:
    """Put all docks back into the window, in the standard layout."""
    for dock in it.window.docks.values():
        dock.setFloating(False)
    it.window.layouts.reset()
    wait(100)


def open_network(it: Studio, network: Network) -> None:
    """Let the window show another network, and wait until it can be trained."""
    it.window._document.reset(network)
    it.window.canvas.setFocus()
    wait_until(lambda: _loaded(it), "the network is loaded")
    wait(500)


def _loaded(it: Studio) -> bool:
    snapshot = it.engine.snapshot
    return snapshot.revision == it.engine._revision and snapshot.state is State.PAUSED


def completed(it: Studio) -> int:
    """Iterations so far, as the window knows."""
    cursor = it.engine.snapshot.cursor
    assert cursor is not None
    return cursor.iteration


def click_run(it: Studio, state: State) -> None:
    """Press Run or Pause, and wait until the window shows it."""
    QTest.mouseClick(it.window.transport.run_button, Qt.MouseButton.LeftButton)
    wait_until(lambda: it.engine.state is state, f"training is {state}")


def train(it: Studio, seconds: float) -> Run:
    """Train flat out and look at the event loop; the first second is not counted."""
    idents: list[int] = []
    it.engine.ask(lambda _: threading.get_ident(), idents.append)
    wait_until(lambda: bool(idents), "the worker has answered all panels", 300.0)
    clock = time.pthread_getcpuclockid(idents[0])
    click_run(it, State.RUNNING)
    wait(1000)
    done, began, spent = completed(it), time.perf_counter(), time.clock_gettime(clock)
    worked, ticks = time.thread_time(), Ticks()
    wait(round(seconds * 1000))
    ticks.stop()
    worked = time.thread_time() - worked
    done, spent = completed(it) - done, time.clock_gettime(clock) - spent
    taken = time.perf_counter() - began
    click_run(it, State.PAUSED)
    return Run(ticks.late, ticks.work, done / taken, spent / max(done, 1), worked / taken)


@dataclass(frozen=True)
class Alone:
    """How fast a network trains in this process with no window to serve.

    Attributes
    ----------
    rate
        Iterations a second.
    effort
        Processor seconds for one iteration.
    """

    rate: float
    effort: float


def alone(network: Network, seconds: float) -> Alone:
    """Train for so long."""
    lowered = analyze(network).lowered
    assert lowered is not None
    session = Session(lowered, network.setup)
    session.run(min(0.3, seconds), lambda: False)
    before, began, worked = session.completed, time.perf_counter(), time.thread_time()
    session.run(seconds, lambda: False)
    done = session.completed - before
    return Alone(done / (time.perf_counter() - began), (time.thread_time() - worked) / max(done, 1))


def mean_of(several: Sequence[Alone]) -> Alone:
    """Of measurements before and after something."""
    return Alone(
        statistics.mean(a.rate for a in several), statistics.mean(a.effort for a in several)
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def columns(rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Lines of a table, the labels to the left and the cells to the right of their columns."""
    wide = max(len(label) for label, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(rows[0][1]))]
    return "\n".join(
        label.ljust(wide)
        + "".join("  " + cell.rjust(w) for cell, w in zip(cells, widths, strict=True))
        for label, cells in rows
    )
