"""What takes the keyboard has a name for a screen reader, and shows an eye where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QTabBar,
    QToolBar,
    QWidget,
)
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from backprop_studio.ui import actions, docks, theme
from backprop_studio.ui.controllers import spoken
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.docks import ARRANGEMENTS
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.start.cards import Entry

Do = Callable[[str], None]
TAB = Qt.FocusPolicy.TabFocus


def _name(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        # Qt says what is chosen where there is no name, which tells nobody what it is.
        labels = [x.text() for x in widget.window().findChildren(QLabel) if x.buddy() is widget]
        return widget.accessibleName() or "".join(labels)
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else interface.text(QAccessible.Text.Name).strip()


def _stops(root: QWidget) -> Iterator[QWidget]:
    """Where the keyboard can stop within a widget, whether it is visible now or not."""
    for widget in root.findChildren(QWidget):
        inside = widget.parentWidget()
        if (
            widget.focusPolicy() & TAB
            and widget.focusProxy() is None
            and not isinstance(widget, QTabBar)  # each of its tabs has a name
            and not widget.objectName().startswith("qt_")  # Qt's own parts of an editor
            and not (inside is not None and isinstance(inside.parentWidget(), QComboBox))
            and not (hasattr(inside, "viewport") and inside.viewport() is widget)
        ):
            yield widget


def _nameless(root: QWidget) -> list[str]:
    return [
        f"{type(w).__name__} {w.objectName()} in {type(w.parentWidget()).__name__}"
        for w in _stops(root)
        if not _name(w)
    ]


def test_that_everything_in_the_window_has_a_name(window: MainWindow, do: Do) -> None:
    do("step_batch")
    for key in window.docks:
        window.layouts.open(key)
    window.start.show()
    assert list(_stops(window)), "there is something to look at"
    assert _nameless(window) == []


def test_that_everything_in_dialogs_has_a_name(window: MainWindow, do: Do) -> None:
    do("step_batch")
    lowered = window._document.analysis.require()
    made = (
        ShortcutsDialog(window.shortcuts, window),
        SetNumberDialog(
            window._document.network,
            lowered.program,
            window._engine.snapshot,
            window._engine.ask,
            window,
        ),
    )
    for dialog in made:
        assert list(_stops(dialog)) and _nameless(dialog) == [], type(dialog).__name__
        dialog.deleteLater()


def test_that_the_keyboard_is_seen_wherever_it_stops(
    window: MainWindow, do: Do, qtbot: QtBot, qapp: QApplication
) -> None:
    theme.apply(qapp, "light")
    do("step_batch")
    with qtbot.waitActive(window):
        window.activateWindow()
    unseen, seen = [], set()

    def look(root: QWidget) -> None:
        for widget in _stops(root):
            if widget in seen or not widget.isVisible() or not widget.isEnabled():
                continue
            seen.add(widget)
            window.setFocus()
            before = widget.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if not widget.hasFocus() or widget.grab().toImage() == before:
                unseen.append(f"{type(widget).__name__} {_name(widget)}")

    for key, dock in window.docks.items():
        window.layouts.open(key)
        QApplication.processEvents()
        look(dock.widget())
    look(window)
    window.start.show()
    look(window.start.page)
    assert len(seen) > 60 and unseen == []


def test_that_tab_goes_through_the_start_page_and_back(window: MainWindow, qtbot: QtBot) -> None:
    window.start.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    page = window.start.page
    wanted = [
        *page.recent, *page.begin, page.greets, page.leave,
        *page.examples.cards, *page.presets.cards,
    ]  # fmt: skip
    page.begin[0].setFocus()
    reached = set()
    for _ in range(80):
        focus = QApplication.focusWidget()
        reached.add(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert set(wanted) <= reached
    # In the order in which they stand.
    page.set_lessons([Entry(f"Lesson {k}", "", lambda: None) for k in range(3)])
    page.begin[0].setFocus()
    for wanted in (page.begin[1], page.greets, page.leave, *page.lessons.cards):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is wanted
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is page.examples.cards[0]


@pytest.mark.parametrize("arrangement", ["standard", *ARRANGEMENTS])
def test_that_tab_goes_through_all_panels_and_is_caught_in_none(
    arrangement: str, window: MainWindow, qtbot: QtBot
) -> None:
    if arrangement != "standard":
        window.actions_by_id[f"layout_{arrangement}"].trigger()
    with qtbot.waitActive(window):
        window.activateWindow()
    window.canvas.setFocus()
    visited: list[QWidget] = []
    for _ in range(400):
        focus = QApplication.focusWidget()
        assert focus is not None
        visited.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        # From one layer to the next it stays on the canvas.
        if focus is not window.canvas and QApplication.focusWidget() is window.canvas:
            break
    assert QApplication.focusWidget() is window.canvas, visited[-5:]
    front = {k: d for k, d in window.docks.items() if not d.visibleRegion().isEmpty()}
    missed = [
        key
        for key, dock in front.items()
        if any(w.isVisible() and w.isEnabled() for w in _stops(dock))
        and not any(dock.isAncestorOf(w) for w in visited)
    ]
    assert len(front) > 2 and missed == []


def test_that_every_action_has_a_name_and_no_two_the_same(window: MainWindow) -> None:
    names = [actions.plain_text(spec) for spec in actions.ACTIONS]
    assert all(names) and len(set(names)) == len(names)
    for spec in actions.ACTIONS:
        action = window.actions_by_id[spec.id]
        assert action.statusTip() and action.objectName() == f"action-{spec.id}"


def test_that_no_two_buttons_of_the_toolbar_have_the_same_name(window: MainWindow) -> None:
    """Both ways to restart were called "Restart,"."""
    buttons = window.findChild(QToolBar, "toolbar").findChildren(QAbstractButton)
    names = [_name(b) for b in buttons if b.isVisible()]
    assert len(names) == len(set(names)) and len(names) > 12
    assert {"Restart, same weights", "Restart, new weights", "Light or dark theme"} <= set(names)


def test_that_every_panel_can_be_opened_by_a_command(window: MainWindow) -> None:
    shown = {spec.key for spec in docks.DOCKS if spec.shown}
    commands = {
        key.removeprefix("open_") for key in window.actions_by_id if key.startswith("open_")
    }
    others = {key for key in window.actions_by_id if key in window.docks}
    assert set(window.docks) == shown | commands | others


def test_that_every_model_keeps_qts_rules(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    """All item models that the window holds, while what they show changes."""
    do("step_batch")
    for key in window.docks:
        window.layouts.open(key)
    models = {m for m in window.findChildren(QAbstractItemModel) if not _of_qt(m)}
    kinds = {type(m).__name__ for m in models}
    assert {"ProgramModel", "MessagesModel", "PaletteModel", "PaletteFilter"} <= kinds
    testers = []
    for model in models:
        tester = ModelTester(None)
        tester.check(model)
        testers.append(tester)
    try:
        window.palette_panel.search.setText("con")
        do("step_op")
        window._document.reset(type(window._document.network)())
        window.palette_panel.search.clear()
        qtbot.wait(50)
    finally:
        for tester in testers:
            tester._cleanup()


def _of_qt(model: QAbstractItemModel) -> bool:
    return type(model).__module__.startswith("PySide6")


def test_that_edits_undo_and_what_is_told_are_read_out(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(spoken, "say", lambda _, text: said.append(text))
    stack, first = window._document.undo_stack, window._document.network.nodes[1].id
    window.canvas.select((first,))
    window.canvas.delete_selection()
    assert len(said) == 1 and said[0] == stack.undoText() != ""
    stack.undo()
    stack.redo()
    assert said[1:] == [f"Undone: {said[0]}", f"Done again: {said[0]}"]
    stack.undo()
    said.clear()
    # In place of what was undone: as many entries as before, and yet another one.
    window.actions_by_id["select_all"].trigger()
    window.canvas.delete_selection()
    assert said == [stack.undoText()]
    said.clear()
    window.canvas.connect_selection()
    assert len(said) == 1 and said[0] == window.statusBar().currentMessage() != ""
    window._document.reset(type(window._document.network)())
    assert len(said) == 1, "an empty history tells of nothing"


def test_that_what_is_said_reaches_the_system(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[object, str]] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda e: told.append((e.object(), e.message()))
    )
    spoken.say(window, "")
    spoken.say(window, "Wired")
    ((here, text),) = told
    assert text == "Wired" and here in (window, QApplication.focusWidget())
