"""Deeds on the canvas: layers are dropped, wired, moved and clicked, and drags are disturbed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backprop_studio import nn
from backprop_studio.ui.canvas import mime
from benchmarks.monkey.forms import press_key
from benchmarks.monkey.hands import CTRL, LEFT, NO_KEYS, SHIFT, Hands, xy
from benchmarks.monkey.window import train


def drop(hands: Hands) -> str:
    layer, at = hands.random.choice(sorted(nn.nodes())), hands.place()
    data, port, copy = mime.encode(layer), hands.canvas.viewport(), Qt.DropAction.CopyAction
    QApplication.sendEvent(port, QDragEnterEvent(at, copy, data, LEFT, NO_KEYS))
    for _ in range(hands.random.randint(0, 3)):
        there = hands.place()
        QApplication.sendEvent(port, QDragMoveEvent(there, copy, data, LEFT, NO_KEYS))
    if hands.random.random() < 0.15:
        QApplication.sendEvent(port, QDragLeaveEvent())
        return f"{layer}, taken away again"
    QApplication.sendEvent(port, QDropEvent(QPointF(at), copy, data, LEFT, NO_KEYS))
    return f"{layer} at {xy(at)}"


def drop_nonsense(hands: Hands) -> str:
    data, port, copy = mime.encode("no such layer"), hands.canvas.viewport(), Qt.CopyAction
    at = hands.place()
    enter = QDragEnterEvent(at, copy, data, LEFT, NO_KEYS)
    QApplication.sendEvent(port, enter)
    if enter.isAccepted():
        hands.report.failures.append("a layer that nobody knows was welcome on the canvas")
    return ""


def add(hands: Hands) -> str:
    layer = hands.random.choice(sorted(nn.nodes()))
    return f"{layer} as {hands.canvas.add_layer(layer)}"


def wire(hands: Hands) -> str:
    ids = hands.ids()
    if len(ids) < 2:
        return "nothing"
    source, target = hands.random.sample(ids, 2)
    if hands.random.random() < 0.2:
        hands.canvas.select((source, target))
        hands.canvas.connect_selection()
        return f"{source} to {target} by command"
    nodes = hands.document.network
    start = "out" if nodes.node(source).spec.has_output else "in"
    end = "in" if nodes.node(target).spec.ports else "out"
    if hands.random.random() < 0.2:
        start, end = end, start
    hands.canvas.select((source,))
    a, b = hands.port(source, start), hands.port(target, end)
    hands.drag(a, b)
    return f"{source}.{start} {xy(a)} to {target}.{end} {xy(b)}"


def move(hands: Hands) -> str:
    ids = hands.ids()
    if not ids:
        return "nothing"
    node = hands.random.choice(ids)
    if hands.random.random() < 0.3:
        hands.canvas.select(hands.random.sample(ids, min(len(ids), 3)))
    a, b = hands.canvas.node_center(node) + QPoint(0, -15), hands.place()
    hands.drag(a, b)
    return f"{node} from {xy(a)} to {xy(b)}"


def select_area(hands: Hands) -> str:
    a, b = hands.place(), hands.place()
    hands.drag(a, b, hands.random.choice((NO_KEYS, SHIFT, CTRL)))
    return f"{xy(a)} to {xy(b)}"


def click_canvas(hands: Hands) -> str:
    ids = hands.ids()
    at = hands.place()
    if ids and hands.random.random() < 0.7:
        at = hands.canvas.node_center(hands.random.choice(ids)) + QPoint(0, -15)
    button = hands.random.choice((LEFT, LEFT, Qt.MouseButton.RightButton))
    keys = hands.random.choice((NO_KEYS, NO_KEYS, CTRL, SHIFT))
    press = hands.random.choice((QTest.mouseClick, QTest.mouseClick, QTest.mouseDClick))
    press(hands.canvas.viewport(), button, keys, at)
    return f"{xy(at)} {button.name} {keys.name}"


def interrupted_drag(hands: Hands) -> str:
    """Something else happens while the button is down: a key, an undo, a layer goes."""
    ids = hands.ids()
    if not ids:
        return "nothing"
    port, node = hands.canvas.viewport(), hands.random.choice(ids)
    side = hands.random.choice(("body", "out", "in"))
    spec = hands.document.network.node(node).spec
    if (side == "out" and spec.has_output) or (side == "in" and spec.ports):
        start = hands.port(node, side)
    else:
        start = hands.canvas.node_center(node) + QPoint(0, -15)
    QTest.mousePress(port, LEFT, NO_KEYS, start)
    for _ in range(3):
        QTest.mouseMove(port, hands.place())
    event = hands.random.choice(("escape", "undo", "delete", "key", "theme", "new", "step"))
    if event == "escape":
        QTest.keyClick(hands.canvas, Qt.Key.Key_Escape)
    elif event == "key":
        press_key(hands)
    elif event == "step":
        train(hands)
    else:
        hands.window.actions_by_id[event].trigger()
    QTest.mouseMove(port, hands.place())
    QTest.mouseRelease(port, LEFT, NO_KEYS, hands.place())
    return f"of {node} by its {side}, {event}"


def wheel(hands: Hands) -> str:
    at = hands.place()
    turn = QPoint(0, hands.random.choice((-240, -120, 120, 240)))
    if hands.random.random() < 0.2:
        turn = QPoint(turn.y(), 0)
    port = hands.canvas.viewport()
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
    if hands.random.random() < 0.3:
        hands.canvas.zoom_to_fit()
    return f"{turn.x()}, {turn.y()} at {xy(at)}"
