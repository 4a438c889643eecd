"""The window with everything behind it, without a file and with settings of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lesson_cases import path_of
from networks import chain
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio import app as application
from backprop_studio.training import State
from backprop_studio.ui import motion, text_size
from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.settings import Settings
from tests.ui.lesson_help import NEURON
from tests.ui.waiting import answered


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """No garbage is collected while a worker runs, as in the application; afterwards, it is."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The window on the small digits network, its worker running and paused."""
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window, engine = application.build(Settings(store))
    with qtbot.waitExposed(window):
        window.show_at_last_place()
    engine.start()
    with answered(qtbot, engine):
        window._document.reset(chain())
    assert engine.state is State.PAUSED
    yield window
    # Nothing to be asked about.
    window.lessons.leave()
    for editor in window.findChildren(LessonEditor):
        editor.text.document().setModified(False)
    window._document.undo_stack.setClean()
    window.project._path = None
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)
    # What belongs to the application and not to the window.
    text_size.apply(app, 100)
    motion.apply("system")


@pytest.fixture
def lesson(window: MainWindow, qtbot: QtBot) -> LessonPanel:
    """The first lesson, open."""
    window.resize(1280, 800)
    assert window.lessons.open(path_of(NEURON))
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    return window.lessons.panel


@pytest.fixture
def do(window: MainWindow, qtbot: QtBot) -> Callable[[str], None]:
    """Trigger an action by id and wait until the worker has answered."""

    def trigger(action: str) -> None:
        with answered(qtbot, window._engine):
            window.actions_by_id[action].trigger()

    return trigger
