"""What a hand does in the middle of something else: at the edge, on a touchpad, interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import mime, style
from backprop_studio.ui.canvas.view import CanvasView
from tests.ui.canvas_help import LEFT, NONE, body, canvas, digits, drag, hover

TOUCHPAD = QPointingDevice(
    "touchpad", 1, QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger,
    QInputDevice.Capability.Scroll, 2, 2, "", QPointingDeviceUniqueId(),
)  # fmt: skip


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        view.activateWindow()
        view.setFocus()
        qtbot.waitUntil(view.hasFocus)
        yield view


def wheel(
    view: CanvasView,
    at: QPoint,
    angle: QPoint,
    keys: Qt.KeyboardModifier = NONE,
    pixels: QPoint | None = None,
    device: QPointingDevice | None = None,
) -> None:
    there = QPointF(view.viewport().mapToGlobal(at))
    event = QWheelEvent(
        QPointF(at), there, pixels or QPoint(), angle, Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False, Qt.MouseEventSource.MouseEventNotSynthesized,
        device or QPointingDevice.primaryPointingDevice(),
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def place(view: CanvasView, node: str) -> QPointF:
    return view.canvas_scene.nodes[node].pos()


# At the edge


def test_that_the_canvas_moves_along_with_a_layer_that_is_dragged_out_of_it(
    view: CanvasView, qtbot: QtBot
) -> None:
    beyond = QPoint(view.viewport().width() + 30, body(view, "relu_1").y())
    before, corner = place(view, "relu_1"), view.mapToScene(0, 0)
    drag(view, body(view, "relu_1"), beyond, release=False)
    qtbot.waitUntil(lambda: view.mapToScene(0, 0).x() > corner.x() + 100)
    assert view.mapFromScene(place(view, "relu_1")).x() > view.viewport().width() - 20
    QTest.mouseRelease(view.viewport(), LEFT, NONE, beyond)
    stands, network = view.mapToScene(0, 0), view.document.network
    assert network.node("relu_1").x > before.x() + 400 and network.node("dense_1").x == 210
    QTest.qWait(60)
    assert view.mapToScene(0, 0) == stands, "it goes on although nothing is dragged"
    view.document.undo_stack.undo()
    assert place(view, "relu_1") == before and view.document.undo_stack.index() == 0


def test_that_a_box_grows_with_the_canvas_that_moves_along(view: CanvasView, qtbot: QtBot) -> None:
    network, far = edits.add_node(view.document.network, nodes()["relu"](), 1300, 0)
    view.document.apply("Add", network)
    view.zoom_by(1.0)
    assert not view.viewport().rect().contains(view.node_center(far))
    start = view.node_center("loss_1") + QPoint(-90, -90)
    drag(view, start, QPoint(view.viewport().width() + 40, start.y() + 180), release=False)
    qtbot.waitUntil(lambda: far in view.selected_nodes())
    assert "loss_1" in view.selected_nodes()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    corner = view.mapToScene(0, 0)
    QTest.qWait(60)
    assert view.selected_nodes() == () and view.mapToScene(0, 0) == corner


def test_that_nothing_moves_along_with_what_only_begins_at_the_edge(view: CanvasView) -> None:
    view.sight.scroll_by(QPoint(view.node_center("input_1").x() - 3, 0))
    corner, start = view.mapToScene(0, 0), QPoint(6, body(view, "input_1").y())
    drag(view, start, start + QPoint(150, 90))
    QTest.qWait(250)
    assert view.mapToScene(0, 0) == corner
    assert view.document.undo_stack.count() == 1


# Touchpads and wheels


@pytest.mark.parametrize("step", [1, 3, 8])
def test_that_many_small_turns_keep_what_is_under_the_pointer(view: CanvasView, step: int) -> None:
    at = QPoint(333, 171)
    there = view.mapToScene(at)
    for turn in (*[step] * 60, *[-step] * 60):
        wheel(view, at, QPoint(0, turn), Qt.KeyboardModifier.ControlModifier)
        gap = view.mapFromScene(there) - at
        assert gap.manhattanLength() <= 2, f"it has slipped by {gap}"


def test_that_zooming_elsewhere_or_after_a_scroll_is_about_the_new_place(view: CanvasView) -> None:
    first, second = QPoint(300, 100), QPoint(500, 220)
    view.zoom_by(1.1, first)
    there = view.mapToScene(second)
    view.zoom_by(1.1, second)
    assert (view.mapFromScene(there) - second).manhattanLength() <= 2
    view.sight.scroll_by(QPoint(70, 30))
    there = view.mapToScene(second)
    view.zoom_by(1.1, second)
    assert (view.mapFromScene(there) - second).manhattanLength() <= 2


def test_that_two_fingers_scroll_and_zoom_with_control(view: CanvasView) -> None:
    at, scale, before = QPoint(300, 100), view.transform().m11(), view.node_center("relu_1")
    wheel(view, at, QPoint(-60, 24), pixels=QPoint(-30, 12), device=TOUCHPAD)
    assert view.transform().m11() == scale
    assert view.node_center("relu_1") - before == QPoint(-30, 12)
    wheel(view, at, QPoint(0, 60), device=TOUCHPAD)
    assert view.node_center("relu_1") - before == QPoint(-30, 42)
    wheel(view, at, QPoint(0, 60), Qt.KeyboardModifier.ControlModifier, device=TOUCHPAD)
    assert view.transform().m11() > scale


def test_that_a_wheel_with_shift_scrolls_to_the_sides(view: CanvasView) -> None:
    before, scale = view.node_center("relu_1"), view.transform().m11()
    wheel(view, QPoint(300, 100), QPoint(0, 120), Qt.KeyboardModifier.ShiftModifier)
    assert view.node_center("relu_1") - before == QPoint(120, 0)
    assert view.transform().m11() == scale


def test_that_the_wheel_zooms_on_the_map_as_well(view: CanvasView) -> None:
    view.zoom_by(3.0)
    assert view.minimap.isVisible()
    middle, scale = view.viewport().rect().center(), view.transform().m11()
    there = view.mapToScene(middle)
    at = QPointF(view.minimap.rect().center())
    event = QWheelEvent(
        at, QPointF(view.minimap.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.minimap, event)
    assert view.transform().m11() == pytest.approx(scale / 1.2)
    assert (view.mapFromScene(there) - middle).manhattanLength() <= 2


def test_that_a_pinch_zooms_about_the_fingers(view: CanvasView) -> None:
    at, scale = QPoint(300, 100), view.transform().m11()
    there = view.mapToScene(at)
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, TOUCHPAD, 2, QPointF(at), QPointF(at),
        QPointF(view.viewport().mapToGlobal(at)), 0.25, QPointF(),
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)
    assert view.transform().m11() == pytest.approx(1.25 * scale)
    assert (view.mapFromScene(there) - at).manhattanLength() <= 2


def test_that_what_is_dragged_stays_at_the_pointer_when_the_wheel_is_turned(
    view: CanvasView,
) -> None:
    start, end = body(view, "relu_1"), body(view, "relu_1") + QPoint(60, 120)
    drag(view, start, end, release=False)
    wheel(view, QPoint(100, 50), QPoint(0, 240))
    grip = (body(view, "relu_1") - end) / view.transform().m11()
    assert grip.manhattanLength() < 30
    QTest.mouseRelease(view.viewport(), LEFT, NONE, end)
    assert view.document.undo_stack.count() == 1


# Interrupted


@pytest.mark.parametrize("gesture", ["move", "wire", "box"])
def test_that_a_gesture_changes_nothing_when_something_else_takes_the_keyboard(
    view: CanvasView, qtbot: QtBot, gesture: str
) -> None:
    start = {
        "move": body(view, "relu_1"), "wire": view.port_point("relu_1", "out"),
        "box": body(view, "relu_1") + QPoint(0, -90),
    }[gesture]  # fmt: skip
    before, line = place(view, "relu_1"), QLineEdit(view)
    line.show()
    view.select(("dense_1",))
    drag(view, start, start + QPoint(70, 120), release=False)
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    assert place(view, "relu_1") == before
    assert len(view.canvas_scene.items()) == len(digits().nodes) + len(digits().wires)
    QTest.mouseMove(view.viewport(), start + QPoint(90, 130))
    QTest.mouseRelease(view.viewport(), LEFT, NONE, start + QPoint(90, 130))
    assert view.document.undo_stack.count() == 0 and place(view, "relu_1") == before


def test_that_renaming_in_the_middle_of_a_drag_leaves_the_layer_below_its_name(
    view: CanvasView,
) -> None:
    before = place(view, "relu_1")
    drag(view, body(view, "relu_1"), body(view, "relu_1") + QPoint(90, 130), release=False)
    view.rename_selection()
    assert view.editor.isVisible() and place(view, "relu_1") == before


# From afar


def far_away() -> Network:
    network = digits()
    return edits.add_node(network, nodes()["relu"](), 2500, 500)[0]


@pytest.mark.parametrize("what", ["wire", "ghost", "network"])
def test_that_what_a_gesture_shows_is_painted_again_with_each_move_also_from_afar(
    qtbot: QtBot, what: str
) -> None:
    with canvas(qtbot, far_away()) as view:
        assert style.PORTS < view.transform().m11() < style.DETAIL
        # As after any edit: until Qt paints the items itself, it hears of no update any more.
        view.canvas_scene.update()
        painted: list[QEvent.Type] = []

        class Watch(QLineEdit):
            def eventFilter(self, watched: object, event: QEvent) -> bool:
                painted.extend([event.type()] if event.type() == QEvent.Type.Paint else [])
                return False

        watch = Watch()
        qtbot.addWidget(watch)
        start = view.port_point("dense_2", "out")
        moves: Callable[[QPoint], object]
        if what == "wire":
            drag(view, start, start + QPoint(30, 40), release=False)
            moves = lambda at: QTest.mouseMove(view.viewport(), at)  # noqa: E731
        else:
            key = "relu" if what == "ghost" else mime.of_preset("mlp")
            moves = lambda at: hover(view, mime.encode(key), at)  # noqa: E731
            moves(start + QPoint(30, 40))
        QTest.qWait(30)
        view.viewport().installEventFilter(watch)
        for k in range(1, 4):
            painted.clear()
            moves(start + QPoint(30 + 20 * k, 40 + 20 * k))
            qtbot.waitUntil(lambda: bool(painted), timeout=2000)
        view.viewport().removeEventFilter(watch)
        view.cancel_gesture()
