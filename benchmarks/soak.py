"""A monkey at the window: thousands of random actions, and a look after each few that all is well.

    python -m benchmarks.soak [--actions N] [--seed N] [--cycles N]

Drops, wires, drags, clicks, keys, undo, set-ups, training in any order, files, themes. After every
few actions the scene must show the document, undo and redo must lead back, the worker must answer,
and nothing may have been raised, warned about or logged as an error. The exit code is 1 otherwise,
and the last actions are printed. Which actions come is a function of the seed and of the document.
"""

from __future__ import annotations

from benchmarks import screen

if __name__ == "__main__":  # before Qt and numpy are imported, which read the environment once
    screen.prepare()

import argparse
import faulthandler
import gc
import itertools
import logging
import random
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QMessageLogContext,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTabBar,
    QWidget,
)

from backprop_studio import lessons, nn
from backprop_studio.autograd import Program
from backprop_studio.errors import Diagnostic, message
from backprop_studio.network import Network
from backprop_studio.training import State
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.field_editors import ChoiceEditor, FlagEditor
from benchmarks.screen import resident, studio, wait, wait_until

_ELSEWHERE = ("quit", "new_window")
"""Actions that end the process, or start another one that nobody would end."""

NOISE = (
    "This plugin does not support propagateSizeHints",
    "This plugin does not support raise",
    "This plugin does not support grabbing the keyboard",
)
"""What Qt says of a screen in memory, at every window, tooltip and list that drops down."""

BATCH = 20
"""Actions between two checks."""

WARM_UP = 40
"""Windows after which caches and the heap have their size."""

SLOPE_LIMIT = 10.0
"""MB that 1,000 actions may add after the warm-up."""

NO_KEYS = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton

TASKS = [
    ("digits", 10, "softmax_cross_entropy"),
    ("circles", 2, "softmax_cross_entropy"),
    ("sine", 1, "mse"),
]
"""Data sets, how many outputs they want, and a loss that suits them."""

