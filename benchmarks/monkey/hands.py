"""What random deeds are done with: the window, a die, and notes of what was done."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.field_editors import ChoiceEditor, FlagEditor
from benchmarks.screen import wait, wait_until

NO_KEYS = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@dataclass
class Report:
    """What came of it.

    Attributes
    ----------
    actions
        How many were done.
    failures
        What went wrong, in words; empty when all is well.
    last
        The last actions, oldest first.
    memory
        Pairs of actions done and resident megabytes, one for each check.
    seen
        How often each kind of action was done.
    log
        Where every action is written; None for nowhere.
    """

    actions: int = 0
    failures: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=30))
    memory: list[tuple[int, float]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    log: TextIO | None = None

    def note(self, line: str) -> None:
        """Write a line to the log at once, so that it is there whatever comes of it."""
        if self.log is not None:
            self.log.write(line + "\n")
            self.log.flush()

    @property
    def slope(self) -> float:
        """Megabytes that 1,000 actions add, after the first third."""
        points = np.array(self.memory[len(self.memory) // 3 :])
        if len(points) < 2:
            return 0.0
        return float(np.polyfit(points[:, 0], points[:, 1], 1)[0]) * 1000

    def text(self) -> str:
        """What went wrong, and what was done before."""
        return "\n".join(["FAILED:", *self.failures, "after:", *self.last])


class Hands:
    """What random deeds are done with: the window, a die, and notes of what was done.

    Parameters
    ----------
    window
        With its worker running.
    folder
        For files.
    seed
        Of all choices.
    """

    def __init__(self, window: MainWindow, folder: Path, seed: int) -> None:
        self.window = window
        self.canvas = window.canvas
        self.document = window._document
        self.engine = window._engine
        self.folder = folder
        self.random = random.Random(seed)
        self.report = Report()
        self.complaints: list[str] = []
        """What was shown in a warning dialog since the last check."""
        self.expects_complaint = False

    def settle(self) -> None:
        """Pause, and wait until everything is answered."""
        wait_until(self.answered, "the worker has answered everything")

    def answered(self) -> bool:
        """Pause, and say whether all that was done so far is answered, and told to the window."""
        engine, given = self.engine, self.engine._given
        engine.pause()
        engine.weights()
        wait(0)
        # A network that came meanwhile stands for an empty one until the worker has answered.
        return (
            engine._given == given
            and engine.snapshot.revision == engine._revision
            and engine.snapshot.state is engine._worker.state
            and engine.snapshot.state is engine._told
            and engine.snapshot.state is not State.RUNNING
        )

    def ids(self) -> list[str]:
        return [n.id for n in self.document.network.nodes]

    def place(self) -> QPoint:
        size = self.canvas.viewport().size()
        return QPoint(
            self.random.randrange(max(1, size.width())),
            self.random.randrange(max(1, size.height())),
        )

    def port(self, node: str, side: str) -> QPoint:
        return self.canvas.port_point(node, side)  # type: ignore[arg-type]

    def drag(self, a: QPoint, b: QPoint, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        port = self.canvas.viewport()
        QTest.mousePress(port, LEFT, keys, a)
        for k in (1, 2, 3):
            QTest.mouseMove(port, a + (b - a) * (k / 3))
        QTest.mouseRelease(port, LEFT, keys, b)

    def edit(self, editor: QWidget) -> object:
        """Give an editor of a form another value, as a person would."""
        if isinstance(editor, ChoiceEditor):
            editor.setCurrentIndex(self.random.randrange(editor.count()))
            return editor.currentText()
        if isinstance(editor, FlagEditor):
            editor.click()
            return editor.isChecked()
        # Layers stay small: what is tried here is the window and not the arithmetic.
        text = str(self.random.choice((1, 2, 10, 10, 10, 16, 33, "0.01", "0.2", "1e6")))
        fill(editor, text, enter=self.random.random() < 0.8)
        return text


def close_popups() -> None:
    """Put away lists and menus that are open."""
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def type_text(widget: QWidget, text: str) -> None:
    """Type a text. QTest ends the process at letters beyond Latin-1."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = Qt.Key.Key_unknown
            QApplication.sendEvent(widget, QKeyEvent(kind, key, NO_KEYS, letter))


def fill(editor: QWidget, text: str, *, enter: bool = True) -> None:
    line = editor if isinstance(editor, QLineEdit) else editor.findChild(QLineEdit)
    assert line is not None
    line.setFocus()
    line.selectAll()
    type_text(line, text)
    if enter:
        QTest.keyClick(line, Qt.Key.Key_Return)


def xy(at: QPoint) -> str:
    return f"({at.x()}, {at.y()})"


def widget_name(widget: QWidget) -> str:
    label = widget.accessibleName() or widget.objectName()
    if not label and isinstance(widget, QAbstractButton):
        label = widget.text()
    return f"{type(widget).__name__} {label!r}" if label else type(widget).__name__
