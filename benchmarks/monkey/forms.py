"""Deeds by keyboard, command and form: keys, numbers, undo, settings, a network from nothing."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from benchmarks.monkey.hands import (
    CTRL,
    NO_KEYS,
    SHIFT,
    Hands,
    fill,
    type_text,
    widget_name,
)

_ELSEWHERE = ("quit", "new_window")
"""Actions that end the process, or start another one that nobody would end."""

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


def press_key(hands: Hands) -> str:
    key, keys = hands.random.choice(KEYS), hands.random.choice(MODIFIERS)
    at = QApplication.focusWidget() or hands.canvas
    if hands.random.random() < 0.4:
        hands.canvas.setFocus()
        at = hands.canvas
    QTest.keyClick(at, key, keys)
    return f"{keys.name} {key.name} in {widget_name(at)}"


def type_number(hands: Hands) -> str:
    fields = [w for w in hands.window.findChildren(QLineEdit) if w.isVisible() and w.isEnabled()]
    if not fields:
        return "nothing"
    at, text = hands.random.choice(fields), hands.random.choice(NUMBERS)
    at.setFocus()
    QTest.keyClick(at, Qt.Key.Key_A, CTRL)
    type_text(at, text)
    keys = (Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape, None)
    end = hands.random.choice(keys)
    if end is not None:
        QTest.keyClick(at, end)
    return f"{text!r} in {widget_name(at)}, then {end}"


def search(hands: Hands) -> str:
    text = hands.random.choice(("de", "relu", "zz", "", "soft max", "\\", "[("))
    line = hands.window.palette_panel.search
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_A, CTRL)
    QTest.keyClick(line, Qt.Key.Key_Delete)
    type_text(line, text)
    if hands.random.random() < 0.5:
        QTest.keyClick(line, Qt.Key.Key_Return)
    return repr(text)


def undo_or_redo(hands: Hands) -> str:
    name, times = hands.random.choice(("undo", "redo")), hands.random.randint(1, 6)
    for _ in range(times):
        hands.window.actions_by_id[name].trigger()
    return f"{name} ×{times}"


def undo_until_sound(hands: Hands) -> str:
    stack, times, lessons = hands.document.undo_stack, 0, hands.window.lessons
    # While a lesson is at work, hands are kept off.
    while stack.canUndo() and hands.document.analysis.lowered is None and not lessons.is_busy:
        hands.window.actions_by_id["undo"].trigger()
        times += 1
    return f"undo ×{times}"


def build(hands: Hands) -> str:
    """A network from nothing, as in the tutorial."""
    window, stack = hands.window, hands.document.undo_stack
    if hands.random.random() < 0.5:
        window.actions_by_id["select_all"].trigger()
        window.actions_by_id["delete"].trigger()
    else:
        stack.setClean()
        window.actions_by_id["new"].trigger()
    dataset, units, loss = hands.random.choice(TASKS)
    window.setup.dataset.setCurrentIndex(window.setup.dataset.findData(dataset))
    layers = ["input"]
    for _ in range(hands.random.randint(0, 3)):
        layers += ["dense", hands.random.choice(("relu", "tanh", "sigmoid"))]
    ids = [hands.canvas.add_layer(layer) for layer in (*layers, "dense", loss)]
    hands.canvas.zoom_to_fit()
    for source, target in itertools.pairwise(ids):
        hands.drag(hands.port(source, "out"), hands.port(target, "in"))
    hands.canvas.select((ids[-2],))
    fill(window.inspector.form.editor("units"), str(units))
    sound = hands.document.analysis.lowered is not None
    return f"{' '.join(layers)} dense {loss} for {dataset}: {'sound' if sound else 'not sound'}"


def trigger(hands: Hands) -> str:
    name = hands.random.choice([k for k in hands.window.actions_by_id if k not in _ELSEWHERE])
    hands.window.actions_by_id[name].trigger()
    return name


def change_setup(hands: Hands) -> str:
    setup = hands.window.setup
    if hands.random.random() < 0.2:
        setup.set_expanded(not setup.is_expanded())
    names = ["dataset", "optimizer", *(n for form in setup._forms() for n in form.names())]
    name = hands.random.choice(names)
    return f"{name} = {hands.edit(setup.editor(name))}"


def change_layer(hands: Hands) -> str:
    ids = hands.ids()
    if not ids:
        return "nothing"
    node = hands.random.choice(ids)
    hands.canvas.select((node,))
    form = hands.window.inspector.form
    if not form.names():
        return f"{node}: nothing"
    name = hands.random.choice(form.names())
    return f"{node}.{name} = {hands.edit(form.editor(name))}"


def rename(hands: Hands) -> str:
    ids = hands.ids()
    if not ids:
        return "nothing"
    node = hands.random.choice(ids)
    hands.canvas.select((node,))
    name = hands.random.choice(("hidden", "out", "a b", "", "π", "x" * 65, "dense_1"))
    line = hands.window.inspector._name
    line.setFocus()
    line.selectAll()
    type_text(line, name)
    QTest.keyClick(line, Qt.Key.Key_Return)
    return f"{node} to {name!r}"
