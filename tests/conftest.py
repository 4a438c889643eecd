"""What every test runs under: no screen, one BLAS thread, settings and folders of its own."""

import os

# Before Qt and numpy are imported, which read these once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import sys
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from PySide6.QtCore import QEvent, QSettings, QStandardPaths
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

# How long an example takes depends on what else the machine does. In CI a failure has to be one
# that running it again shows as well.
hypothesis.settings.register_profile(
    "studio", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("studio")


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and what they start, out of the user's settings and recovered work."""
    folder = tmp_path_factory.mktemp("home")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "config"))
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform.startswith("linux"):
            for name in ("CACHE", "CONFIG", "DATA", "STATE"):
                patch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        else:
            # Elsewhere no variable moves the folders; this at least takes others than the user's.
            QStandardPaths.setTestModeEnabled(True)
        yield


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Return the arguments of pytest-qt's application: the style that the studio always uses."""
    return ["studio-tests", "-style", "Fusion"]


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> Iterator[QApplication]:
    """Yield pytest-qt's application with a font that is the same on every machine.

    A test that asks for neither this nor `qtbot` starts no application.
    """
    qapp.setFont(QFont("DejaVu Sans", 10))
    yield qapp
    # Without a screen the clipboard is destroyed after the interpreter, which its data would need.
    qapp.clipboard().clear()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


class _PatientBot(QtBot):
    """Waits longer than others: a machine that is busy is slow, and not wrong."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 20_000) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's hands, with more patience."""
    return _PatientBot(request)
