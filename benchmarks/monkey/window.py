"""Deeds at the window: training in any order, files, sizes, and clicks on whatever there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QTabBar,
    QToolButton,
)

from benchmarks.monkey.hands import LEFT, NO_KEYS, Hands, close_popups, fill, widget_name, xy
from benchmarks.screen import wait


def train(hands: Hands) -> str:
    transport = hands.window.transport
    sizes = list(transport.size_buttons.values())
    done = []
    for _ in range(hands.random.randint(1, 4)):
        what = hands.random.choice(("run", "run", "step", "back", "size", "key", "wait"))
        done.append(what)
        if what == "run":
            QTest.mouseClick(transport.run_button, LEFT)
        elif what == "step":
            QTest.mouseClick(transport.step_button, LEFT)
        elif what == "back":
            QTest.mouseClick(transport.back_button, LEFT)
        elif what == "size":
            QTest.mouseClick(hands.random.choice(sizes), LEFT)
        elif what == "key":
            keys = [k for k in hands.window.actions_by_id if k.startswith(("step_", "back_"))]
            done[-1] = hands.random.choice([*keys, "restart", "run", "new_weights"])
            hands.window.actions_by_id[done[-1]].trigger()
        else:
            wait(hands.random.choice((1, 10, 30)))
    return ", ".join(done)


def diverge(hands: Hands) -> str:
    """Training that comes to infinity, if there is any."""
    setup, actions = hands.window.setup, hands.window.actions_by_id
    setup.optimizer.setCurrentIndex(setup.optimizer.findData("sgd"))
    fill(setup.editor("learning_rate"), "1e6")
    what = hands.random.choice(("run", "step_batch"))
    for _ in range(3):
        actions[what].trigger()
        wait(20)
    if hands.random.random() < 0.8:
        actions["undo"].trigger()
        actions["undo"].trigger()
    return what


def save_and_open(hands: Hands) -> str:
    path = hands.folder / hands.random.choice(("round.bps", "trip ü.bps"))
    hands.settle()
    if hands.window.project.save_path(path):
        _same_after_opening(hands, path)
    return path.name


def _same_after_opening(hands: Hands, path: Path) -> None:
    network, weights = hands.document.network, hands.engine.weights()
    sound = hands.document.analysis.lowered is not None
    if not hands.window.project.open_path(path):
        hands.report.failures.append(f"what was saved does not open: {hands.complaints}")
        return
    if hands.document.network != network:
        hands.report.failures.append("another network comes back from the file")
    if sound:
        again = hands.engine.weights()
        same = again.keys() == weights.keys()
        if not same or any(
            not np.array_equal(again[k], w, equal_nan=True) for k, w in weights.items()
        ):
            hands.report.failures.append("other weights come back from the file")


def open_broken(hands: Hands) -> str:
    path = hands.folder / "broken.bps"
    path.write_bytes(hands.random.randbytes(200))
    before = hands.document.network
    hands.expects_complaint = True
    if hands.window.project.open_path(path) or hands.document.network is not before:
        hands.report.failures.append("a broken file was opened")
    path.unlink()
    return ""


def start_over(hands: Hands) -> str:
    name = hands.random.choice(("new", "example", "example", "example"))
    hands.window.actions_by_id[name].trigger()
    return name


def resize(hands: Hands) -> str:
    size = hands.random.randint(700, 1280), hands.random.randint(500, 800)
    hands.window.resize(*size)
    dock = hands.random.choice(sorted(hands.window.docks))
    shown = hands.random.random() < 0.6
    hands.window.docks[dock].setVisible(shown)
    return f"{size}, {dock} {'shown' if shown else 'hidden'}"


def click_widget(hands: Hands) -> str:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractItemView, QTabBar)
    found = [
        w
        for kind in kinds
        for w in hands.window.findChildren(kind)
        if w.isVisible() and w.isEnabled() and not w.visibleRegion().isEmpty()
    ]
    widget = hands.random.choice(found)
    target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
    at = QPoint(
        hands.random.randrange(max(1, target.width())),
        hands.random.randrange(max(1, target.height())),
    )
    name = widget_name(widget)
    press = hands.random.choice((QTest.mouseClick, QTest.mouseClick, QTest.mouseDClick))
    closing = QTimer()
    closing.timeout.connect(close_popups)
    if isinstance(widget, QToolButton) and widget.menu() is not None:
        # Qt waits inside the click until its menu is closed.
        closing.start(20)
    press(target, LEFT, NO_KEYS, at)
    closing.stop()
    popup = QApplication.activePopupWidget()
    if popup is not None and not isinstance(popup, QMenu):
        for _ in range(hands.random.randint(0, 3)):
            QTest.keyClick(popup, Qt.Key.Key_Down)
        QTest.keyClick(popup, hands.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape)))
    return f"{name} at {xy(at)}"
