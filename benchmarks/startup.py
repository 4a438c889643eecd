"""How long it takes from the start of the process to the first painted window.

    python -m benchmarks.startup [--rounds N] [--quick]

It is compared with a bare window that imports pyqtgraph, each in fresh processes, in turn, so that
whatever else the machine does meets both. Wanted is a ratio of the medians of at most 1.5.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 1.5

_WATCH = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer

class Watch(QObject):
    def __init__(self, app):
        super().__init__(app)
        self.seen = False
        app.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.seen:
            self.seen = True
            # After everything of this first frame.
            QTimer.singleShot(0, self.tell)
        return False

    def tell(self):
        print(time.monotonic() - float(sys.argv[1]), flush=True)
        import os
        os._exit(0)
"""

BARE = (
    _WATCH
    + """
import pyqtgraph
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
watch = Watch(app)
window = QMainWindow()
window.resize(1280, 800)
window.show()
app.exec()
"""
)

STUDIO = (
    _WATCH
    + """
from PySide6.QtWidgets import QApplication
import backprop_studio.app as application
class Watched(QApplication):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.watch = Watch(self)
application.QApplication = Watched
app, window = application.start([])
app.exec()
"""
)


def once(script: str, home: str) -> float:
    """Seconds from the start of a process to its first painted window."""
    environment = {
        "QT_QPA_PLATFORM": "offscreen",
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "XDG_CONFIG_HOME": home,
        "XDG_DATA_HOME": home,
    }
    # As for anyone who starts a program twice: what is compiled once stays so.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", script, str(time.monotonic())],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if not done.stdout:
        raise RuntimeError(done.stderr)
    return float(done.stdout.split()[0])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 if the studio is too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="processes of each kind")
    parser.add_argument("--quick", action="store_true", help="two rounds, to see that it works")
    options = parser.parse_args(argv)
    rounds = 2 if options.quick else options.rounds
    bare, studio = [], []
    with tempfile.TemporaryDirectory() as home:
        for place in range(rounds + 1):
            pair = once(BARE, home), once(STUDIO, home)
            if place:  # the first pair fills the disk's cache
                bare.append(pair[0])
                studio.append(pair[1])
    for name, times in (("bare window with pyqtgraph", bare), ("Backprop Studio", studio)):
        print(
            f"{name:28} median {statistics.median(times):6.3f} s, best {min(times):6.3f} s, "
            f"of {len(times)}"
        )
    ratio = statistics.median(studio) / statistics.median(bare)
    print(f"ratio {ratio:.2f}, wanted at most {LIMIT}")
    return 0 if ratio <= LIMIT or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
