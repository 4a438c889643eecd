"""What a presentation puts aside, and that all of it comes back."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from lesson_cases import path_of
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network
from backprop_studio.ui import docks
from backprop_studio.ui.controllers.stage import BUILDING
from backprop_studio.ui.main_window import MainWindow
from tests.ui.lesson_help import NEURON


def present(window: MainWindow) -> None:
    """Begin or end a presentation, in a window of the same size."""
    window.actions_by_id["presentation"].trigger()
    window.showNormal()


def opened(window: MainWindow, keys: Iterable[str] = BUILDING) -> set[str]:
    return {key for key in keys if not window.docks[key].isHidden()}


def test_that_the_network_has_the_room_of_what_builds_it_and_that_comes_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    canvas = window.canvas
    window.actions_by_id["reset_layout"].trigger()
    qtbot.waitUntil(lambda: 0 < canvas.width() < 900)
    before = opened(window, window.docks)
    assert before >= set(BUILDING)
    shares = window.docks["inspector"].height() / window.docks["setup"].height()
    present(window)
    assert opened(window) == set()
    qtbot.waitUntil(lambda: canvas.width() > 1200)
    present(window)
    assert opened(window, window.docks) == before
    qtbot.waitUntil(lambda: canvas.width() < 900)
    inspector, setup = window.docks["inspector"], window.docks["setup"]
    qtbot.waitUntil(lambda: shares * 0.9 < inspector.height() / setup.height() < shares * 1.1)


@pytest.mark.parametrize("name", ["step", "train", "explain"])
def test_that_an_arrangement_is_kept_whole_whatever_was_put_aside(
    name: str, window: MainWindow
) -> None:
    present(window)
    window.actions_by_id[f"layout_{name}"].trigger()
    assert opened(window, window.docks) == set(docks.ARRANGEMENTS[name]) - set(BUILDING)
    window.actions_by_id["layout_build"].trigger()
    assert opened(window) == set(BUILDING), "who builds before an audience has what builds"
    present(window)
    window.actions_by_id[f"layout_{name}"].trigger()
    assert opened(window, window.docks) == set(docks.ARRANGEMENTS[name])


def test_that_one_opened_meanwhile_stays_and_the_tabs_in_front_stay_in_front(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    window.layouts.open("explanation")
    present(window)
    window.docks["inspector"].toggleViewAction().trigger()
    assert opened(window) == {"inspector"}
    qtbot.waitUntil(lambda: docks.is_in_front(window.docks["explanation"]))
    present(window)
    assert opened(window) == set(BUILDING)
    qtbot.waitUntil(lambda: docks.is_in_front(window.docks["explanation"]))
    assert not docks.is_in_front(window.docks["setup"])


def test_that_an_empty_canvas_keeps_what_builds(window: MainWindow) -> None:
    window._document.reset(Network())
    present(window)
    assert opened(window) == set(BUILDING)
    present(window)


def test_that_the_start_page_and_lessons_are_left_alone_and_all_comes_back_after_them(
    window: MainWindow,
) -> None:
    before = opened(window, window.docks)
    present(window)
    window.start.show()
    present(window)
    assert opened(window, window.docks) == set()
    window.start.leave()
    assert opened(window, window.docks) == before
    present(window)
    assert window.lessons.open(path_of(NEURON))
    shown = opened(window, window.docks)
    present(window)
    assert opened(window, window.docks) == shown
    window.lessons.leave()
    assert opened(window, window.docks) == before


def test_that_a_presentation_begun_on_the_start_page_makes_room_on_the_canvas(
    window: MainWindow,
) -> None:
    for leave in (window.start.leave, window.actions_by_id["layout_step"].trigger):
        window.actions_by_id["layout_train"].trigger()
        window.start.show()
        present(window)
        leave()
        assert opened(window) == set()
        present(window)
        window.actions_by_id["layout_train"].trigger()
        assert opened(window, window.docks) == set(docks.ARRANGEMENTS["train"])


def test_that_closing_keeps_the_panels_that_were_put_aside(window: MainWindow) -> None:
    before = opened(window, window.docks)
    present(window)
    window._document.undo_stack.setClean()
    window.appearance.end_presentation()
    window.layouts.keep()
    window.docks["inspector"].close()
    window.layouts._restore(window._settings.window_state)
    assert opened(window, window.docks) == before


def test_that_putting_the_panels_back_by_hand_puts_all_back(window: MainWindow) -> None:
    present(window)
    window.actions_by_id["reset_layout"].trigger()
    assert opened(window) == set(BUILDING)