KEYS = [
    *(getattr(Qt.Key, f"Key_{k}") for k in "ABCDEXYZ019"),
    *(getattr(Qt.Key, f"Key_F{k}") for k in (1, 5, 6, 7, 8, 9)),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Escape),
    *(Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Space, Qt.Key.Key_Minus),
    *(Qt.Key.Key_Plus, Qt.Key.Key_Period, Qt.Key.Key_Menu, Qt.Key.Key_F4),
]
MODIFIERS = [NO_KEYS, NO_KEYS, NO_KEYS, CTRL, SHIFT, CTRL | SHIFT]
NUMBERS = ["0", "1", "7", "32", "64", "-3", "1e-3", "0.5", "1e6", "nan", "", "x", "999999999999"]
_TABLES = {
    "classes.csv": "a;b;kind\n" + "".join(f"{i},5;{i % 5};{'uv'[i % 2]}\n" for i in range(50)),
    "numbers.tsv": "a\tb\n" + "".join(f"{i}\t{i / 3}\n" for i in range(30)),
    "ragged.csv": "a,b\n1,2\n3\n",
    "one.csv": "a,b\n1,u\n2,u\n",
    "empty.csv": "",
}


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
    """

    actions: int = 0
    failures: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=30))
    memory: list[tuple[int, float]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

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


class _Log(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        trace = record.exc_info[1] if record.exc_info else None
        why = "".join(traceback.format_exception(trace)) if trace else ""
        self._found.append(f"logged: {record.getMessage()}\n{why}")


@contextmanager
def _listening(found: list[str]) -> Iterator[None]:
    """Collect whatever is raised, warned about by Qt, or logged as an error."""

    def raised(kind: object, error: BaseException | None, trace: object) -> None:
        found.append("raised: " + "".join(traceback.format_exception(error)))

    def said(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        bad = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        if kind in bad and not text.startswith(NOISE):
            found.append(f"Qt says: {text}\n" + "".join(traceback.format_stack(limit=12)))

    hooks = sys.excepthook, threading.excepthook
    handler = _Log(found)
    logger = logging.getLogger("backprop_studio")
    sys.excepthook = raised
    threading.excepthook = lambda args: raised(None, args.exc_value, None)
    before = qInstallMessageHandler(said)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        qInstallMessageHandler(before)
        sys.excepthook, threading.excepthook = hooks


@contextmanager
def _replaced(*replacements: tuple[Any, str, object]) -> Iterator[None]:
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replacements]
    for owner, name, value in replacements:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


class Monkey:
    """Does random things to the window.

    Parameters
    ----------
    window
        With its worker running.
    folder
        For files.
    seed
        Of all its choices.
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
        self.deeds: list[tuple[int, Callable[[], str]]] = [
            (8, self.drop),
            (4, self.add),
            (12, self.wire),
            (8, self.move),
            (4, self.select_area),
            (6, self.click_canvas),
            (4, self.wheel),
            (10, self.press_key),
            (6, self.type_number),
            (8, self.undo_or_redo),
            (8, self.trigger),
            (5, self.change_setup),
            (4, self.change_layer),
            (3, self.rename),
            (20, self.train),
            (2, self.diverge),
            (8, self.click_widget),
            (2, self.save_and_open),
            (1, self.open_broken),
            (2, self.start_over),
            (2, self.resize),
            (3, self.search),
            (3, self.interrupted_drag),
            (1, self.drop_nonsense),
        ]

    def act(self) -> None:
        """Do one thing, and let the window answer or not."""
        deed = self.random.choices([d for _, d in self.deeds], [w for w, _ in self.deeds])[0]
        if self.document.analysis.lowered is None and self.random.random() < 0.3:
            # Most edits break a network, and a broken one does not train.
            deed = self.random.choice((self.undo_until_sound, self.start_over, self.build))
        name = deed.__name__
        self.report.seen[name] = self.report.seen.get(name, 0) + 1
        # Noted before, so that an action which never ends is seen, too.
        self.report.last.append(f"{self.report.actions}: {name} …")
        done = deed()
        self.report.last[-1] = f"{self.report.actions}: {name} {done}"
        self.report.actions += 1
        close_popups()
        pause = self.random.choice((-1, 0, 0, 1, 4))
        if pause >= 0:
            wait(pause)

    # Answers to dialogs.

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer every dialog at random, and any that is not known of after a moment."""
        buttons = QMessageBox.StandardButton

        def question(*_: object) -> object:
            return self.random.choice(
                (buttons.Save, buttons.Discard, buttons.Ignore, buttons.Cancel)
            )

        def warning(parent: object, title: str, text: str) -> None:
            if text != message("export-no-weights", {}):
                self.complaints.append(f"{title}: {text}")

        def to_open(parent: object, title: str, folder: str, filters: str) -> tuple[str, str]:
            lessons_too = "(*.md)" in filters
            found = lessons.shipped() if lessons_too else sorted(self.folder.glob("*.bps"))
            files = [str(p) for p in found]
            return self.random.choice([*files, ""]), ""

        def to_save(
            controller: object, title: str, suggestion: Path, filters: dict[str, str]
        ) -> Path | None:
            suffix = self.random.choice(sorted(filters))
            names = [None, *(self.folder / f"{n}{suffix}" for n in ("a", "b", "ü 1"))]
            return self.random.choice(names)

        def to_save_anything(*_: object) -> tuple[str, str]:
            return self.random.choice(("", str(self.folder / "evidence.json"))), ""

        def to_folder(*_: object) -> str:
            return self.random.choice(("", str(self.folder)))

        def close() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, SetNumberDialog):
                dialog.value.setCurrentIndex(self.random.randrange(max(dialog.value.count(), 1)))
                dialog.number.setText(self.random.choice(("0.5", "-1e3", "1e40", "x", "")))
                dialog.accept()
                if dialog.isVisible():
                    dialog.reject()
            elif isinstance(dialog, ShortcutsDialog):
                dialog.choose(self.random.choice(sorted(self.window.actions_by_id)))
                dialog.keys.setKeySequence(self.random.choice(("Ctrl+S", "F5", "Ctrl+Alt+J", "")))
                dialog.assign.click()
                dialog.reset_all.click()  # the keys that are pressed here keep their meaning
                dialog.accept()
            elif isinstance(dialog, ImportDialog):
                self._answer_import(dialog)
            elif isinstance(dialog, LessonList):
                dialog.list.setCurrentRow(self.random.randrange(max(dialog.list.count(), 1)))
                self.random.choice((dialog.open_button.click, dialog.reject))()
            elif dialog is not None:
                self.report.failures.append(f"a dialog came up: {dialog.windowTitle()!r}")
                dialog.close()

        def static(answer: Callable[..., object]) -> object:
            return staticmethod(answer)

        watch = QTimer()
        watch.timeout.connect(close)
        watch.start(200)
        nothing = static(lambda *_: None)
        with _replaced(
            (QMessageBox, "question", static(question)),
            (QMessageBox, "warning", static(warning)),
            (QMessageBox, "critical", static(warning)),
            (QMessageBox, "information", nothing),
            (QMessageBox, "about", nothing),
            (QFileDialog, "getOpenFileName", static(to_open)),
            (QFileDialog, "getSaveFileName", static(to_save_anything)),
            (QFileDialog, "getExistingDirectory", static(to_folder)),
            (ProjectController, "_ask_where", to_save),
        ):
            yield
        watch.stop()

    def _answer_import(self, dialog: ImportDialog) -> None:
        """Import one of a few tables, good and bad, or none."""
        if dialog.busy:
            return
        if dialog.import_button.isEnabled() and self.random.random() < 0.7:
            dialog.import_button.click()
        elif dialog.page is None and self.random.random() < 0.7:
            name, text = self.random.choice(sorted(_TABLES.items()))
            (self.folder / name).write_text(text)
            dialog.choose(self.folder / name)
        else:
            dialog.reject()

    # The canvas.

    def drop(self) -> str:
        layer, at = self.random.choice(sorted(nn.nodes())), self._place()
        data, port, copy = mime.encode(layer), self.canvas.viewport(), Qt.DropAction.CopyAction
        QApplication.sendEvent(port, QDragEnterEvent(at, copy, data, LEFT, NO_KEYS))
        for _ in range(self.random.randint(0, 3)):
            there = self._place()
            QApplication.sendEvent(port, QDragMoveEvent(there, copy, data, LEFT, NO_KEYS))
        if self.random.random() < 0.15:
            QApplication.sendEvent(port, QDragLeaveEvent())
            return f"{layer}, taken away again"
        QApplication.sendEvent(port, QDropEvent(QPointF(at), copy, data, LEFT, NO_KEYS))
        return f"{layer} at {_xy(at)}"

    def drop_nonsense(self) -> str:
        data, port, copy = mime.encode("no such layer"), self.canvas.viewport(), Qt.CopyAction
        at = self._place()
        enter = QDragEnterEvent(at, copy, data, LEFT, NO_KEYS)
        QApplication.sendEvent(port, enter)
        if enter.isAccepted():
            self.report.failures.append("a layer that nobody knows was welcome on the canvas")
        return ""

    def add(self) -> str:
        layer = self.random.choice(sorted(nn.nodes()))
        return f"{layer} as {self.canvas.add_layer(layer)}"

    def wire(self) -> str:
        ids = self._ids()
        if len(ids) < 2:
            return "nothing"
        source, target = self.random.sample(ids, 2)
        if self.random.random() < 0.2:
            self.canvas.select((source, target))
            self.canvas.connect_selection()
            return f"{source} to {target} by command"
        nodes = self.document.network
        start = "out" if nodes.node(source).spec.has_output else "in"
        end = "in" if nodes.node(target).spec.ports else "out"
        if self.random.random() < 0.2:
            start, end = end, start
        self.canvas.select((source,))
        a, b = self._port(source, start), self._port(target, end)
        self._drag(a, b)
        return f"{source}.{start} {_xy(a)} to {target}.{end} {_xy(b)}"

    def move(self) -> str:
        ids = self._ids()
        if not ids:
            return "nothing"
        node = self.random.choice(ids)
        if self.random.random() < 0.3:
            self.canvas.select(self.random.sample(ids, min(len(ids), 3)))
        a, b = self.canvas.node_center(node) + QPoint(0, -15), self._place()
        self._drag(a, b)
        return f"{node} from {_xy(a)} to {_xy(b)}"

    def select_area(self) -> str:
        a, b = self._place(), self._place()
        self._drag(a, b, self.random.choice((NO_KEYS, SHIFT, CTRL)))
        return f"{_xy(a)} to {_xy(b)}"

    def click_canvas(self) -> str:
        ids = self._ids()
        at = self._place()
        if ids and self.random.random() < 0.7:
            at = self.canvas.node_center(self.random.choice(ids)) + QPoint(0, -15)
        button = self.random.choice((LEFT, LEFT, Qt.MouseButton.RightButton))
        keys = self.random.choice((NO_KEYS, NO_KEYS, CTRL, SHIFT))
        press = self.random.choice((QTest.mouseClick, QTest.mouseClick, QTest.mouseDClick))
        press(self.canvas.viewport(), button, keys, at)
        return f"{_xy(at)} {button.name} {keys.name}"

    def interrupted_drag(self) -> str:
        """Something else happens while the button is down: a key, an undo, a layer goes."""
        ids = self._ids()
        if not ids:
            return "nothing"
        port, node = self.canvas.viewport(), self.random.choice(ids)
        side = self.random.choice(("body", "out", "in"))
        spec = self.document.network.node(node).spec
        if (side == "out" and spec.has_output) or (side == "in" and spec.ports):
            start = self._port(node, side)
        else:
            start = self.canvas.node_center(node) + QPoint(0, -15)
        QTest.mousePress(port, LEFT, NO_KEYS, start)
        for _ in range(3):
            QTest.mouseMove(port, self._place())
        event = self.random.choice(("escape", "undo", "delete", "key", "theme", "new", "step"))
        if event == "escape":
            QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        elif event == "key":
            self.press_key()
        elif event == "step":
            self.train()
        else:
            self.window.actions_by_id[event].trigger()
        QTest.mouseMove(port, self._place())
        QTest.mouseRelease(port, LEFT, NO_KEYS, self._place())
        return f"of {node} by its {side}, {event}"

    def wheel(self) -> str:
        at = self._place()
        turn = QPoint(0, self.random.choice((-240, -120, 120, 240)))
        if self.random.random() < 0.2:
            turn = QPoint(turn.y(), 0)
        port = self.canvas.viewport()
        event = QWheelEvent(
            QPointF(at),
            port.mapToGlobal(QPointF(at)),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            NO_KEYS,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(port, event)
        if self.random.random() < 0.3:
            self.canvas.zoom_to_fit()
        return f"{turn.x()}, {turn.y()} at {_xy(at)}"

    # The keyboard.

    def press_key(self) -> str:
        key, keys = self.random.choice(KEYS), self.random.choice(MODIFIERS)
        at = QApplication.focusWidget() or self.canvas
        if self.random.random() < 0.4:
            self.canvas.setFocus()
            at = self.canvas
        QTest.keyClick(at, key, keys)
        return f"{keys.name} {key.name} in {_name(at)}"

    def type_number(self) -> str:
        fields = [w for w in self.window.findChildren(QLineEdit) if w.isVisible() and w.isEnabled()]
        if not fields:
            return "nothing"
        at, text = self.random.choice(fields), self.random.choice(NUMBERS)
        at.setFocus()
        QTest.keyClick(at, Qt.Key.Key_A, CTRL)
        _type(at, text)
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape, None)
        end = self.random.choice(keys)
        if end is not None:
            QTest.keyClick(at, end)
        return f"{text!r} in {_name(at)}, then {end}"

    def search(self) -> str:
        text = self.random.choice(("de", "relu", "zz", "", "soft max", "\\", "[("))
        line = self.window.palette_panel.search
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, CTRL)
        QTest.keyClick(line, Qt.Key.Key_Delete)
        _type(line, text)
        if self.random.random() < 0.5:
            QTest.keyClick(line, Qt.Key.Key_Return)
        return repr(text)

    # Edits by command and by form.

    def undo_or_redo(self) -> str:
        name, times = self.random.choice(("undo", "redo")), self.random.randint(1, 6)
        for _ in range(times):
            self.window.actions_by_id[name].trigger()
        return f"{name} ×{times}"

    def undo_until_sound(self) -> str:
        stack, times = self.document.undo_stack, 0
        while stack.canUndo() and self.document.analysis.lowered is None:
            self.window.actions_by_id["undo"].trigger()
            times += 1
        return f"undo ×{times}"

    def build(self) -> str:
        """A network from nothing, as in the tutorial."""
        window, stack = self.window, self.document.undo_stack
        if self.random.random() < 0.5:
            window.actions_by_id["select_all"].trigger()
            window.actions_by_id["delete"].trigger()
        else:
            stack.setClean()
            window.actions_by_id["new"].trigger()
        dataset, units, loss = self.random.choice(TASKS)
        window.setup.dataset.setCurrentIndex(window.setup.dataset.findData(dataset))
        layers = ["input"]
        for _ in range(self.random.randint(0, 3)):
            layers += ["dense", self.random.choice(("relu", "tanh", "sigmoid"))]
        ids = [self.canvas.add_layer(layer) for layer in (*layers, "dense", loss)]
        self.canvas.zoom_to_fit()
        for source, target in itertools.pairwise(ids):
            self._drag(self._port(source, "out"), self._port(target, "in"))
        self.canvas.select((ids[-2],))
        _fill(window.inspector.form.editor("units"), str(units))
        sound = self.document.analysis.lowered is not None
        return f"{' '.join(layers)} dense {loss} for {dataset}: {'sound' if sound else 'not sound'}"

    def trigger(self) -> str:
        name = self.random.choice([k for k in self.window.actions_by_id if k not in _ELSEWHERE])
        self.window.actions_by_id[name].trigger()
        return name

    def change_setup(self) -> str:
        setup = self.window.setup
        if self.random.random() < 0.2:
            setup.set_expanded(not setup.is_expanded())
        names = ["dataset", "optimizer", *(n for form in setup._forms() for n in form.names())]
        name = self.random.choice(names)
        return f"{name} = {self._edit(setup.editor(name))}"

    def change_layer(self) -> str:
        ids = self._ids()
        if not ids:
            return "nothing"
        node = self.random.choice(ids)
        self.canvas.select((node,))
        form = self.window.inspector.form
        if not form.names():
            return f"{node}: nothing"
        name = self.random.choice(form.names())
        return f"{node}.{name} = {self._edit(form.editor(name))}"

    def rename(self) -> str:
        ids = self._ids()
        if not ids:
            return "nothing"
        node = self.random.choice(ids)
        self.canvas.select((node,))
        name = self.random.choice(("hidden", "out", "a b", "", "π", "x" * 65, "dense_1"))
        line = self.window.inspector._name
        line.setFocus()
        line.selectAll()
        _type(line, name)
        QTest.keyClick(line, Qt.Key.Key_Return)
        return f"{node} to {name!r}"

    # Training.

    def train(self) -> str:
        transport = self.window.transport
        sizes = list(transport.size_buttons.values())
        done = []
        for _ in range(self.random.randint(1, 4)):
            what = self.random.choice(("run", "run", "step", "back", "size", "key", "wait"))
            done.append(what)
            if what == "run":
                QTest.mouseClick(transport.run_button, LEFT)
            elif what == "step":
                QTest.mouseClick(transport.step_button, LEFT)
            elif what == "back":
                QTest.mouseClick(transport.back_button, LEFT)
            elif what == "size":
                QTest.mouseClick(self.random.choice(sizes), LEFT)
            elif what == "key":
                keys = [k for k in self.window.actions_by_id if k.startswith(("step_", "back_"))]
                done[-1] = self.random.choice([*keys, "restart", "run", "new_weights"])
                self.window.actions_by_id[done[-1]].trigger()
            else:
                wait(self.random.choice((1, 10, 30)))
        return ", ".join(done)

    def diverge(self) -> str:
        """Training that comes to infinity, if there is any."""
        setup, actions = self.window.setup, self.window.actions_by_id
        setup.optimizer.setCurrentIndex(setup.optimizer.findData("sgd"))
        _fill(setup.editor("learning_rate"), "1e6")
        what = self.random.choice(("run", "step_batch"))
        for _ in range(3):
            actions[what].trigger()
            wait(20)
        if self.random.random() < 0.8:
            actions["undo"].trigger()
            actions["undo"].trigger()
        return what

    # Files and the window.

    def save_and_open(self) -> str:
        path = self.folder / self.random.choice(("round.bps", "trip ü.bps"))
        self.settle()
        if self.window.project.save_path(path):
            self._same_after_opening(path)
        return path.name

    def _same_after_opening(self, path: Path) -> None:
        network, weights = self.document.network, self.engine.weights()
        sound = self.document.analysis.lowered is not None
        if not self.window.project.open_path(path):
            self.report.failures.append(f"what was saved does not open: {self.complaints}")
            return
        if self.document.network != network:
            self.report.failures.append("another network comes back from the file")
        if sound:
            again = self.engine.weights()
            same = again.keys() == weights.keys()
            if not same or any(
                not np.array_equal(again[k], w, equal_nan=True) for k, w in weights.items()
            ):
                self.report.failures.append("other weights come back from the file")

    def open_broken(self) -> str:
        path = self.folder / "broken.bps"
        path.write_bytes(self.random.randbytes(200))
        before = self.document.network
        self.expects_complaint = True
        if self.window.project.open_path(path) or self.document.network is not before:
            self.report.failures.append("a broken file was opened")
        path.unlink()
        return ""

    def start_over(self) -> str:
        name = self.random.choice(("new", "example", "example", "example"))
        self.window.actions_by_id[name].trigger()
        return name

    def resize(self) -> str:
        size = self.random.randint(700, 1280), self.random.randint(500, 800)
        self.window.resize(*size)
        dock = self.random.choice(sorted(self.window.docks))
        shown = self.random.random() < 0.6
        self.window.docks[dock].setVisible(shown)
        return f"{size}, {dock} {'shown' if shown else 'hidden'}"

    def click_widget(self) -> str:
        kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractItemView, QTabBar)
        found = [
            w
            for kind in kinds
            for w in self.window.findChildren(kind)
            if w.isVisible() and w.isEnabled() and not w.visibleRegion().isEmpty()
        ]
        widget = self.random.choice(found)
        target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
        at = QPoint(
            self.random.randrange(max(1, target.width())),
            self.random.randrange(max(1, target.height())),
        )
        name = _name(widget)
        press = self.random.choice((QTest.mouseClick, QTest.mouseClick, QTest.mouseDClick))
        press(target, LEFT, NO_KEYS, at)
        popup = QApplication.activePopupWidget()
        if popup is not None and not isinstance(popup, QMenu):
            for _ in range(self.random.randint(0, 3)):
                QTest.keyClick(popup, Qt.Key.Key_Down)
            QTest.keyClick(popup, self.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape)))
        return f"{name} at {_xy(at)}"

    # Looking.

    def settle(self) -> None:
        """Pause, and wait until everything is answered."""
        self.engine.pause()
        self.engine.weights()
        wait(0)
        wait_until(self._answered, "the worker has answered everything")

    def _answered(self) -> bool:
        snapshot = self.engine.snapshot
        return (
            snapshot.revision == self.engine._revision
            and snapshot.state is self.engine._worker.state
            and snapshot.state is not State.RUNNING
        )

    def check(self) -> None:
        """Look at everything that must be true at any time."""
        say = self.report.failures.append
        if not self.engine._thread.isRunning():
            say("the worker's thread has ended")
            return
        self.settle()
        for problem in _unlike(self.window):
            say(problem)
        self._undo_and_redo(say)
        self.settle()
        for problem in _unlike(self.window):
            say(f"after undo and redo: {problem}")
        if self.complaints and not self.expects_complaint:
            say(f"a dialog complained: {self.complaints}")
        self.complaints.clear()
        self.expects_complaint = False
        self.report.memory.append((self.report.actions, resident()))

    def _undo_and_redo(self, say: Callable[[str], None]) -> None:
        stack, before = self.document.undo_stack, self.document.network
        times = min(stack.index(), self.random.randint(1, 12))
        for _ in range(times):
            stack.undo()
        for _ in range(times):
            stack.redo()
        if self.document.network != before:
            say(f"undo ×{times} and redo ×{times} leads to another network")

    # Hands.

    def _ids(self) -> list[str]:
        return [n.id for n in self.document.network.nodes]

    def _place(self) -> QPoint:
        size = self.canvas.viewport().size()
        return QPoint(
            self.random.randrange(max(1, size.width())),
            self.random.randrange(max(1, size.height())),
        )

    def _port(self, node: str, side: str) -> QPoint:
        return self.canvas.port_point(node, side)  # type: ignore[arg-type]

    def _drag(self, a: QPoint, b: QPoint, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        port = self.canvas.viewport()
        QTest.mousePress(port, LEFT, keys, a)
        for k in (1, 2, 3):
            QTest.mouseMove(port, a + (b - a) * (k / 3))
        QTest.mouseRelease(port, LEFT, keys, b)

    def _edit(self, editor: QWidget) -> object:
        """Give an editor of a form another value, as a person would."""
        if isinstance(editor, ChoiceEditor):
            editor.setCurrentIndex(self.random.randrange(editor.count()))
            return editor.currentText()
        if isinstance(editor, FlagEditor):
            editor.click()
            return editor.isChecked()
        # Layers stay small: what is tried here is the window and not the arithmetic.
        text = str(self.random.choice((1, 2, 10, 10, 10, 16, 33, "0.01", "0.2", "1e6")))
        _fill(editor, text, enter=self.random.random() < 0.8)
        return text


def close_popups() -> None:
    """Put away lists and menus that are open."""
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def _type(widget: QWidget, text: str) -> None:
    """Type a text. QTest ends the process at letters beyond Latin-1."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = Qt.Key.Key_unknown
            QApplication.sendEvent(widget, QKeyEvent(kind, key, NO_KEYS, letter))


