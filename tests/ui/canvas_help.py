"""A network to look at, and hands for the mouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, TrainingSetup, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.document import Document

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def digits(*, units: int = 10, wired: bool = True) -> Network:
    """Input → Dense 64 → ReLU → Dense → Softmax cross-entropy."""
    network = Network(setup=TrainingSetup(dataset="digits"))
    last = None
    layers = (
        ("input", {}),
        ("dense", {"units": 64}),
        ("relu", {}),
        ("dense", {"units": units}),
        ("softmax_cross_entropy", {}),
    )
    for k, (layer, settings) in enumerate(layers):
        network, node_id = edits.add_node(network, nodes()[layer](**settings), 210 * k, 0)
        if last is not None and wired:
            network = edits.connect(network, last, node_id)
        last = node_id
    return network


@contextmanager
def canvas(
    qtbot: QtBot, network: Network, size: tuple[int, int] = (1200, 500)
) -> Iterator[CanvasView]:
    """A canvas of a network, on the screen as long as it is looked at."""
    document = Document()
    document.reset(network)
    view = CanvasView(document)
    qtbot.addWidget(view)
    view.resize(*size)
    with qtbot.waitExposed(view):
        view.show()
    yield view
    # Before the document, whose signals reach into the scene.
    view.close()


def drag(view: CanvasView, start: QPoint, end: QPoint, *, release: bool = True) -> None:
    """Press at one point of the viewport, move in steps, and release at another."""
    port = view.viewport()
    QTest.mousePress(port, LEFT, NONE, start)
    for k in (1, 2, 3, 4):
        QTest.mouseMove(port, start + (end - start) * (k / 4))
    if release:
        QTest.mouseRelease(port, LEFT, NONE, end)


def send(
    view: CanvasView, kind: QEvent.Type, at: QPoint, modifiers: Qt.KeyboardModifier = NONE
) -> None:
    """An event of the left button, with the keys that are held then."""
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    there = view.viewport().mapToGlobal(at)
    event = QMouseEvent(kind, QPointF(at), QPointF(there), button, held, modifiers)
    QApplication.sendEvent(view.viewport(), event)


def drag_with(
    view: CanvasView,
    start: QPoint,
    end: QPoint,
    modifiers: Qt.KeyboardModifier,
    *,
    press: Qt.KeyboardModifier | None = None,
    release: bool = True,
) -> None:
    """As `drag`, with keys held; others may be held at the press."""
    send(view, QEvent.Type.MouseButtonPress, start, modifiers if press is None else press)
    for k in (1, 2, 3, 4):
        send(view, QEvent.Type.MouseMove, start + (end - start) * (k / 4), modifiers)
    if release:
        send(view, QEvent.Type.MouseButtonRelease, end, modifiers)


def click(view: CanvasView, at: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(view.viewport(), LEFT, modifiers, at)


def body(view: CanvasView, node_id: str) -> QPoint:
    """A point on the card, away from the ports."""
    return view.node_center(node_id) + QPoint(0, -15)


def hover(view: CanvasView, data: QMimeData, at: QPoint) -> bool:
    """Drag something from elsewhere over the canvas; whether it is welcome.

    Nothing is sent after a refusal: Qt then has no target to leave, and would follow one that
    may be long gone.
    """
    port, copy = view.viewport(), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(at, copy, data, LEFT, NONE)
    QApplication.sendEvent(port, enter)
    if enter.isAccepted():
        move = QDragMoveEvent(at, copy, data, LEFT, NONE)
        QApplication.sendEvent(port, move)
    return enter.isAccepted()


def drop(view: CanvasView, data: QMimeData, at: QPoint) -> bool:
    """Drag something from elsewhere onto the canvas; whether it was taken."""
    if not hover(view, data, at):
        return False
    event = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(view.viewport(), event)
    return event.isAccepted()


def mirrors(view: CanvasView) -> bool:
    """Whether the scene shows exactly what the document holds, and nothing else."""
    scene, network = view.canvas_scene, view.document.network
    nodes_right = {i: (n.node, n.x(), n.y()) for i, n in scene.nodes.items()} == {
        n.id: (n, n.x, n.y) for n in network.nodes
    }
    wires_right = set(scene.wires) == set(network.wires)
    items_right = set(scene.items()) == {*scene.nodes.values(), *scene.wires.values()}
    return nodes_right and wires_right and items_right
