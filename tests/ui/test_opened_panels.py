"""A panel that somebody opens can be read at once, and the canvas stays in sight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lesson_cases import lesson_named
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui import actions, columns, docks, room, text_size, theme
from backprop_studio.ui.main_window import MainWindow
from tests.ui.lesson_help import NEURON

BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
BELOW = [spec.key for spec in docks.DOCKS if spec.area == BOTTOM]


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    text_size.apply(qapp, 100)


def _settled(window: MainWindow, qtbot: QtBot) -> None:
    """Docks come together or apart as soon as the loop is idle."""
    qtbot.waitUntil(lambda: not window.layouts._fitting.isActive())
    docks.settle(window)


def _arranged(window: MainWindow, name: str, qtbot: QtBot) -> None:
    window.layouts.reset()
    window.actions_by_id[f"layout_{name}"].trigger()
    _settled(window, qtbot)


def _open(window: MainWindow, key: str, qtbot: QtBot) -> None:
    window.layouts.open(key)
    _settled(window, qtbot)
    qtbot.waitUntil(lambda: docks.is_in_front(window.docks[key]))


@pytest.mark.parametrize(
    ("size", "percent"), [((1280, 800), 100), ((1024, 768), 150), ((1280, 800), 200)]
)
def test_that_every_panel_opened_from_every_arrangement_can_be_read_beside_the_canvas(
    size: tuple[int, int], percent: int, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(*size)
    window.appearance.set_text(percent)
    wide, high = size
    for name in docks.ARRANGEMENTS:
        # One of each place in its usual way, and all that stand below the canvas.
        for key in (*BELOW, "outline", "credit", "inspector", "setup"):
            _arranged(window, name, qtbot)
            _open(window, key, qtbot)
            dock, canvas, where = window.docks[key], window.pages, (name, key)
            assert (window.width(), window.height()) == size, where
            assert dock.width() >= min(text_size.scaled(columns.NARROWEST) * 0.75, wide * 0.2), (
                where
            )
            if key != "messages":
                assert dock.height() >= min(text_size.scaled(room.HEIGHT), high * 0.36) * 0.83, (
                    where
                )
            assert canvas.height() >= high * room.CANVAS, where
            assert canvas.width() >= wide * room.CANVAS, where


def test_that_the_canvas_gets_back_what_it_has_given(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    for key in ("timeline", "current_step", "credit"):
        _arranged(window, "build", qtbot)
        before = window.pages.size()
        _open(window, key, qtbot)
        assert window.pages.size() != before
        window.docks[key].close()
        qtbot.waitUntil(lambda before=before: window.pages.size() == before)


def test_that_the_last_of_two_panels_gives_it_back(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    _arranged(window, "build", qtbot)
    before = window.pages.height()
    _open(window, "losses", qtbot)
    _open(window, "gradients", qtbot)
    lower = window.pages.height()
    window.docks["losses"].close()
    qtbot.wait(30)
    assert window.pages.height() == lower < before
    window.docks["gradients"].close()
    qtbot.waitUntil(lambda: window.pages.height() == before)


def test_that_a_border_that_somebody_has_moved_stays(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    _arranged(window, "build", qtbot)
    window.resizeDocks([window.docks["messages"]], [300], Qt.Orientation.Vertical)
    docks.settle(window)
    before = window.pages.height()
    _open(window, "losses", qtbot)
    assert window.pages.height() == before, "there is room enough"
    window.docks["losses"].close()
    _arranged(window, "build", qtbot)
    _open(window, "losses", qtbot)
    window.resizeDocks([window.docks["messages"]], [320], Qt.Orientation.Vertical)
    docks.settle(window)
    moved = window.pages.height()
    window.docks["losses"].close()
    qtbot.wait(30)
    assert window.pages.height() == moved


def test_that_messages_get_as_much_as_there_is_to_read(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    _arranged(window, "build", qtbot)
    dock = window.docks["messages"]
    few = dock.height()
    _open(window, "messages", qtbot)
    assert dock.height() == few, "there is no problem to read"
    for text in ("The loss is not finite.", "The disk is full.", "The weights do not fit."):
        window.messages.show_notice(text)
    docks.settle(window)
    _open(window, "messages", qtbot)
    assert dock.height() > few


def test_that_a_panel_chosen_in_the_menu_of_docks_is_seen_and_not_behind_another(
    window: MainWindow, qtbot: QtBot
) -> None:
    _arranged(window, "build", qtbot)
    window.docks["current_step"].toggleViewAction().trigger()
    qtbot.waitUntil(lambda: docks.is_in_front(window.docks["current_step"]))
    assert not docks.is_in_front(window.docks["messages"])


NAMED_OTHERWISE = {"data": "data", "history": "history", "outline": "outline", "help": "help",
                   "lesson": "lessons"}  # fmt: skip
"""Panels whose command is called by what it is for."""


def test_that_every_panel_has_a_command_in_a_menu(window: MainWindow) -> None:
    specs = {spec.id: spec for spec in actions.ACTIONS}
    for spec in docks.DOCKS:
        command = NAMED_OTHERWISE.get(spec.key, f"open_{spec.key}")
        assert specs[command].menu, spec.key
    shown = {window.actions_by_id[f"open_{s.key}"] for s in docks.DOCKS if s.shown}
    assert shown <= set(window._menus["view"].actions())


def test_that_messages_are_opened_by_their_command_and_closed_by_the_keyboard(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.activateWindow()
    _arranged(window, "train", qtbot)
    messages = window.docks["messages"]
    assert messages.isHidden()
    for _ in range(2):
        window.actions_by_id["open_messages"].trigger()
        qtbot.waitUntil(lambda: docks.is_in_front(messages))
    qtbot.waitUntil(lambda: messages.isAncestorOf(QApplication.focusWidget()))
    window.actions_by_id["close_panel"].trigger()
    assert messages.isHidden()
    assert QApplication.focusWidget() is window.canvas
    window.actions_by_id["close_panel"].trigger()
    assert "No panel has the keyboard" in window.statusBar().currentMessage()
    assert not window.docks["losses"].isHidden()


def test_that_a_lesson_that_hides_a_panel_hides_its_command(window: MainWindow) -> None:
    head = structs.replace(lesson_named(NEURON).head, hide_panels=("messages",))
    window.lessons.opened.emit(head)
    assert not window.actions_by_id["open_messages"].isVisible()
    window.lessons.closed.emit()
    assert window.actions_by_id["open_messages"].isVisible()


def test_that_the_button_that_closes_a_dock_grows_with_the_text(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, qtbot)
    dock = window.docks["setup"]

    button = dock.findChild(QAbstractButton, "close-panel")
    usual = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    assert button.geometry().contains(usual.geometry()), "of Qt's, nothing is seen"
    before = button.height()
    window.appearance.set_text(200)
    qtbot.waitUntil(lambda: button.height() >= 1.8 * before)
    assert button.geometry().contains(usual.geometry())
    assert dock.rect().contains(button.geometry())
    assert button.geometry().bottom() < dock.widget().y()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