def _fill(editor: QWidget, text: str, *, enter: bool = True) -> None:
    line = editor if isinstance(editor, QLineEdit) else editor.findChild(QLineEdit)
    assert line is not None
    line.setFocus()
    line.selectAll()
    _type(line, text)
    if enter:
        QTest.keyClick(line, Qt.Key.Key_Return)


def _xy(at: QPoint) -> str:
    return f"({at.x()}, {at.y()})"


def _name(widget: QWidget) -> str:
    label = widget.accessibleName() or widget.objectName()
    if not label and isinstance(widget, QAbstractButton):
        label = widget.text()
    return f"{type(widget).__name__} {label!r}" if label else type(widget).__name__


def _unlike(window: MainWindow) -> Iterator[str]:
    """Where the screen is unlike the document, once everything is answered."""
    document, engine = window._document, window._engine
    network, analysis, scene = document.network, document.analysis, window.canvas.canvas_scene
    if analysis.network != network:
        yield "the analysis is of another network"
    places = {n.id: (n.x, n.y) for n in network.nodes}
    shown = {i: (item.x(), item.y()) for i, item in scene.nodes.items()}
    if shown != places:
        yield f"the scene shows {shown}, the document has {places}"
    if set(scene.wires) != set(network.wires):
        yield f"the scene shows {set(scene.wires)}, the document has {set(network.wires)}"
    if set(scene.marks.items) != set(network.marks):
        yield f"the scene shows {set(scene.marks.items)}, the document has {set(network.marks)}"
    known = {*scene.nodes.values(), *scene.wires.values(), *scene.marks.items.values()}
    if set(scene.items()) != known:
        yield "something is left over in the scene"
    yield from _unsound(network)
    if not set(window.canvas.selected_nodes()) <= set(places):
        yield "a node is selected that is not there"
    if window.isWindowModified() == document.undo_stack.isClean():
        yield "the title does not tell whether the document is saved"
    if (window.setup.dataset.currentData() or "") != network.setup.dataset:
        yield "the set-up shows another data set"
    if window.setup.optimizer.currentData() != network.setup.optimizer.info.id:
        yield "the set-up shows another optimizer"
    lowered, state = analysis.lowered, engine.state
    if (lowered is None) != (state is State.EMPTY):
        yield f"the worker is {state}, and the document has {analysis.errors or 'no errors'}"
    failure = engine.snapshot.failure
    if failure is not None and failure.code == "worker-failed":
        yield f"the worker failed: {failure.text}"
    if lowered is not None:
        wanted = {(p.node, p.name) for p in lowered.program.parameters}
        if engine.weights().keys() != wanted:
            yield "the worker has other weights than the document"
        yield from _panels_unlike(window, lowered.program)
    if window.transport.run_button.isEnabled() == (state is State.EMPTY):
        yield f"Run can be pressed or not, against the state {state}"


