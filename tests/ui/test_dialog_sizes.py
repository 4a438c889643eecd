"""Dialogs open as large as their text needs, within the screen, and as somebody left them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QSize
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from backprop_studio.project.importing import Fitting
from backprop_studio.ui import text_size, theme
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings

MAKERS: dict[str, Callable[[MainWindow], QDialog]] = {
    "import-data": lambda window: ImportDialog(Path(), window),
    "import-weights": lambda window: ImportWeightsDialog("w.npz", Fitting(()), window),
    "lesson-editor": lambda window: LessonEditor(window.lessons, window.project.current, window),
    "lessons": lambda window: LessonList(window.lessons, window),
    "shortcuts": lambda window: ShortcutsDialog(window.shortcuts, window),
}


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    text_size.apply(qapp, 100)


def _large_screen(monkeypatch: pytest.MonkeyPatch, width: int, height: int) -> None:
    monkeypatch.setattr(sizing, "room", lambda dialog: QSize(width, height))


def test_that_dialogs_grow_with_the_text_and_never_beyond_the_screen(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, make in MAKERS.items():
        _large_screen(monkeypatch, 3000, 3000)
        text_size.apply(QApplication.instance(), 100)  # type: ignore[arg-type]
        usual = make(window).size()
        window.appearance.set_text(200)
        assert make(window).size() == usual * 2, name
        _large_screen(monkeypatch, 1016, 728)
        small = make(window)
        assert small.size() == (usual * 2).boundedTo(QSize(1016, 728)), name
        # Its content can do with that: it does not push the borders out when it is shown.
        assert small.minimumSizeHint().width() <= 1016, name
        assert small.minimumSizeHint().height() <= 728, name
        window.appearance.set_text(100)


def test_that_a_size_that_somebody_gave_is_kept_for_every_size_of_text(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    _large_screen(monkeypatch, 3000, 3000)
    for name, make in MAKERS.items():
        dialog = make(window)
        dialog.show()
        dialog.close()
        assert window._settings.dialog_size(name) is None, "nobody has changed it"
        dialog = make(window)
        dialog.show()
        dialog.resize(900, 800)
        dialog.close()
        assert window._settings.dialog_size(name) == (900, 800)
        assert make(window).size() == QSize(900, 800)
        window.appearance.set_text(150)
        assert make(window).size() == QSize(1350, 1200)
        window.appearance.set_text(100)


def test_that_sizes_that_make_no_sense_are_none(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    for value in ("", "12", "0x0", "-5x300", "900x800x700", "9x9", "900 x 800", "999999x900"):
        store.setValue("dialogs/shortcuts", value)
        assert settings.dialog_size("shortcuts") is None, value
    settings.set_dialog_size("shortcuts", (640, 480))
    assert settings.dialog_size("shortcuts") == (640, 480)


def test_that_the_text_of_a_lesson_grows_with_the_text_of_the_program(
    window: MainWindow, qtbot: QtBot
) -> None:
    editor = LessonEditor(window.lessons, window.project.current, window)
    before = editor.text.fontMetrics().height()
    window.appearance.set_text(200)
    qtbot.waitUntil(lambda: editor.text.fontMetrics().height() >= 1.8 * before)
