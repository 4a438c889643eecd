"""What the real window needs to be measured: a screen, settings of its own, and ways to wait.

`prepare` comes before Qt and numpy are imported, everything else after.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from backprop_studio.ui.controllers.engine import Engine
    from backprop_studio.ui.main_window import MainWindow

WIDTH, HEIGHT = 1280, 800

LARGE = 3840, 2160
"""Pixels of a screen on which all panels are to be seen at once."""


def prepare(*, large: bool = False) -> None:
    """Choose the screen and the threads: the display if there is one, else a screen in memory.

    Parameters
    ----------
    large
        Whether the screen in memory has room for all panels at once.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")
    if "QT_QPA_PLATFORM" in os.environ or os.environ.get("DISPLAY") or sys.platform != "linux":
        return
    folder = Path(tempfile.mkdtemp(prefix="studio-screen-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    width, height = LARGE if large else (WIDTH, HEIGHT)
    place = {"name": "screen", "x": 0, "y": 0, "width": width, "height": height}
    screen = {**place, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    file = folder / "screen.json"
    file.write_text(
        json.dumps(
            {
                "synchronousWindowSystemEvents": False,
                "windowFrameMargins": False,
                "screens": [screen],
            }
        )
    )
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={file}"


@dataclass(frozen=True)
class Studio:
    """The application with its window open and its worker running."""

    app: QApplication
    window: MainWindow
    engine: Engine
    folder: Path
    """For files; it is removed in the end."""


def application() -> QApplication:
    """The application, in the studio's style and light theme."""
    from PySide6.QtGui import QFont
    from PySide6.QtWidgets import QApplication

    from backprop_studio.ui import theme

    app = QApplication.instance()
    if app is None:
        app = QApplication(["backprop-studio"])
        app.setStyle("Fusion")
        if app.platformName() == "offscreen":
            app.setFont(QFont("DejaVu Sans", 10))
        theme.apply(app, "light")
    assert isinstance(app, QApplication)
    return app


@contextmanager
def studio() -> Iterator[Studio]:
    """The window with everything behind it, with settings of its own; taken apart at the end."""
    from PySide6.QtCore import QSettings

    from backprop_studio import app as builder
    from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
    from backprop_studio.ui.settings import Settings

    app = application()
    with tempfile.TemporaryDirectory(prefix="studio-files-") as name:
        folder = Path(name)
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        window, engine = builder.build(Settings(store))
        window.show_at_last_place()
        engine.start()
        window.project.load_example()
        try:
            yield Studio(app, window, engine, folder)
        finally:
            # Nobody is there to be asked about unsaved work.
            window.project.may_discard = lambda: True  # type: ignore[method-assign]
            for editor in window.findChildren(LessonEditor):
                editor.text.document().setModified(False)
            window.close()
            builder.dispose(app, window)


def wait(milliseconds: int) -> None:
    """Let the event loop run. `QTest.qWait` would hold Python's lock and starve the worker."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(done: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Let the event loop run until something is the case.

    Raises
    ------
    TimeoutError
        It never was.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain for: {what}")
        wait(2)


def resident() -> float:
    """Memory of this process in MB, as far as the system tells; else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
