"""A command is found by what people call it, not by its name alone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backprop_studio.ui import actions
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.search_words import WORDS, words

NAMES = {spec.id: actions.plain_text(spec) for spec in actions.ACTIONS}


def _open(window: MainWindow) -> Chooser:
    window.actions_by_id["commands"].trigger()
    return window.findChildren(Chooser)[-1]


def _found(chooser: Chooser, typed: str) -> list[str]:
    chooser.search.setText(typed)
    shown = (chooser.list.item(row).text() for row in range(chooser.list.count()))
    return [text.split("    ")[0] for text in shown]


def test_that_the_table_speaks_of_every_command_and_of_nothing_else() -> None:
    assert set(WORDS) == set(NAMES)
    assert all(text == text.lower() and text.split() for text in WORDS.values())


def test_that_everything_is_found_by_its_name_and_by_each_of_its_words(
    window: MainWindow,
) -> None:
    chooser = _open(window)
    everything = {key: name for key, name in NAMES.items() if key != "commands"}
    assert set(_found(chooser, "")) == set(everything.values())
    answers = {word: _found(chooser, word) for text in WORDS.values() for word in text.split()}
    for key, name in everything.items():
        assert name in _found(chooser, name)
        for word in words(key).split():
            assert name in answers[word], f"{key} is not found by {word!r}"
    chooser.reject()


BELONGS = {
    "motion": {"motion_system", "motion_full", "motion_reduced"},
    "animation": {"motion_system", "motion_full", "motion_reduced"},
    "theme": {"theme", "theme_system", "theme_light", "theme_dark"},
    "dark": {"theme", "theme_system", "theme_dark"},
    "dark mode": {"theme", "theme_dark"},
    "font": {"text_larger", "text_smaller", "text_normal", "presentation"},
    "zoom": {"zoom_in", "zoom_out", "zoom_fit", "text_larger"},
    "save": {"save", "save_as", "export", "export_picture"},
    "export": {"export", "export_picture", "export_selection", "export_evidence"},
    "weights": {"export", "import_weights", "restart", "new_weights", "set_number"},
    "learning rate": {"open_setup"},
    "tutorial": {"lessons", "write_lesson"},
    "vanishing": {"open_gradient_flow", "open_doctor"},
    "fullscreen": {"presentation"},
}


def test_that_all_that_belongs_to_a_word_is_found(window: MainWindow) -> None:
    chooser = _open(window)
    for typed, wanted in BELONGS.items():
        missed = {NAMES[key] for key in wanted} - set(_found(chooser, typed))
        assert not missed, f"{typed!r} does not find {missed}"
    chooser.reject()


def test_that_names_come_before_words_that_only_stand_for_them(window: MainWindow) -> None:
    chooser = _open(window)
    assert _found(chooser, "save")[:2] == ["Save", "Save as"]
    assert _found(chooser, "data")[0] == "Data"
    # A word counts from its beginning: a debugger has many commands, and one hunt for bugs.
    assert _found(chooser, "bug") == ["Bug hunt"]
    chooser.reject()


def test_that_what_stands_in_a_submenu_says_in_which(window: MainWindow) -> None:
    chooser = _open(window)
    assert _found(chooser, "let things move") == ["Let things move"]
    assert chooser.list.item(0).text().endswith("Motion")
    chooser.reject()


def test_that_a_panel_is_opened(window: MainWindow) -> None:
    window.docks["setup"].close()
    chooser = _open(window)
    assert _found(chooser, "learning rate")[0] == "Training set-up"
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert window.docks["setup"].isVisible()


def test_that_the_list_of_keys_is_searched_by_the_same_words(window: MainWindow) -> None:
    dialog = ShortcutsDialog(window.shortcuts, window)
    dialog.search.setText("animation")
    shown = {key for key, item in dialog._items.items() if not item.isHidden()}
    assert shown == {"motion_system", "motion_full", "motion_reduced"}
    dialog.deleteLater()
