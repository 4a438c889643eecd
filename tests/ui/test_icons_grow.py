"""Icons keep their proportion to the words beside them, at every size of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QToolBar, QToolButton
from pytestqt.qtbot import QtBot

from backprop_studio.errors import Severity
from backprop_studio.ui import icons, text_size, theme
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.stylesheet import build
from backprop_studio.ui.widgets.note import Note

FACTOR = text_size.PRESENTATION


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    text_size.apply(qapp, 100)


def _sizes(window: MainWindow) -> dict[str, int]:
    """Sides of icons all over the window, in pixels."""
    bar = next(b for b in window.findChildren(QToolBar) if b.objectName() == "toolbar")
    save = bar.widgetForAction(window.actions_by_id["save"])
    assert isinstance(save, QToolButton)
    view = window.palette_panel.view
    dense = view.indexAt(window.palette_panel.drag_point("dense"))
    window.inspector.set_selection((window._document.network.nodes[1].id,))
    return {
        "toolbar": bar.iconSize().width(),
        "tool button": save.iconSize().width(),
        "run": window.transport.run_button.iconSize().width(),
        "step": window.transport.step_button.iconSize().width(),
        "inspector": window.inspector._chip.width(),
        "start page": window.start.page._picture.pixmap().width(),
        "palette": view.visualRect(dense).height(),
    }


def test_that_icons_grow_with_the_type_before_an_audience_and_shrink_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    before = _sizes(window)
    window.actions_by_id["presentation"].trigger()
    wanted = {name: pytest.approx(side * FACTOR, rel=0.1) for name, side in before.items()}
    qtbot.waitUntil(lambda: _sizes(window) == wanted)
    window.actions_by_id["presentation"].trigger()
    qtbot.waitUntil(lambda: _sizes(window) == before)


def test_that_an_icon_in_a_larger_size_is_drawn_and_not_blown_up(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_id["presentation"].trigger()
    step = window.transport.step_button
    qtbot.waitUntil(lambda: step.iconSize().width() == text_size.scaled(16))
    large = step.icon().pixmap(step.iconSize()).toImage()
    small = step.icon().pixmap(QSize(16, 16)).toImage()
    assert large.size() == step.iconSize() != small.size()
    assert large == icons.icon("step-forward").pixmap(step.iconSize()).toImage()
    assert large.convertToFormat(QImage.Format.Format_ARGB32) != small.scaled(large.size())


def test_that_the_icon_of_a_note_grows(qapp: QApplication, qtbot: QtBot) -> None:
    note = Note()
    qtbot.addWidget(note)
    note.show_text("Something is wrong.", Severity.ERROR)
    note.show()
    assert note._icon.width() == 14
    text_size.apply(qapp, 200)
    qtbot.waitUntil(lambda: note._icon.width() == 28)
    text_size.apply(qapp, 100)
    qtbot.waitUntil(lambda: note._icon.width() == 14)


def _lengths(sheet: str, selector: str) -> Callable[[str], int]:
    rules = "".join(re.findall(rf"{re.escape(selector)}\s*\{{([^}}]*)\}}", sheet))

    def length(name: str) -> int:
        found = re.search(rf"(?:^|[;\s]){name}:\s*-?(\d+)px", rules)
        assert found is not None, (selector, name)
        return int(found[1])

    return length


@pytest.mark.parametrize("text", [0.8, 1.0, 1.1, 1.4, 1.7, 2.0, 2.8])
def test_that_round_things_stay_round_and_nothing_jumps_when_it_is_checked(text: float) -> None:
    sheet = build(theme.LIGHT, text)
    assert "sp;" not in sheet and "$" not in sheet
    empty = _lengths(sheet, "QRadioButton::indicator")
    full = _lengths(sheet, "QRadioButton::indicator:checked")
    assert empty("width") + 2 == full("width") + 2 * full("border")
    assert empty("border-radius") == (empty("width") + 2) // 2
    groove = _lengths(sheet, "QSlider::groove:horizontal")
    knob = _lengths(sheet, "QSlider::handle:horizontal")
    assert groove("height") + 2 * knob("margin") == knob("width") + 4
    assert knob("border-radius") == (knob("width") + 4) // 2
    assert full("width") == pytest.approx(8 * text, abs=1.5)
    assert knob("width") == pytest.approx(12 * text, abs=1.5)
