"""How the canvas bears a large network: opening, editing, dragging, panning, zooming.

    python -m benchmarks.canvas [--nodes N] [--json FILE]

1,000 nodes and about 2,000 wires by default, in the real window, on the display if there is one
and else on a screen in memory; larger ones are opened and pasted. Times are medians and 95th
percentiles in milliseconds.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare()

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from backprop_studio import project
from backprop_studio.network import (
    Network,
    Node,
    Note,
    TrainingSetup,
    Wire,
    analyze,
    edits,
)
from backprop_studio.nn import nodes
from backprop_studio.project import Project
from benchmarks.screen import Studio, studio, wait

FRAMES = 60
SETTLED = 250
"""Milliseconds before each edit: the worker has written the programs of the one before by then."""
GOALS = {
    "open": 1000.0,
    "open 2,000": 1000.0,
    "open 5,000": 2000.0,
    "… wires afar": 2000.0,
    "paste 2,000": 1000.0,
    "take it back": 1000.0,
    "move": 16.0,
    "rename": 16.0,
    "add": 16.0,
    "settings": 16.0,
    "cut": 16.0,
    "join": 16.0,
    "halve": 16.0,
    "halve, listed": 16.0,
    "drag": 1000 / 60,
    "pan": 1000 / 60,
    "zoom": 1000 / 60,
    "validated": 16.0,
    "and joined": 16.0,
    "near pan": 1000 / 60,
}
"""Milliseconds that are wanted at most, as medians. Edits count until the window has taken them,
what is opened and pasted until it is painted."""


def large(count: int, *, notes: int = 0, reach: int = 1) -> Network:
    """Chains of additions, each of the two nodes before: two wires for each node.

    Parameters
    ----------
    count
        How many nodes.
    notes
        How many notes stand above them.
    reach
        From how many nodes before a wire may come; 1 for none but the last two.
    """
    kinds, chance = nodes(), random.Random(count)
    specs = [kinds["input"](), kinds["dense"](units=16), kinds["relu"]()]
    specs += [kinds["add"]() for _ in range(count - 5)]
    specs += [kinds["dense"](units=10), kinds["softmax_cross_entropy"]()]
    places = [
        Node(f"n{k}", f"node_{k}", spec, 200.0 * (k % 40), 120.0 * (k // 40))
        for k, spec in enumerate(specs)
    ]
    wires = [Wire(f"n{k - 1}", f"n{k}", 0) for k in range(1, count)]
    for k in range(3, count - 2):
        before = max(1, k - 1 - chance.randint(1, reach))
        wires.append(Wire(f"n{before}", f"n{k}", 1))
    above = (
        Note(f"note{k}", f"Note {k}: what it is for", 200.0 * (k % 40), -120.0 * (1 + k // 40))
        for k in range(notes)
    )
    setup = TrainingSetup(dataset="digits")
    return Network(tuple(places), tuple(wires), setup, tuple(above))


def _chain(count: int) -> Network:
    """One node after the other: cut in the middle, half of them lead nowhere."""
    network = large(count)
    kinds = nodes()
    plain = tuple(
        replace(n, spec=kinds["relu"]()) if n.spec.info.id == "add" else n for n in network.nodes
    )
    return replace(network, nodes=plain, wires=tuple(w for w in network.wires if w.port == 0))


def measure(it: Studio, network: Network, folder: Path) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of each thing, in milliseconds."""
    window, canvas = it.window, it.window.canvas
    found = {
        "open": _opening(it, network, folder),
        "open 2,000": _opening(it, large(2000), folder),
        "open 5,000": _opening(it, large(5000, notes=1000), folder),
        "… wires afar": _opening(it, large(5000, notes=1000, reach=500), folder),
        **_pasting(it, large(2000)),
    }
    window._document.reset(network)
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
    return {**found, **_halving(it, _chain(len(network.nodes)))}


def _opening(it: Studio, network: Network, folder: Path) -> tuple[float, float]:
    """Of a file, until it is painted; another document is open before."""
    file = folder / "large.bps"
    project.save(Project(network), file)

    def opened() -> None:
        assert it.window.project.open_path(file)
        it.window.canvas.viewport().repaint()

    return _times(opened, 3, idle=1500, before=it.window.project.load_example)


def _pasting(it: Studio, network: Network) -> dict[str, tuple[float, float]]:
    """Of a whole network beside itself, until it is painted; and of undoing that."""
    canvas, document = it.window.canvas, it.window._document
    document.reset(network)
    wait(1500)
    canvas.canvas_scene.select(node.id for node in network.nodes)
    canvas.copy_selection()

    def paste() -> None:
        canvas.paste()
        canvas.viewport().repaint()

    def undo() -> None:
        document.undo_stack.undo()
        canvas.viewport().repaint()

    def first() -> None:
        document.undo_stack.setIndex(0)

    pasted = _times(paste, 3, idle=1500, before=first)
    first()
    return {"paste 2,000": pasted, "take it back": _times(undo, 3, idle=1500, before=paste)}


def _halving(it: Studio, network: Network) -> dict[str, tuple[float, float]]:
    """Of the cut after which half of a chain leads to no loss; also with the problems in sight."""
    document, dock = it.window._document, it.window.docks["messages"]
    document.reset(network)
    wait(1500)
    half = len(network.wires) // 2
    step = [0]

    def cut() -> None:
        step[0] += 1
        wire = network.wires[half + step[0] % 7]
        document.apply("Cut", edits.remove(document.network, wires=(wire,)))

    def whole() -> None:
        document.undo_stack.setIndex(0)

    found = {"halve": _times(cut, 20, idle=2 * SETTLED, before=whole)}
    whole()
    dock.open()
    dock.raise_()
    found["halve, listed"] = _times(cut, 20, idle=2 * SETTLED, before=whole)
    whole()
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
        print(f"{name:<14} {median:8.1f} / {p95:8.1f} ms{goal}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
