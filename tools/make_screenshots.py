#!/usr/bin/env python3
"""Makes the pictures of the README from the real application, in `docs/images/`.

Run from the project folder: `.venv/bin/python tools/make_screenshots.py`. No display is needed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SCREEN = {
    "screens": [
        {"name": "picture", "x": 0, "y": 0, "width": 1280, "height": 832,
         "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    ]
}  # fmt: skip


def main() -> None:
    """Take every picture in both themes."""
    with tempfile.TemporaryDirectory() as folder:
        screen = Path(folder, "screen.json")
        screen.write_text(json.dumps(SCREEN))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        for kind in ("CONFIG", "DATA", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = folder
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        sys.path.insert(0, str(ROOT))
        _take_all()


def _take_all() -> None:
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtGui import QFont

    from backprop_studio import app as application
    from backprop_studio.network import edits
    from backprop_studio.nn import nodes
    from backprop_studio.training import Boundary, State
    from backprop_studio.ui import theme
    from backprop_studio.ui.panels.over_time import RIDGES

    app, window = application.start([])
    app.setFont(QFont("DejaVu Sans", 9))
    engine, document = window._engine, window._document

    def wait(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(done: object) -> None:
        assert callable(done)
        for _ in range(400):
            wait(25)
            if done():
                return
        raise RuntimeError("the application did not get there")

    def take(name: str) -> None:
        wait(300)
        for mode in ("dark", "light"):
            theme.apply(app, mode)
            wait(200)
            path = IMAGES / f"{name}-{mode}.png"
            window.grab().save(str(path))
            print(path.relative_to(ROOT))

    IMAGES.mkdir(parents=True, exist_ok=True)
    until(lambda: engine.state is State.PAUSED)
    take("start-page")
    window.start.leave()

    engine.run()
    until(lambda: engine.snapshot.epoch > 6)
    engine.pause()
    until(lambda: engine.state is State.PAUSED)
    take("trained")

    engine.step(Boundary.BATCH)
    for _ in range(3):
        engine.step(Boundary.PHASE)
    for _ in range(5):
        engine.step(Boundary.OP)
    window.canvas.select(("hidden",) if "hidden" in document.network else ())
    take("backward")

    # The instruments, at the same moment.
    program = document.analysis.require().program
    relu, hidden, last = (document.network.named(name) for name in ("relu", "hidden", "output"))
    assert relu is not None and hidden is not None and last is not None
    shown = window.instruments
    gradient = program.gradients[program.parameters[0].id]

    def look(key: str, prepare: object = None) -> None:
        window.actions_by_id[f"open_{key}"].trigger()
        wait(800)
        if callable(prepare):
            prepare()
            wait(2500)
        take(key.replace("_", "-"))
        window.docks[key].close()

    look("explanation", lambda: shown.explain(gradient, (20, 18)))
    look("credit")
    look("paths")
    look("efficiency", shown.efficiency.button.click)
    look("rules")
    look("inside", lambda: shown.inside.set_node(last.id))
    look("bug_hunt", shown.bug_hunt.button.click)
    look("example", lambda: shown.example.row.setValue(7))
    look("predictions", lambda: shown.predictions.tabs.setCurrentIndex(1))
    look("representations")
    look("units")
    look("voices")
    look("over_time", lambda: shown.over_time.view.setCurrentIndex(RIDGES))
    look("gradient_flow")
    look("doctor")
    look("landscape", shown.landscape.button.click)
    look("gradient_check", shown.gradient_check.button.click)
    window.actions_by_id["open_compare"].trigger()
    wait(300)
    shown.compare.mark_a.click()
    wait(500)
    engine.step(Boundary.EPOCH)
    look("compare")
    for _ in range(3):
        engine.step(Boundary.PHASE)
    window.canvas.node_opened.emit(last.id)
    take("operations")
    window.operations.left.emit()
    for name in ("step", "explain"):
        window.actions_by_id[f"layout_{name}"].trigger()
        take(f"panels-{name}")
    window.layouts.open("data")
    take("data")

    network = document.network
    output = network.named("output")
    assert output is not None
    narrower = nodes()["dense"].from_config({"units": 7})
    document.apply("Seven units", edits.set_spec(network, output.id, narrower))
    window.canvas.select((output.id,))
    take("problem")
    document.undo_stack.setClean()
    window.lessons.open(window.lessons.entries()[3].path)
    until(lambda: engine.state is State.PAUSED)
    engine.step(Boundary.PHASE)
    take("lesson")
    document.undo_stack.setClean()
    window.close()
    application.dispose(app, window)


if __name__ == "__main__":
    main()
