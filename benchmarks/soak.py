"""A monkey at the window: thousands of random actions, and a look after each few that all is well.

    python -m benchmarks.soak [--actions N] [--seed N] [--cycles N]

Drops, wires, drags, clicks, keys, undo, set-ups, training in any order, files, themes. After every
few actions the scene must show the document, undo and redo must lead back, the worker must answer,
and nothing may have been raised, warned about or logged as an error. The exit code is 1 otherwise,
and the last actions are printed. Which actions come is a function of the seed and of the document.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare()

import argparse
import faulthandler
import gc
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from backprop_studio.errors import Diagnostic
from backprop_studio.ui import theme
from backprop_studio.ui.main_window import MainWindow
from benchmarks.monkey.deeds import act
from benchmarks.monkey.dialogs import answering
from benchmarks.monkey.hands import Hands, Report, close_popups
from benchmarks.monkey.looking import check, listening
from benchmarks.monkey.studies import watching_what_waits
from benchmarks.screen import resident, studio, wait

BATCH = 20
"""Actions between two checks."""

WARM_UP = 40
"""Windows after which caches and the heap have their size."""

SLOPE_LIMIT = 10.0
"""MB that 1,000 actions may add after the warm-up."""


def run(
    window: MainWindow, folder: Path, *, actions: int, seed: int, log: TextIO | None = None
) -> Report:
    """Let a monkey loose; it stops at the first failure.

    Parameters
    ----------
    window
        With its worker running.
    folder
        For files.
    actions
        How many.
    seed
        Of its choices.
    log
        Where every action is written.
    """
    hands = Hands(window, folder, seed)
    report = hands.report
    report.log = log
    failed: list[Diagnostic] = []
    window._engine.failed.connect(failed.append)
    before = theme.current().name
    with listening(report.failures), answering(hands), watching_what_waits(hands):
        try:
            while report.actions < actions and not report.failures:
                for _ in range(min(BATCH, actions - report.actions)):
                    act(hands)
                    if report.failures:
                        break
                else:
                    check(hands)
                report.failures += [d.text for d in failed if d.code == "worker-failed"]
        except Exception:
            report.failures.append("raised: " + traceback.format_exc())
        finally:
            close_popups()
            if theme.current().name != before:
                window.actions_by_id["theme"].trigger()
            hands.engine.pause()
            wait(20)
    window._engine.failed.disconnect(failed.append)
    return report


def cycles(count: int) -> float:
    """Megabytes that opening and closing the window so many times leaves behind."""
    for _ in range(WARM_UP):
        with studio():
            wait(20)
    gc.collect()
    before = resident()
    for _ in range(count):
        with studio():
            wait(20)
    gc.collect()
    return resident() - before


def main(argv: Sequence[str] | None = None) -> int:
    """Run it, and tell how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--actions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cycles", type=int, default=0, help="open and close the window, too")
    parser.add_argument("--log", type=Path, help="a file in which every action is written")
    options = parser.parse_args(argv)
    faulthandler.enable()
    with ExitStack() as stack:
        it = stack.enter_context(studio())
        log = None if options.log is None else stack.enter_context(options.log.open("w"))
        began = time.monotonic()
        report = run(it.window, it.folder, actions=options.actions, seed=options.seed, log=log)
    seconds = time.monotonic() - began
    counts = ", ".join(f"{name} {n}" for name, n in sorted(report.seen.items()))
    print(f"seed {options.seed}: {report.actions} actions in {seconds:.0f} s ({counts})")
    if report.memory:
        first, last = report.memory[0][1], report.memory[-1][1]
        print(f"memory {first:.0f} to {last:.0f} MB, {report.slope:+.2f} MB per 1,000 actions")
    if report.actions >= 3000 and report.slope > SLOPE_LIMIT:
        report.failures.append(f"memory grows by {report.slope:.1f} MB per 1,000 actions")
    if options.cycles and not report.failures:
        grown = cycles(options.cycles)
        print(f"{options.cycles} times opened and closed: {grown:+.1f} MB")
        if grown > 0.2 * options.cycles:
            report.failures.append(f"windows leave {grown:.1f} MB behind")
    if report.failures:
        print(report.text())
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
