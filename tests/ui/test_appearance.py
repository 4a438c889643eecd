"""Theme, size of text, motion, presentation, keys and layouts are chosen, and remembered."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui import actions, docks, motion, text_size, theme
from backprop_studio.ui.controllers.appearance import apply_stored
from backprop_studio.ui.controllers.layouts import Layouts
from backprop_studio.ui.controllers.shortcuts import Shortcuts
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings


@pytest.fixture(autouse=True)
def _as_before(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply(qapp, "light")


def test_that_the_theme_has_three_choices_and_is_remembered(window: MainWindow) -> None:
    by_id = window.actions_by_id
    assert by_id["theme_system"].isChecked()
    for mode in ("dark", "light", "system"):
        by_id[f"theme_{mode}"].trigger()
        assert window._settings.theme_mode == mode == theme.mode()
        assert [m for m in ("dark", "light", "system") if by_id[f"theme_{m}"].isChecked()] == [mode]
    by_id["theme_light"].trigger()
    by_id["theme"].trigger()
    assert by_id["theme_dark"].isChecked() and theme.current().name == "dark"


def test_that_text_grows_within_bounds_and_is_remembered(
    window: MainWindow, qapp: QApplication
) -> None:
    points = qapp.font().pointSizeF()
    window.actions_by_id["text_larger"].trigger()
    assert window._settings.text_size == 110
    assert qapp.font().pointSizeF() == pytest.approx(points * 1.1)
    assert window.inspector.font().pointSizeF() == pytest.approx(points * 1.1)
    for _ in range(20):
        window.actions_by_id["text_smaller"].trigger()
    assert window._settings.text_size == text_size.SMALLEST
    window.actions_by_id["text_normal"].trigger()
    assert qapp.font().pointSizeF() == points
    window._settings.text_size = 150
    apply_stored(qapp, window._settings)
    assert qapp.font().pointSizeF() == pytest.approx(points * 1.5)


def test_that_a_presentation_has_large_type_and_ends(
    window: MainWindow, qapp: QApplication
) -> None:
    points, action = qapp.font().pointSizeF(), window.actions_by_id["presentation"]
    action.trigger()
    assert action.isChecked() and window.isFullScreen()
    assert qapp.font().pointSizeF() == pytest.approx(points * text_size.PRESENTATION)
    assert action.shortcut().toString() in window.statusBar().currentMessage()
    fields = (window.setup.editor(n) for n in ("optimizer", "learning_rate", "batch_size"))
    for field in fields:
        assert field.maximumHeight() >= field.fontMetrics().height() + 10, field
    action.trigger()
    assert not action.isChecked() and not window.isFullScreen()
    assert qapp.font().pointSizeF() == points
    assert window.statusBar().currentMessage() == ""


@pytest.mark.parametrize("value", ["", "abc", "-5", "99999", "nan"])
def test_that_a_size_that_makes_no_sense_reads_as_the_usual(value: str, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    store.setValue("view/text", value)
    assert Settings(store).text_size == 100


def test_that_nothing_flows_where_motion_is_not_wanted(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = window.canvas._stream
    window.actions_by_id["motion_full"].trigger()
    window.canvas.set_flowing(True)
    assert stream.isActive()
    window.actions_by_id["motion_reduced"].trigger()
    window.canvas.set_flowing(True)
    assert not stream.isActive() and window._settings.motion == "reduced"
    for less in (True, False):
        monkeypatch.setattr(motion, "system_wants_less", lambda less=less: less)
        window.actions_by_id["motion_system"].trigger()
        window.canvas.set_flowing(True)
        assert stream.isActive() is not less
    window.canvas.set_flowing(False)


def test_that_what_flows_stands_still_as_soon_as_the_wish_comes(
    window: MainWindow, qtbot: QtBot
) -> None:
    stream = window.canvas._stream
    motion.hear_desktop(False)
    try:
        window.canvas.set_flowing(True)
        assert stream.isActive()
        motion.hear_desktop(True)
        qtbot.waitUntil(lambda: not stream.isActive())
        motion.hear_desktop(False)
        window.canvas.set_flowing(True)
        window.actions_by_id["motion_reduced"].trigger()
        qtbot.waitUntil(lambda: not stream.isActive())
    finally:
        motion.hear_desktop(None)
        window.canvas.set_flowing(False)


@pytest.mark.parametrize(
    ("answer", "kde", "less"),
    [("false\n", "", True), ("true\n", "", False), ("", "AnimationDurationFactor=0", True),
     ("", "AnimationDurationFactor=0.5", False), ("", "", False)],
)  # fmt: skip
def test_that_the_system_is_asked_for_less_motion(
    answer: str, kde: str, less: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if kde:
        (tmp_path / "kdeglobals").write_text(f"[KDE]\n{kde}\n")
    monkeypatch.setattr(motion.shutil, "which", lambda _: "/usr/bin/gsettings")
    monkeypatch.setattr(
        motion.subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, answer, "")
    )
    assert motion._asked.__wrapped__() is less


# Keys


def test_that_keys_are_changed_told_and_remembered(window: MainWindow) -> None:
    dialog = ShortcutsDialog(window.shortcuts, window)
    dialog.search.setText("undo the last")
    assert dialog._current() == ""  # what it searches is the name and the keys
    dialog.search.setText("ctrl+z")
    assert dialog._current() == "undo"
    dialog.keys.setKeySequence(QKeySequence("Ctrl+S"))
    assert "Save" in dialog.note.text() and dialog.assign.isEnabled()
    dialog.assign.click()
    by_id = window.actions_by_id
    assert by_id["undo"].shortcut().toString() == "Ctrl+S"
    assert by_id["save"].shortcut().isEmpty()
    assert "Ctrl+S" in by_id["undo"].toolTip() and "Ctrl+S" not in by_id["save"].toolTip()
    assert window._settings.shortcuts == {"undo": "Ctrl+S", "save": ""}
    # The next start.
    again = Shortcuts(by_id, window._settings)
    assert again.keys("undo") == "Ctrl+S" and again.keys("save") == ""
    dialog.search.clear()
    dialog.choose("undo")
    dialog.reset.click()
    assert by_id["undo"].shortcut().toString() == "Ctrl+Z"
    assert window._settings.shortcuts == {"save": ""}
    dialog.reset_all.click()
    assert by_id["save"].shortcut().toString() == "Ctrl+S" and window._settings.shortcuts == {}
    assert not dialog.reset_all.isEnabled()
    dialog.deleteLater()


def test_that_keys_can_be_taken_away(window: MainWindow) -> None:
    dialog = ShortcutsDialog(window.shortcuts, window)
    dialog.choose("connect")
    dialog.keys.clear()
    assert "without keys" in dialog.note.text()
    dialog.assign.click()
    assert window.actions_by_id["connect"].shortcut().isEmpty()
    window.shortcuts.reset_all()
    dialog.deleteLater()


def test_that_keys_that_begin_with_others_are_rivals(window: MainWindow) -> None:
    assert window.shortcuts.rival("about", "Ctrl+S, X") == "save"
    assert window.shortcuts.rival("save", "Ctrl+S") == ""
    assert window.shortcuts.rival("about", "") == ""


def test_that_no_two_actions_share_keys_whatever_is_stored(window: MainWindow) -> None:
    window._settings.shortcuts = {"about": "Ctrl+S", "run": "Ctrl+S", "fork": "nonsense+++"}
    keys = Shortcuts(window.actions_by_id, window._settings)
    used = [keys.keys(key) for key in keys.specs if keys.keys(key)]
    assert len(used) == len(set(used))
    assert "Ctrl+S" in (keys.keys("about"), keys.keys("run")) and keys.keys("save") == ""
    keys.reset_all()


def test_that_every_submenu_has_a_title_and_every_group_one_choice(window: MainWindow) -> None:
    assert {s.submenu for s in actions.ACTIONS} - {""} == set(actions.SUBMENUS)
    for name in actions.SUBMENUS:
        group = [s.id for s in actions.ACTIONS if s.submenu == name and s.checked == "group"]
        assert not group or sum(window.actions_by_id[i].isChecked() for i in group) == 1


# Layouts


def _open(window: MainWindow) -> set[str]:
    return {key for key, dock in window.docks.items() if not dock.isHidden()}


def test_that_each_arrangement_comes_back_as_it_was_left(window: MainWindow, qtbot: QtBot) -> None:
    step, train = window.actions_by_id["layout_step"], window.actions_by_id["layout_train"]
    step.trigger()
    window.docks["timeline"].close()
    window.docks["outline"].show()
    left = _open(window)
    train.trigger()
    assert _open(window) == set(docks.ARRANGEMENTS["train"])
    step.trigger()
    assert _open(window) == left
    step.trigger()  # once more puts it back
    assert _open(window) == set(docks.ARRANGEMENTS["step"])
    window.docks["timeline"].close()
    window.actions_by_id["reset_layout"].trigger()
    step.trigger()
    assert _open(window) == set(docks.ARRANGEMENTS["step"])


def test_that_after_a_crash_no_arrangement_is_taken_for_what_is_on_the_screen(
    window: MainWindow,
) -> None:
    window.actions_by_id["layout_step"].trigger()
    # A window after one that could not close: it begins with the standard places.
    after = Layouts(window, window.docks, window._settings)
    docks.close_instruments(window.docks)
    after.restore()
    after.show_arrangement("train")
    after.show_arrangement("step")
    assert _open(window) == set(docks.ARRANGEMENTS["step"])
    # One that has closed begins with what it showed, and keeps it when it is left.
    window.docks["timeline"].close()
    left = _open(window)
    after.keep()
    later = Layouts(window, window.docks, window._settings)
    later.restore()
    later.show_arrangement("train")
    later.show_arrangement("step")
    assert _open(window) == left


def test_that_settings_outlive_the_program(tmp_path: Path) -> None:
    file = str(tmp_path / "s.ini")
    one = Settings(QSettings(file, QSettings.Format.IniFormat))
    one.text_size, one.motion, one.start_page = 130, "reduced", False
    one.shortcuts = {"run": "F2"}
    one.sync()
    two = Settings(QSettings(file, QSettings.Format.IniFormat))
    assert (two.text_size, two.motion, two.start_page) == (130, "reduced", False)
    assert two.shortcuts == {"run": "F2"}


def test_that_windows_add_to_one_list_of_recent_files(tmp_path: Path) -> None:
    file = str(tmp_path / "s.ini")
    one, two = (Settings(QSettings(file, QSettings.Format.IniFormat)) for _ in range(2))
    one.add_recent_file(tmp_path / "a.bps")
    one.sync()
    two.add_recent_file(tmp_path / "b.bps")
    assert [p.name for p in two.recent_files] == ["b.bps", "a.bps"]


def test_that_a_presentation_is_over_when_the_window_closes(window: MainWindow) -> None:
    window.actions_by_id["presentation"].trigger()
    window._document.undo_stack.setClean()
    window.close()
    assert not window.appearance.presenting and not window.isFullScreen()


def test_that_full_screen_keeps_the_menu_for_the_keyboard(window: MainWindow) -> None:
    window.actions_by_id["presentation"].trigger()
    assert window.menuBar().isVisible()
    assert window.windowState() & Qt.WindowState.WindowFullScreen
    window.actions_by_id["presentation"].trigger()
