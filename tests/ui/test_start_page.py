"""The start page greets, opens what it offers, and goes when something else is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QScrollArea
from pytestqt.qtbot import QtBot

from backprop_studio import project
from backprop_studio.network.presets import PRESETS
from backprop_studio.project import Project
from backprop_studio.training import State
from backprop_studio.ui import docks, finding, theme
from backprop_studio.ui.main_window import MainWindow


def _visible(window: MainWindow) -> set[str]:
    return {key for key, dock in window.docks.items() if not dock.isHidden()}


def _names(window: MainWindow) -> list[str]:
    return [n.name for n in window._document.network.nodes]


def test_that_the_page_takes_the_place_of_panels_and_brings_them_back(window: MainWindow) -> None:
    before = _visible(window)
    window.actions_by_id["start_page"].trigger()
    assert window.start.shown and _visible(window) == set()
    QTest.keyClick(window.start.page, Qt.Key.Key_Escape)
    assert not window.start.shown and _visible(window) == before
    assert window.pages.currentWidget() is window.canvas
    assert window.canvas.hasFocus() or not window.isActiveWindow()


def test_that_it_greets_until_told_not_to(window: MainWindow) -> None:
    window.start.greet()
    assert window.start.shown and window.start.page.greets.isChecked()
    QTest.mouseClick(window.start.page.greets, Qt.MouseButton.LeftButton)
    assert not window._settings.start_page
    window.start.leave()
    window.start.greet()
    assert not window.start.shown
    window.actions_by_id["start_page"].trigger()
    assert window.start.shown  # whoever asks for it gets it
    assert not window.start.page.greets.isChecked()


def test_that_cards_are_high_enough_for_larger_text(
    window: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    theme.apply(qapp, "light")
    window.start.show()
    page = window.start.page
    cards = (*page.examples.cards, *page.presets.cards)
    window.resize(1000, 700)
    for _ in range(6):
        window.actions_by_id["text_larger"].trigger()
    metrics = cards[0].fontMetrics()
    assert cards[0].needed(cards[0].width()) >= 112 + 2 * metrics.height()
    qtbot.waitUntil(lambda: all(c.height() >= c.needed(c.width()) for c in cards))


def test_that_every_example_and_preset_is_offered_with_a_picture(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.start.show()
    page = window.start.page
    titles = [c.text() for c in page.examples.cards]
    assert titles == [title for title, _ in finding.examples().values()]
    assert [c.text() for c in page.presets.cards] == [p.title for p in PRESETS.values()]
    cards = (*page.examples.cards, *page.presets.cards)
    # Pictures are made once one of them is in sight, which depends on the size of the screen.
    areas = page.findChildren(QScrollArea)
    next(a for a in areas if a.isAncestorOf(cards[0])).ensureWidgetVisible(cards[0])
    qtbot.waitUntil(lambda: all(c._picture is not None for c in cards), timeout=20_000)
    # Not one of them is blank; two presets alone look alike, of three layers each.
    pictures = [c._picture.toImage() for c in cards]
    assert all(
        len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(image.height())})
        > 3
        for image in pictures
    )
    alike = [(i, j) for i, a in enumerate(pictures) for j in range(i) if a == pictures[j]]
    assert len(alike) <= 1


def test_that_cards_are_walked_and_chosen_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    window.start.show()
    page = window.start.page
    with qtbot.waitActive(window):
        window.activateWindow()
    first, second = page.presets.cards[:2]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert QApplication.focusWidget() is second
    QTest.keyClick(second, Qt.Key.Key_Left)
    QTest.keyClick(first, Qt.Key.Key_Left)
    assert QApplication.focusWidget() is first
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert not window.start.shown
    assert _names(window) == [n.name for n in PRESETS["perceptron"].make().nodes]


def test_that_an_example_opens(window: MainWindow) -> None:
    window.start.show()
    titles = [c.text() for c in window.start.page.examples.cards]
    card = window.start.page.examples.cards[titles.index("Two moons")]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window._document.network.setup.dataset == "moons" and not window.start.shown


def test_that_recent_projects_continue(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "a & b.bps"
    project.save(Project(PRESETS["neuron"].make()), path)
    window._settings.add_recent_file(path)
    window.start.show()
    (button,) = window.start.page.recent
    assert button.accessibleName() == "a & b.bps" and str(path) in button.toolTip()
    button.click()
    assert window.project.path == path and not window.start.shown


def test_that_a_project_that_cannot_be_opened_leaves_the_page(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "backprop_studio.ui.controllers.project.QMessageBox.warning", lambda *_: None
    )
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    window._settings.add_recent_file(tmp_path / "gone.bps")
    window.start.show()
    window.start.page.recent[0].click()
    window.start.page.begin[1].click()
    assert window.start.shown  # nothing else was opened: the page stays


def test_that_lessons_are_offered_and_lead_to_the_canvas(window: MainWindow) -> None:
    window.start.show()
    page = window.start.page
    titles = [entry.title for entry in window.lessons.entries()]
    assert [card.entry.title for card in page.lessons.cards] == [
        f"{number}. {title}" for number, title in enumerate(titles, 1)
    ]
    page.lessons.cards[0].click()
    assert not window.start.shown
    assert window.lessons.runner is not None
    assert window.lessons.runner.lesson.head.title == titles[0]


def test_that_the_page_does_not_speak_of_lessons_where_there_are_none(window: MainWindow) -> None:
    window.start.offer_lessons(tuple)
    window.start.show()
    assert window.start.page.lessons.isHidden()


@pytest.mark.parametrize("action", ["layout_step", "open_credit", "reset_layout", "step_op"])
def test_that_doing_something_else_leads_to_the_canvas(window: MainWindow, action: str) -> None:
    window.start.show()
    window.actions_by_id[action].trigger()
    assert not window.start.shown
    wanted = docks.ARRANGEMENTS["step"] if action == "layout_step" else ("inspector",)
    assert _visible(window) >= set(wanted)
    assert action != "open_credit" or "credit" in _visible(window)


def test_that_a_panel_can_be_opened_from_the_page(window: MainWindow) -> None:
    window.docks["messages"].close()
    window.start.show()
    window.docks["messages"].toggleViewAction().trigger()
    assert not window.start.shown and "messages" in _visible(window)


def test_that_quitting_from_the_page_keeps_the_panels(window: MainWindow) -> None:
    before = _visible(window)
    window.start.show()
    window.layouts.keep()
    window.start.leave()
    for dock in window.docks.values():
        dock.hide()
    window.restoreState(window._settings.window_state, docks.LAYOUT_VERSION)
    assert _visible(window) == before


def test_that_the_example_behind_the_page_can_be_run_at_once(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.start.show()
    with window.start.staying():
        window.project.load_example()
    assert window.start.shown
    qtbot.waitUntil(lambda: window._engine.state is State.PAUSED)
    window.actions_by_id["run"].trigger()
    assert not window.start.shown
    qtbot.waitUntil(lambda: window._engine.state is State.RUNNING)
