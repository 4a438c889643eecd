"""What a start builds and imports before a person sees the window, and what comes when."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.ui import docks
from backprop_studio.ui.instruments import INSTRUMENTS, kind
from backprop_studio.ui.main_window import MainWindow

SLOW = ("pyqtgraph", "PIL", "ziamath", "safetensors", "backprop_studio.ui.canvas.view",
        "backprop_studio.lessons")  # fmt: skip
"""What is imported only after the first paint."""

_START = f"""
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from backprop_studio import app as application

class Watched(QApplication):
    # Sees every event before the program's own filters do.
    painted = None
    def notify(self, watched, event):
        if event.type() == QEvent.Type.Paint and self.painted is None:
            self.painted = [name for name in {SLOW!r} if name in sys.modules]
        return super().notify(watched, event)

application.QApplication = Watched
app, window = application.start([])
assert window.start.shown and not hasattr(window, "canvas")
kept = len(window.start.page.lessons.cards)

def look():
    if app.painted is None or not window._document.network.nodes:
        return
    assert app.painted == [], app.painted
    assert window.start.shown, "the page stays in front of the example"
    if not window.start.page.lessons.cards[0].isEnabled():
        return
    titles = [card.entry.title.strip() for card in window.start.page.lessons.cards]
    assert all(titles) and len(titles) == kept, "lessons stand where room was kept for them"
    assert window.canvas is not None and "pyqtgraph" in sys.modules
    assert not window.instruments._built, "closed docks stay empty"
    window._document.undo_stack.setClean()
    window.close()
    app.quit()

timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
sys.exit(application.run(app, window))
"""


def test_that_the_first_paint_waits_for_nothing_that_it_does_not_show() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _START], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_that_every_action_has_something_to_do(window: MainWindow) -> None:
    assert set(window._handlers) == set(window.actions_by_id)


def test_that_an_instrument_is_built_when_its_dock_is_first_opened(window: MainWindow) -> None:
    assert window.docks["rules"].widget() is None
    window.layouts.open("rules")
    panel = window.instruments.rules
    assert isinstance(panel, kind("rules"))
    assert panel.isVisible() and window.docks["rules"].isAncestorOf(panel)
    assert list(window.instruments._built) == ["rules"]


def test_that_an_instrument_opened_from_the_menu_of_docks_is_built_as_well(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.docks["credit"].toggleViewAction().trigger()
    window.docks["credit"].raise_()
    qtbot.waitUntil(lambda: "credit" in window.instruments._built)
    assert window.instruments.credit.isVisible()


def test_that_an_instrument_comes_back_with_the_layout(window: MainWindow, qtbot: QtBot) -> None:
    window.layouts.open("doctor")
    window.layouts.keep()
    window.layouts.reset()
    assert window.docks["doctor"].isHidden()
    window.layouts.restore()
    qtbot.waitUntil(window.instruments.doctor.isVisible)


def test_that_an_instrument_asked_for_by_name_has_its_place_at_once(window: MainWindow) -> None:
    panel: QWidget = window.instruments.paths
    assert window.docks["paths"].isAncestorOf(panel), "it goes when the window does"
    assert not panel.isVisible() and window.docks["paths"].isHidden()


def test_that_every_instrument_has_a_dock_and_a_class() -> None:
    assert set(INSTRUMENTS) <= {spec.key for spec in docks.DOCKS}
    assert all(issubclass(kind(key), QWidget) for key in INSTRUMENTS)


def test_that_what_was_told_and_wired_before_is_not_lost(window: MainWindow, qtbot: QtBot) -> None:
    heard: list[int] = []
    window.instruments.hear("example", "row_chosen", heard.append)
    window.instruments.tell("units", "set_row", 1)
    window.instruments.tell("units", "set_row", 3)
    assert not window.instruments._built
    window.layouts.open("units")
    assert window.instruments.units._row == 3
    window.instruments.example.row_chosen.emit(2)
    assert heard == [2] and window.instruments.units._row == 2


def test_that_a_layer_selected_before_is_the_one_that_is_sat_inside(window: MainWindow) -> None:
    node = next(n.id for n in reversed(window._document.network.nodes) if n.spec.ports)
    window.canvas.select((node,))
    window.layouts.open("inside")
    panel = window.instruments.inside
    assert node in (panel.node.currentData(), panel._wanted)


def test_that_there_is_no_instrument_of_another_name(window: MainWindow) -> None:
    with pytest.raises(AttributeError):
        _ = window.instruments.telescope
