"""The room that the panels of a lesson have, whatever stood there before."""

from __future__ import annotations

import pytest
from lesson_cases import path_of
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from backprop_studio.ui import docks, text_size, theme
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from tests.ui.lesson_help import NEURON


@pytest.mark.parametrize("before", ["standard", "history", "explain"])
def test_that_the_panels_of_a_lesson_have_their_usual_room_whatever_was_open_before(
    before: str, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1280, 800)
    window.actions_by_id["reset_layout"].trigger()
    if before == "history":
        window.actions_by_id["layout_build"].trigger()
        window.layouts.open("history")
    elif before == "explain":
        window.actions_by_id["layout_explain"].trigger()
    assert window.lessons.open(path_of(NEURON))
    gradients, step = window.docks["gradients"], window.docks["current_step"]
    setup = window.docks["setup"]
    usual = docks.settings_width(window)
    qtbot.waitUntil(lambda: abs(setup.width() - usual) < 30)
    qtbot.waitUntil(lambda: min(gradients.width(), step.width()) > 250)


def test_that_the_title_of_a_step_stays_larger_than_the_text(
    lesson: LessonPanel, qtbot: QtBot
) -> None:
    title = next(w for w in lesson._page.findChildren(QLabel) if w.text() == lesson._built.title)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "light")
    for percent in (100, 160, 100):
        text_size.apply(app, percent)
        wanted = pytest.approx(1.25 * app.font().pointSizeF())
        qtbot.waitUntil(lambda wanted=wanted: title.font().pointSizeF() == wanted)
