"""One example traced on the canvas, in the real window."""

from __future__ import annotations

from collections.abc import Callable

from networks import chain
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.main_window import MainWindow

Do = Callable[[str], None]


def _read(window: MainWindow) -> dict[str, str]:
    return {
        window._document.network.node(wire.source).name: item.reading.text
        for wire, item in window.canvas.canvas_scene.wires.items()
        if item.reading is not None
    }


def test_that_wires_read_activations_and_then_error_signals(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    scene = window.canvas.canvas_scene
    do("step_phase")
    do("step_phase")
    qtbot.waitUntil(lambda: len(_read(window)) == 4, timeout=10_000)
    assert not any(i.reading.backward for i in scene.wires.values() if i.reading)
    forward = _read(window)
    pictures = [n.picture for n in scene.nodes.values()]
    assert sum(p is not None for p in pictures) == 4
    do("step_phase")
    do("step_phase")
    qtbot.waitUntil(
        lambda: any(i.reading and i.reading.backward for i in scene.wires.values()), timeout=10_000
    )
    back = _read(window)
    assert set(back) == {"dense_1", "relu_1", "dense_2"} and back != forward
    # Running flat out, there is nothing to read.
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: not _read(window), timeout=10_000)
    window.actions_by_id["run"].trigger()


def test_that_an_example_is_clicked_counted_to_and_typed_in(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.example
    window.actions_by_id["open_example"].trigger()
    do("step_op")
    do("step_op")
    qtbot.waitUntil(lambda: "target" in panel.words.text(), timeout=10_000)
    do("step_layer")
    qtbot.waitUntil(lambda: bool(_read(window)), timeout=10_000)
    first = _read(window)

    # Click the point of row 5, where it is drawn.
    x, y = panel._found.places[5]
    at = panel.plot.getPlotItem().vb.mapViewToScene(QPointF(float(x), float(y)))
    place = panel.plot.mapFromScene(at)
    QTest.mouseMove(panel.plot.viewport(), place)
    QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: panel.row.value() != 0, timeout=10_000)
    qtbot.waitUntil(lambda: _read(window) != first, timeout=10_000)
    second = _read(window)
    panel.row.setFocus()
    QTest.keyClick(panel.row, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: _read(window) != second, timeout=10_000)

    panel.numbers.setText("1, 2")
    QTest.keyClick(panel.numbers, Qt.Key.Key_Return)
    assert "has 64 numbers, not 2" in panel.words.text()
    panel.numbers.setText("one")
    QTest.keyClick(panel.numbers, Qt.Key.Key_Return)
    assert "not numbers" in panel.words.text()
    panel.numbers.setText(", ".join(["1"] * 64))
    QTest.keyClick(panel.numbers, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: (
            panel.numbers.text() == ", ".join(["1"] * 64)
            and bool((panel._found.features[panel.row.value()] == 1.0).all())
        ),
        timeout=10_000,
    )
    assert window._engine.snapshot.edited


def test_that_slow_motion_lets_the_flow_be_seen(window: MainWindow, do: Do, qtbot: QtBot) -> None:
    do("step_phase")
    window._engine.set_speed(2.0)
    window.actions_by_id["run"].trigger()
    wires = window.canvas.canvas_scene.wires.values()
    qtbot.waitUntil(lambda: any(item._moved is not None for item in wires), timeout=10_000)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: all(item._moved is None for item in wires), timeout=10_000)


def test_that_any_example_is_followed_by_its_number_over_batches(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel, note = window.instruments.example, window.tracer._note
    window.actions_by_id["open_example"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    inside = panel._found.rows
    other = next(n for n in range(panel._found.of) if n not in inside)
    # Before the first step, a pass of its own shows what the first weights make of it.
    panel.example.setFocus()
    panel.example.setValue(other)
    qtbot.waitUntil(lambda: "not in this batch" in panel.words.text()
                    or "held out" in panel.words.text(), timeout=10_000)  # fmt: skip
    qtbot.waitUntil(lambda: len(_read(window)) == 4, timeout=10_000)
    assert "in a pass of its own" in note.text() and note.isVisible()
    assert len(panel.points.points()) == len(inside) + 1
    first = _read(window)

    # One of the batch, by its number: its row is chosen, and what is computed is shown.
    do("step_phase")
    do("step_phase")
    panel.example.setValue(int(inside[6]))
    assert panel.row.value() == 6 and len(panel.points.points()) == len(inside)
    qtbot.waitUntil(lambda: note.text() == f"Traced: example {inside[6]:,}", timeout=10_000)
    assert _read(window) != first and panel.numbers.isEnabled()

    # It is followed into the next batch, which it is not in; a row is what is in that place.
    do("step_batch")
    do("step_phase")
    do("step_phase")
    qtbot.waitUntil(lambda: f"{inside[6]:,}, in a pass" in note.text(), timeout=10_000)
    qtbot.waitUntil(lambda: "not in this batch" in panel.words.text(), timeout=10_000)
    panel.row.setValue(2)
    now = int(panel._found.rows[2])
    assert panel.example.value() == now
    qtbot.waitUntil(lambda: note.text() == f"Traced: example {now:,}", timeout=10_000)

    # Where nothing is traced, nothing is said.
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: not note.isVisible(), timeout=10_000)
    window.actions_by_id["run"].trigger()


def test_that_fewer_data_leave_the_last_example_to_trace(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel = window.instruments.example
    window.actions_by_id["open_example"].trigger()
    qtbot.waitUntil(lambda: panel._found is not None, timeout=10_000)
    panel.example.setValue(1700)
    window._document.reset(chain([("input", {}), ("dense", {"units": 2}),
                                  ("softmax_cross_entropy", {})], dataset="moons"))  # fmt: skip
    qtbot.waitUntil(lambda: panel._found is not None and panel._found.of < 1700, timeout=10_000)
    assert panel.example.value() <= panel._found.of - 1
    qtbot.waitUntil(lambda: "Example" in panel.words.text(), timeout=10_000)


def test_that_the_pictures_below_the_cards_follow_the_theme(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    scene = window.canvas.canvas_scene
    do("step_phase")
    do("step_phase")
    qtbot.waitUntil(lambda: len(_read(window)) == 4, timeout=10_000)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    seen = {}
    for mode in ("dark", "light"):
        theme.apply(app, mode)
        assert theme.current().name == mode
        seen[mode] = [n.picture.image.copy() for n in scene.nodes.values() if n.picture]
    assert len(seen["dark"]) == 4
    assert all(a != b for a, b in zip(seen["dark"], seen["light"], strict=True))


def test_that_what_is_taken_from_a_card_leaves_the_screen_whatever_is_painted_first(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    canvas = window.canvas
    do("step_phase")
    do("step_phase")
    qtbot.waitUntil(lambda: len(_read(window)) == 4, timeout=10_000)
    item = next(n for n in canvas.canvas_scene.nodes.values() if n.picture is not None)
    QApplication.processEvents()
    below = canvas.mapFromScene(item.mapToScene(item.boundingRect().bottomLeft())) + QPoint(30, -20)

    def colors() -> set[int]:
        """Of a strip below the card, as it is on the screen."""
        corner = canvas.viewport().mapTo(window, below)
        screen = QGuiApplication.primaryScreen().grabWindow(window.winId())
        image = screen.copy(corner.x(), corner.y(), 60, 12).toImage()
        return {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}

    assert len(colors()) > 3
    item.set_picture(None)
    # Some other part of the canvas is painted before Qt gets to know what has changed.
    canvas.viewport().repaint(0, 0, 2000, 4)
    QApplication.processEvents()
    assert len(colors()) <= 3
