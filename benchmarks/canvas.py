"""How the canvas bears a large network: opening, editing, dragging, panning, zooming.

    python -m benchmarks.canvas [--nodes N] [--json FILE]

1,000 nodes and about 2,000 wires by default, in the real window, on the display if there is one
and else on a screen in memory. Times are medians and 95th percentiles in milliseconds.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare()

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from backprop_studio import project
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.nn import nodes
from backprop_studio.project import Project
from benchmarks.screen import Studio, studio, wait

FRAMES = 60
SETTLED = 250
"""Milliseconds before each edit: the worker has written the programs of the one before by then."""
GOALS = {
    "open": 1000.0,
    "move": 16.0,
    "rename": 16.0,
    "add": 16.0,
    "settings": 16.0,
    "cut": 16.0,
    "join": 16.0,
    "drag": 1000 / 60,
    "pan": 1000 / 60,
    "zoom": 1000 / 60,
    "validated": 16.0,
    "and joined": 16.0,
    "near pan": 1000 / 60,
}
"""Milliseconds that are wanted at most, as medians. Edits count until the window has taken them."""


def large(count: int) -> Network:
    """Chains of additions, each of the two nodes before: two wires for each node."""
    network = Network(setup=TrainingSetup(dataset="digits"))
    network, first = edits.add_node(network, nodes()["input"](), 0.0, 0.0)
    network, last = edits.add_node(network, nodes()["dense"](units=16), 200.0, 0.0)
    network = edits.connect(network, first, last)
    before = last
    for place in range(2, count - 2):
        kind = "add" if before != last else "relu"
        x, y = 200.0 * (place % 40), 120.0 * (place // 40)
        network, node = edits.add_node(network, nodes()[kind](), x, y)
        network = edits.connect(network, last, node, 0)
        if kind == "add":
            network = edits.connect(network, before, node, 1)
        before, last = last, node
    y = 120.0 * (count // 40 + 1)
    network, out = edits.add_node(network, nodes()["dense"](units=10), 0.0, y)
    network, loss = edits.add_node(network, nodes()["softmax_cross_entropy"](), 200.0, y)
    network = edits.connect(network, last, out)
    return edits.connect(network, out, loss)


def measure(it: Studio, network: Network, folder: Path) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of each thing, in milliseconds."""
    file = folder / "large.bps"
    project.save(Project(network), file)
    window, canvas = it.window, it.window.canvas

    def opened() -> None:
        assert window.project.open_path(file)

    found = {"open": _times(opened, 3)}
    wait(1500)
    relu = network.nodes[len(network.nodes) // 2].id
    document, step = window._document, [0]

    def move() -> None:
        step[0] += 10
        places = {relu: (step[0] * 1.0, -300.0)}
        document.apply("Move", edits.move(document.network, places))

    def rename() -> None:
        step[0] += 1
        document.apply("Rename", edits.rename(document.network, relu, f"layer_{step[0]}"))

    def add() -> None:
        step[0] += 1
        grown, _ = edits.add_node(document.network, nodes()["relu"](), 300.0 * step[0], -500.0)
        document.apply("Add", grown)

    def cut() -> None:
        wires = document.network.wires
        middle = wires[len(wires) // 2 + step[0] % 7]
        document.apply("Cut", edits.remove(document.network, wires=(middle,)))

    def settings() -> None:
        step[0] += 1
        changed = nodes()["dense"](units=16, bias=bool(step[0] % 2))
        document.apply("Bias", edits.set_spec(document.network, network.nodes[1].id, changed))

    def join() -> None:
        # Half of the network gets its shapes back, and is trained again.
        document.undo_stack.undo()

    for act, before in (
        (move, None), (rename, None), (add, None), (settings, None), (cut, None), (join, cut),
    ):  # fmt: skip
        found[act.__name__] = _times(act, 20, idle=SETTLED, before=before)
        document.undo_stack.setIndex(0)
        wait(500)
    known = analyze(network)
    parted = edits.remove(network, wires=(network.wires[len(network.wires) // 2],))
    apart = analyze(parted, known)
    found["validated"] = _times(lambda: analyze(parted, known), 10)
    found["and joined"] = _times(lambda: analyze(network, apart), 10)
    found["all of it"] = _times(lambda: analyze(network), 10)
    canvas.zoom_to_fit()
    wait(300)
    port = canvas.viewport()
    start = canvas.node_center(relu) + QPoint(0, -2)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    place = [0]

    def drag() -> None:
        place[0] += 3
        QTest.mouseMove(port, start + QPoint(place[0], place[0] // 2))
        port.repaint()

    found["drag"] = _times(drag, FRAMES)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=start)
    turn = [0]

    def pan() -> None:
        turn[0] += 1
        canvas.sight.scroll_by(QPoint(5 if turn[0] % 60 < 30 else -5, 2))
        port.repaint()

    def zoom() -> None:
        turn[0] += 1
        canvas.zoom_by(1.05 if turn[0] % 40 < 20 else 1 / 1.05)
        port.repaint()

    found["pan"] = _times(pan, FRAMES)
    found["zoom"] = _times(zoom, FRAMES)
    canvas.zoom_by(0.6 / canvas.transform().m11())
    canvas.sight.go_to(canvas.canvas_scene.nodes[relu].pos())
    wait(100)
    found["near pan"] = _times(pan, FRAMES)
    return found


def _times(
    act: Callable[[], object],
    repeats: int,
    *,
    idle: int = 0,
    before: Callable[[], object] | None = None,
) -> tuple[float, float]:
    """Median and 95th percentile; `idle` milliseconds are left before each, to settle."""
    times = []
    for _ in range(repeats):
        if before is not None:
            before()
        if idle:
            wait(idle)
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times), sorted(times)[min(int(0.95 * repeats), repeats - 1)]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args(argv)
    network = large(options.nodes)
    with studio() as it, tempfile.TemporaryDirectory() as folder:
        found = measure(it, network, Path(folder))
    print(f"{len(network.nodes):,} nodes, {len(network.wires):,} wires")
    for name, (median, p95) in found.items():
        goal = f"   wanted {GOALS[name]:.0f}" if name in GOALS else ""
        print(f"{name:<12} {median:8.1f} / {p95:8.1f} ms{goal}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
