"""Builds the window and everything behind it, and runs it."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from backprop_studio.ui import icons, settings
from backprop_studio.ui.collecting import Collector
from backprop_studio.ui.controllers.appearance import apply_stored, follow_desktop
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.ending import Ending
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings

log = logging.getLogger(__name__)


class _ErrorReporter(QObject):
    """One hook for unexpected errors of all threads: they are logged, and shown once each."""

    _raised = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._shown: set[str] = set()
        # Queued, also in the same thread: no dialog may open inside a paint event.
        self._raised.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take the place of Python's hooks."""
        sys.excepthook = self._main_thread
        threading.excepthook = lambda args: self._report(args.exc_value)

    def _main_thread(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._report(error)

    def _report(self, error: BaseException | None) -> None:
        log.error("unexpected error", exc_info=error)
        self._raised.emit(f"{type(error).__name__}: {error}")

    def _show(self, text: str) -> None:
        if text in self._shown:
            return
        self._shown.add(text)
        QMessageBox.critical(
            self._window,
            self.tr("Unexpected error"),
            self.tr("Something went wrong that should not have:\n\n{text}\n\n"
                    "The network on the canvas is as it was.").format(text=text),
        )  # fmt: skip


class _FileOpener(QObject):
    """Opens what is double-clicked where the system tells it by an event, as macOS does."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self._window.project.reopen(Path(event.file()))
            return True
        return False


class _FirstPaint(QObject):
    """Does something once, when the first frame is on the screen: a person sees that at once.

    Parameters
    ----------
    app
        Whose windows are painted.
    then
        What is done.
    """

    def __init__(self, app: QApplication, then: Callable[[], object]) -> None:
        super().__init__(app)
        self._app = app
        self._then = then
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._app.removeEventFilter(self)
            # The rest of this frame comes first, and then whatever it has caused.
            QTimer.singleShot(0, lambda: QTimer.singleShot(0, self._go))
        return False

    def _go(self) -> None:
        self.deleteLater()
        self._then()


def build(store: Settings) -> tuple[MainWindow, Engine]:
    """Make the document, the engine and the window, wired together; nothing runs yet."""
    Collector(QApplication.instance())
    # Children of the application: they outlive the window, whose widgets listen to them.
    document = Document(QApplication.instance())
    engine = Engine(document, QApplication.instance())
    window = MainWindow(document, engine, store)
    return window, engine


def start(argv: list[str]) -> tuple[QApplication, MainWindow]:
    """Make the application and show the window; all is ready for the event loop.

    Parameters
    ----------
    argv
        Arguments after the program's name: none, or the path of a project.
    """
    settings.set_application_names()
    app = QApplication(["backprop-studio"])
    app.setStyle("Fusion")
    app.setWindowIcon(icons.app_icon())
    # By this name a Linux desktop finds the entry with the icon, and groups windows.
    app.setDesktopFileName("backprop-studio")
    store = Settings()
    follow_desktop(app)
    apply_stored(app, store)
    window, engine = build(store)
    _ErrorReporter(window).install()
    if os.name == "posix":
        Ending(window.project.recovery, window).listen()
    window.show_at_last_place(greet=not argv)
    opener = _FileOpener(window)
    app.installEventFilter(opener)

    def begin() -> None:
        window.furnish()
        engine.start()
        if window.project.recover():
            return
        if not argv or not window.project.open_path(Path(argv[0])):
            with window.start.staying():
                window.project.load_example()

    _FirstPaint(app, begin)
    return app, window


def main(argv: list[str]) -> int:
    """Open the window, on the project named in `argv` or else on the example.

    Returns
    -------
    int
        Exit code.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    faulthandler.enable()
    # Python's own handler would wait for the event loop to come back to Python.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run(*start(argv))


def run(app: QApplication, window: MainWindow) -> int:
    """Run until the window is closed; return the exit code."""
    code = app.exec()
    dispose(app, window)
    return code


def dispose(app: QApplication, window: MainWindow) -> None:
    """Take the closed window, its engine and its document apart, in this order.

    Left to Python, Qt's objects would go in any order, some after the interpreter: an undo stack
    would destroy commands that are Python's and are gone already.
    """
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    engines = app.findChildren(Engine, options=direct)
    documents = app.findChildren(Document, options=direct)
    collectors = app.findChildren(Collector, options=direct)
    for thing in (window, *engines, *documents):
        thing.deleteLater()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # No worker runs any more.
    for collector in collectors:
        collector.stop()
        collector.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if app.platformName() in ("offscreen", "minimal"):
        # Nobody takes it over there: it would be destroyed after the interpreter that made it.
        app.clipboard().clear()
