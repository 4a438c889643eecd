"""A learner's hands in the lesson's panel, for mouse and keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.widgets.lesson_forms import CheckRow, PredictForm
from backprop_studio.ui.widgets.lesson_text import MarkdownLabel
from tests.ui.waiting import answered

NEURON = "01_one_neuron"
LEFT = Qt.MouseButton.LeftButton


def click(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, LEFT)  # type: ignore[arg-type]


def form(panel: LessonPanel, name: str) -> PredictForm:
    return next(f for f in panel.findChildren(PredictForm) if f.prediction.id == name)


def row(panel: LessonPanel, name: str) -> CheckRow:
    return next(r for r in panel.findChildren(CheckRow) if getattr(r.check, "id", "") == name)


def choose(qtbot: QtBot, panel: LessonPanel, name: str, option: int, sure: int) -> None:
    asked = form(panel, name)
    button = asked.options.button(option)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    click(qtbot, asked.confidence.button(sure))
    click(qtbot, asked.button)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, times: int = 1) -> None:
    for _ in range(times):
        with answered(qtbot, window._engine):
            qtbot.keyClick(window, key)


def go(qtbot: QtBot, window: MainWindow, place: int) -> None:
    """Choose a step, counted from 0, and wait until the app is ready for it."""
    runner = window.lessons.runner
    assert runner is not None
    window.lessons.panel.step_requested.emit(place)
    qtbot.waitUntil(lambda: not runner.is_held)


def solved(qtbot: QtBot, window: MainWindow) -> None:
    runner = window.lessons.runner
    assert runner is not None
    qtbot.waitUntil(lambda: runner.is_solved)
    assert window.lessons.panel._explained.isVisible() or not runner.step.explain


def texts(panel: LessonPanel) -> str:
    """What can be read in the step that is in front."""
    return " ".join(
        label.accessibleName() for label in panel._page.findChildren(MarkdownLabel)
    ).replace("\n", " ")