def _panels_unlike(window: MainWindow, program: Program) -> Iterator[str]:
    """Where the panels are unlike the session, which must be at rest."""
    engine = window._engine
    session, cursor = engine._worker.session, engine.snapshot.cursor
    if session is None or cursor != session.cursor:
        yield f"the window stands at {cursor}, the session elsewhere"
        return
    # Points of earlier sessions, on the same data, stay before those of this one.
    shown, points = window.losses.losses, session.losses.points
    if not np.array_equal(shown[len(shown) - len(points) :], points):
        yield "the loss curve does not end with the losses of this session"
    if (np.diff(shown[:, 0]) <= 0).any():
        yield "the loss curve goes back in time"
    if window.gradients.isVisible():
        tiles = {i for i, tile in window.gradients._tiles.items() if tile._data is not None}
        known = {
            p.id
            for p in program.parameters
            if p.id in program.gradients
            and program.producer[program.gradients[p.id]] < cursor.index
        }
        if tiles != known:
            yield f"gradients {tiles} are shown, {known} are computed"
    chosen = window.canvas.selected_nodes()
    if len(chosen) == 1:
        spec, form = window._document.network.node(chosen[0]).spec, window.inspector.form
        if set(form.names()) != {f.name for f in spec.fields()}:
            yield f"the inspector shows {form.names()} of {chosen[0]}"


