"""The toolbar gives up words before it puts anything out of sight."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.training import Boundary
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.transport import TIGHTEST


def _bar(window: MainWindow) -> QToolBar:
    return next(b for b in window.findChildren(QToolBar) if b.objectName() == "toolbar")


def _out_of_sight(window: MainWindow) -> list[str]:
    """The actions and the transport, as far as they are not to be seen whole."""
    bar = _bar(window)
    widgets = {a.objectName() or "widget": bar.widgetForAction(a) for a in bar.actions()}
    return [
        name
        for name, w in widgets.items()
        if not w.isVisible() or w.geometry().right() > bar.width() or w.width() < _least(w)
    ]


def _least(widget: QWidget) -> int:
    return widget.minimumSizeHint().width()


@pytest.mark.parametrize("presenting", [False, True])
@pytest.mark.parametrize("width", [1600, 1280, 1024, 800])
def test_that_everything_of_the_toolbar_is_in_sight(
    width: int, presenting: bool, window: MainWindow, qtbot: QtBot
) -> None:
    if presenting:
        window.actions_by_id["presentation"].trigger()
        window.showNormal()
    for key in ("losses", "gradients", "current_step", "program", "messages"):
        window.docks[key].open(False)
    window.resize(width, 700)
    qtbot.waitUntil(lambda: window.width() <= max(width, window.minimumSizeHint().width()))
    qtbot.waitUntil(lambda: _out_of_sight(window) == [], timeout=5000)
    extension = _bar(window).findChild(QToolButton, "qt_toolbar_ext_button")
    assert extension is None or not extension.isVisible()
    if width == 1600 and not presenting:
        assert window.transport.size_buttons[Boundary.OP].isVisible()
        assert not window.transport.size_menu.isVisible()


def test_that_the_menu_of_sizes_and_the_row_of_sizes_are_one_choice(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = window.transport
    actions = {a.text(): a for a in transport.sizes.actions()}
    actions["Layer"].trigger()
    assert transport.boundary is Boundary.LAYER
    assert transport.size_menu.accessibleName() == "Step size: Layer"
    transport.size_buttons[Boundary.PHASE].click()
    assert [text for text, a in actions.items() if a.isChecked()] == ["Phase"]
    assert transport.size_menu.text() == "Phase ▾"
    # A press comes back at once: it does not wait for the menu.
    shown: list[object] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: shown.append(menu))
    transport.set_tightness(TIGHTEST)
    transport.size_menu.click()
    assert shown == [transport.sizes] and transport.size_menu.menu() is None
