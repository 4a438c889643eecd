"""A layer opens into its operations, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsView
from pytestqt.qtbot import QtBot

from backprop_studio.network import edits
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def _node(window: MainWindow, name: str) -> str:
    return next(n.id for n in window._document.network.nodes if n.name == name)


def _turn_wheel(view: QGraphicsView, place: QPoint, by: int) -> None:
    wheel = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, by),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), wheel)


def test_that_a_layer_opens_and_its_operations_follow_the_debugger(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    view, canvas = window.operations, window.canvas
    do("step_phase")
    node = _node(window, "dense_2")
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.node_center(node))
    assert window.pages.currentWidget() is view
    assert "dense_2" in view.title.text() and "Dense" in view.title.text()
    assert {item.state for item in view.items.values()} == {"later"}
    do("step_phase")
    states = [item.state for item in view.items.values()]
    assert states[0] == "done" and set(states[1:]) == {"later"}
    do("step_phase")
    for _ in range(4):
        do("step_op")
        if "next" in [item.state for item in view.items.values()]:
            break
    assert "next" in [item.state for item in view.items.values()]

    QTest.keyClick(view.view, Qt.Key.Key_Down)
    first = view.selected()
    QTest.keyClick(view.view, Qt.Key.Key_Down)
    second = view.selected()
    assert first is not None and second is not None and second > first
    QTest.keyClick(view.view, Qt.Key.Key_Return)
    assert window.program.selected() == second

    QTest.keyClick(view.view, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is canvas


def test_that_a_layer_opens_by_keyboard_and_zooms(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    view, canvas = window.operations, window.canvas
    do("step_op")
    canvas.select((_node(window, "relu_1"),))
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert window.pages.currentWidget() is view
    before = view.view.transform().m11()
    for _ in range(3):
        _turn_wheel(view.view, view.view.viewport().rect().center(), -120)
    assert view.view.transform().m11() < before
    assert not view.grab().isNull()
    QTest.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is canvas


def test_that_a_deleted_layer_is_left(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    do("step_op")
    relu = _node(window, "relu_1")
    window.layers.open(relu)
    assert window.pages.currentWidget() is window.operations
    window._document.apply("Delete", edits.remove(window._document.network, (relu,)))
    assert window.pages.currentWidget() is window.canvas


def test_that_an_operation_opens_into_its_parts_and_esc_leads_back_up(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    view = window.operations
    do("step_op")
    window.layers.open(_node(window, "dense_1"))
    affine = next(i for i in view.items if view.opens(i))
    view.select(affine)
    QTest.keyClick(view.view, Qt.Key.Key_Plus)
    assert [item.title for item in view.items.values()] == ["matmul", "add"]
    assert "affine" in view.title.text() and view.layer.text() == "dense_1"
    first, last = view.items.values()
    given = [label.name for label in first.given]
    assert given == ["batch of features", "dense_1/weight"]
    assert [label.name for label in last.taken] == ["dense_1: affine"]
    assert {item.state for item in view.items.values()} == {"later"}
    QTest.keyClick(view.view, Qt.Key.Key_Down)
    QTest.keyClick(view.view, Qt.Key.Key_Return)
    assert window.program.selected() == affine
    QTest.keyClick(view.view, Qt.Key.Key_Escape)
    assert view.selected() == affine and not view.layer.isVisible()
    item = view.items[affine]
    place = view.view.mapFromScene(item.pos())
    QTest.mouseDClick(view.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [item.title for item in view.items.values()] == ["matmul", "add"]
    QTest.mouseClick(view.layer, Qt.MouseButton.LeftButton)
    QTest.keyClick(view.view, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is window.canvas


def test_that_the_wheel_leads_into_a_layer_and_its_parts_and_out_again(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    view, canvas = window.operations, window.canvas
    do("step_op")
    node = _node(window, "dense_1")
    for _ in range(20):
        if window.pages.currentWidget() is view:
            break
        _turn_wheel(canvas, canvas.node_center(node), 120)
    assert window.pages.currentWidget() is view and view.node == node
    affine = next(i for i in view.items if view.opens(i))
    for _ in range(20):
        if view.title.text().startswith("›  <b>affine"):
            break
        _turn_wheel(view.view, view.view.mapFromScene(view.items[affine].pos()), 120)
    assert view.title.text().startswith("›  <b>affine")
    for _ in range(20):
        if window.pages.currentWidget() is canvas:
            break
        _turn_wheel(view.view, view.view.viewport().rect().center(), -120)
    assert window.pages.currentWidget() is canvas