def _unsound(network: Network) -> Iterator[str]:
    ids = [n.id for n in network.nodes]
    names = [n.name for n in network.nodes]
    if len(set(ids)) < len(ids) or len(set(names)) < len(names):
        yield f"ids or names are not unique: {ids}, {names}"
    ends = [(w.target, w.port) for w in network.wires]
    if len(set(ends)) < len(ends):
        yield f"two wires end at one port: {network.wires}"
    if any(w.source not in network or w.target not in network for w in network.wires):
        yield f"a wire ends nowhere: {network.wires}"


def run(window: MainWindow, folder: Path, *, actions: int, seed: int) -> Report:
    """Let a monkey loose; it stops at the first failure.

    Parameters
    ----------
    window
        With its worker running.
    folder
        For files.
    actions
        How many.
    seed
        Of its choices.
    """
    monkey = Monkey(window, folder, seed)
    report = monkey.report
    failed: list[Diagnostic] = []
    window._engine.failed.connect(failed.append)
    before = theme.current().name
    with _listening(report.failures), monkey.answering():
        try:
            while report.actions < actions and not report.failures:
                for _ in range(min(BATCH, actions - report.actions)):
                    monkey.act()
                    if report.failures:
                        break
                else:
                    monkey.check()
                report.failures += [d.text for d in failed if d.code == "worker-failed"]
        except Exception:
            report.failures.append("raised: " + traceback.format_exc())
        finally:
            close_popups()
            if theme.current().name != before:
                window.actions_by_id["theme"].trigger()
            monkey.engine.pause()
            wait(20)
    window._engine.failed.disconnect(failed.append)
    return report


