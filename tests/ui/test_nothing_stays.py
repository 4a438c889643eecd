"""What was closed or left is let go of: windows, documents, lessons, dialogs, panels."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lesson_cases import path_of
from PySide6.QtCore import QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from backprop_studio import app as application
from backprop_studio import lessons
from backprop_studio.training import Session, State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings

DIALOGS = (
    "about", "shortcuts", "import_data", "lessons", "write_lesson", "set_number", "commands",
    "find", "quick_add",
)  # fmt: skip


def _widgets() -> Counter[str]:
    for _ in range(2):  # what is deleted later may delete something later in turn
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    gc.collect()
    return Counter(widget.metaObject().className() for widget in QApplication.allWidgets())


@pytest.fixture
def sessions(window: MainWindow) -> Callable[[], int]:
    """How many sessions there are, but for those that another test has left."""

    def all_of_them() -> list[Session]:
        gc.collect()
        return [thing for thing in gc.get_objects() if isinstance(thing, Session)]

    # Held, so that no other one comes to stand where one of them stood.
    others = [one for one in all_of_them() if one is not window._engine._worker.session]
    return lambda: sum(not any(one is other for other in others) for one in all_of_them())


def _open_and_close(qtbot: QtBot, settings: Path) -> list[tuple[str, weakref.ref[object]]]:
    """All of a window that was worked in a little, and closed."""
    store = QSettings(str(settings), QSettings.Format.IniFormat)
    window, engine = application.build(Settings(store))
    window.show_at_last_place()
    engine.start()
    window.project.load_example()
    for dock in window.docks.values():
        dock.show()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    with qtbot.waitSignal(engine.updated):
        window.actions_by_id["step_batch"].trigger()
    parts = [window, engine, window._document, engine._worker, engine._worker.session]
    parts += [window.canvas, window.canvas.canvas_scene, window._document.network]
    parts += [dock.widget() for dock in window.docks.values()]
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)
    return [(type(part).__name__, weakref.ref(part)) for part in parts if part is not None]


def test_that_nothing_of_a_closed_window_stays(qtbot: QtBot, tmp_path: Path) -> None:
    before = _widgets()
    for number in range(2):
        parts = _open_and_close(qtbot, tmp_path / f"{number}.ini")
        gc.collect()
        assert len(parts) > 20
        assert [name for name, ref in parts if ref() is not None] == []
        assert _widgets() == before


def test_that_only_the_run_of_the_open_document_stays(
    window: MainWindow, do: Callable[[str], None], sessions: Callable[[], int], qtbot: QtBot
) -> None:
    window.project.may_discard = lambda: True  # type: ignore[method-assign]
    engine = window._engine
    for name in ("example", "new", "example", "example"):
        window.actions_by_id[name].trigger()
        wanted = State.EMPTY if name == "new" else State.PAUSED
        qtbot.waitUntil(lambda w=wanted: engine._told is w and engine.state is w)  # type: ignore[misc]
        if name == "example":
            do("step_batch")
            do("fork")
            do("step_op")
        engine.weights()  # all is carried out then
        assert sessions() == len(engine._worker.timeline.branches)


def test_that_a_lesson_that_was_left_lets_go_of_all_that_it_was(
    window: MainWindow, sessions: Callable[[], int], qtbot: QtBot
) -> None:
    controller, engine = window.lessons, window._engine

    def at_rest() -> bool:
        runner = controller.runner
        return runner is not None and not (runner.is_held or controller.is_busy)

    for path in sorted(lessons.shipped())[:2]:
        assert controller.open(path)
        qtbot.waitUntil(at_rest, timeout=20_000)
        # To a step that others have to be made ready for.
        controller.panel.step_requested.emit(2)
        qtbot.waitUntil(at_rest, timeout=20_000)
        parts = [controller.runner, controller.runner.lesson, controller._aside, controller._scene]
        refs = [(type(part).__name__, weakref.ref(part)) for part in parts]
        del parts
        controller.leave()
        qtbot.waitUntil(lambda: engine.state is State.PAUSED and engine._told is State.PAUSED)
        engine.weights()
        gc.collect()
        assert [name for name, ref in refs if ref() is not None] == []
        assert sessions() == 1
    first = path_of("01_one_neuron")
    counts = []
    for _ in range(3):
        assert controller.open(first)
        qtbot.waitUntil(at_rest, timeout=20_000)
        controller.leave()
        qtbot.waitUntil(lambda: engine.state is State.PAUSED and engine._told is State.PAUSED)
        counts.append(_widgets())
    assert counts[1] == counts[2]


@pytest.mark.parametrize("name", DIALOGS)
def test_that_a_dialog_that_is_closed_is_gone(window: MainWindow, qtbot: QtBot, name: str) -> None:
    seen: list[str] = []

    def close() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible():
                seen.append(type(widget).__name__)
                widget.reject()

    closing = QTimer()
    closing.timeout.connect(close)
    counts = []
    for _ in range(3):
        seen.clear()
        closing.start(10)
        window.actions_by_id[name].trigger()
        qtbot.waitUntil(lambda: bool(seen))
        closing.stop()
        counts.append(_widgets())
    # The first time, something may be made for good.
    assert counts[1] == counts[2], counts[2] - counts[1]


def test_that_panels_are_made_once(window: MainWindow, qtbot: QtBot) -> None:
    counts = []
    for _ in range(3):
        for dock in window.docks.values():
            dock.show()
            dock.raise_()
        QApplication.processEvents()
        counts.append(_widgets())
        for dock in window.docks.values():
            dock.hide()
    # What follows the moment fills its rows when it is first in sight.
    assert counts[1] == counts[2]