def cycles(count: int) -> float:
    """Megabytes that opening and closing the window so many times leaves behind."""
    for _ in range(WARM_UP):
        with studio():
            wait(20)
    gc.collect()
    before = resident()
    for _ in range(count):
        with studio():
            wait(20)
    gc.collect()
    return resident() - before


def main(argv: Sequence[str] | None = None) -> int:
    """Run it, and tell how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--actions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cycles", type=int, default=0, help="open and close the window, too")
    options = parser.parse_args(argv)
    faulthandler.enable()
    with studio() as it:
        began = time.monotonic()
        report = run(it.window, it.folder, actions=options.actions, seed=options.seed)
    seconds = time.monotonic() - began
    counts = ", ".join(f"{name} {n}" for name, n in sorted(report.seen.items()))
    print(f"seed {options.seed}: {report.actions} actions in {seconds:.0f} s ({counts})")
    if report.memory:
        first, last = report.memory[0][1], report.memory[-1][1]
        print(f"memory {first:.0f} to {last:.0f} MB, {report.slope:+.2f} MB per 1,000 actions")
    if report.actions >= 3000 and report.slope > SLOPE_LIMIT:
        report.failures.append(f"memory grows by {report.slope:.1f} MB per 1,000 actions")
    if options.cycles and not report.failures:
        grown = cycles(options.cycles)
        print(f"{options.cycles} times opened and closed: {grown:+.1f} MB")
        if grown > 0.2 * options.cycles:
            report.failures.append(f"windows leave {grown:.1f} MB behind")
    if report.failures:
        print(report.text())
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
