"""Selecting, walking, zooming, and what nodes and wires say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Phase
from backprop_studio.errors import Severity
from backprop_studio.network import Wire, edits
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import captions, style
from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.card import Texts
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.document import Document
from tests.ui.canvas_help import LEFT, NONE, body, canvas, click, digits, drag

IDS = ("input_1", "dense_1", "relu_1", "dense_2", "loss_1")


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas of the digits network, large enough to show all of it."""
    with canvas(qtbot, digits()) as view:
        view.setFocus()
        yield view


# Selecting


def test_that_a_click_selects_and_control_adds_in_order(view: CanvasView) -> None:
    seen: list[tuple[str, ...]] = []
    view.selection_changed.connect(seen.append)
    click(view, body(view, "dense_2"))
    click(view, body(view, "dense_1"), Qt.KeyboardModifier.ControlModifier)
    click(view, body(view, "dense_2"), Qt.KeyboardModifier.ControlModifier)
    click(view, QPoint(5, 5))
    assert seen == [("dense_2",), ("dense_2", "dense_1"), ("dense_1",), ()]


def test_that_a_click_on_one_of_many_selected_narrows_to_it(view: CanvasView) -> None:
    view.select(IDS)
    click(view, body(view, "relu_1"))
    assert view.selected_nodes() == ("relu_1",)


def test_that_a_box_selects_from_left_to_right(view: CanvasView) -> None:
    drag(view, view.node_center("relu_1") + QPoint(40, 90), QPoint(3, 3))
    assert view.selected_nodes() == ("input_1", "dense_1", "relu_1")
    assert len(view.canvas_scene.items()) == 9


def test_that_select_all_and_escape_work_by_keyboard(view: CanvasView) -> None:
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_nodes() == IDS
    assert len(view.canvas_scene.selected_wires()) == 4
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.selected_nodes() == () and view.canvas_scene.selected_wires() == ()


# Keyboard


def test_that_tab_walks_the_nodes_and_leaves_at_the_end(view: CanvasView) -> None:
    walked = []
    for _ in IDS:
        QTest.keyClick(view, Qt.Key.Key_Tab)
        walked += view.selected_nodes()
    assert walked == list(IDS)
    assert view.canvas_scene.nodes["loss_1"].focused
    # Nothing else is in this window that could take the focus.
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.selected_nodes() == ("loss_1",)
    QTest.keyClick(view, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_nodes() == ("dense_2",)


def test_that_control_tab_extends_the_selection_for_a_wire(view: CanvasView) -> None:
    view.document.reset(digits(wired=False))
    QTest.keyClick(view, Qt.Key.Key_Tab)
    QTest.keyClick(view, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_C)
    assert view.document.network.wires == (Wire("input_1", "dense_1"),)


def test_that_control_and_arrows_move_the_selection_by_ten(view: CanvasView) -> None:
    view.select(["dense_1", "relu_1"])
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    moved = [(n.x, n.y) for n in view.document.network.nodes]
    assert moved == [(0, 0), (200, 10), (410, 10), (630, 0), (840, 0)]
    assert view.document.undo_stack.count() == 2


def test_that_what_moves_while_a_key_is_held_is_one_entry(view: CanvasView) -> None:
    before = view.document.network
    view.select(["relu_1"])
    for again in (False, True, True, True):
        held = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier, "", again
        )
        QApplication.sendEvent(view, held)
    assert view.document.network.node("relu_1").y == before.node("relu_1").y + 40
    assert view.document.undo_stack.count() == 1
    view.document.undo_stack.undo()
    assert view.document.network == before


# Zooming


def test_that_the_wheel_zooms_about_the_pointer(view: CanvasView) -> None:
    at = QPoint(300, 100)
    there = view.mapToScene(at)
    event = QWheelEvent(
        QPointF(at), QPointF(view.viewport().mapToGlobal(at)), QPoint(), QPoint(0, 240),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    before = view.transform().m11()
    QApplication.sendEvent(view.viewport(), event)
    assert view.transform().m11() == pytest.approx(before * 1.44)
    assert (view.mapToScene(at) - there).manhattanLength() < 2


def test_that_zoom_has_limits_and_fit_shows_everything(view: CanvasView) -> None:
    view.zoom_by(1e9)
    assert view.transform().m11() == 4
    view.zoom_by(1e-9)
    assert view.transform().m11() == pytest.approx(0.1)
    view.zoom_to_fit()
    seen = view.viewport().rect()
    assert all(seen.contains(view.node_center(i)) for i in IDS)


@pytest.mark.parametrize("held", [True, False])
def test_that_the_canvas_pans_without_an_edit(view: CanvasView, held: bool) -> None:
    before = view.node_center("relu_1")
    button = LEFT if held else Qt.MouseButton.MiddleButton
    if held:
        QTest.keyPress(view, Qt.Key.Key_Space)
    start = body(view, "relu_1")
    QTest.mousePress(view.viewport(), button, NONE, start)
    QTest.mouseMove(view.viewport(), start + QPoint(30, -40))
    QTest.mouseRelease(view.viewport(), button, NONE, start + QPoint(30, -40))
    assert view.node_center("relu_1") - before == QPoint(30, -40)
    assert view.document.undo_stack.count() == 0 and view.selected_nodes() == ()


def test_that_adding_a_node_far_away_does_not_make_the_view_jump(view: CanvasView) -> None:
    before = view.node_center("relu_1")
    network, _ = edits.add_node(view.document.network, digits().nodes[1].spec, 9000, 9000)
    view.document.apply("Add", network)
    assert view.node_center("relu_1") == before


# What it says


def test_that_a_wrong_size_is_explained_on_the_node_at_fault(view: CanvasView) -> None:
    view.document.reset(digits(units=7))
    nodes, wires = view.canvas_scene.nodes, view.canvas_scene.wires
    loss = nodes["loss_1"]
    assert loss.severity is Severity.ERROR
    assert "N×10" in " ".join(loss.note) and "N×7" in " ".join(loss.note)
    assert "N×10" in loss.toolTip()
    assert [i for i, n in nodes.items() if n.severity is not None] == ["loss_1"]
    assert [w.target for w, item in wires.items() if item.broken] == ["loss_1"]
    view.document.reset(digits())
    assert view.canvas_scene.nodes["loss_1"].note == ()
    assert not any(item.broken for item in view.canvas_scene.wires.values())


def test_that_wires_carry_the_shape_of_what_flows(view: CanvasView) -> None:
    labels = {w.source: item.label for w, item in view.canvas_scene.wires.items()}
    assert labels == {"input_1": "N×64", "dense_1": "N×64", "relu_1": "N×64", "dense_2": "N×10"}


def test_that_cards_tell_settings_and_parameters(view: CanvasView) -> None:
    analysis = view.document.analysis
    dense = view.document.network.node("dense_1")
    assert captions.key_setting(dense) == "64 units"
    assert captions.detail(dense, analysis) == "4,160 parameters"
    assert captions.parameter_count(1) == "1 parameter"


def test_that_a_narrow_card_tells_what_sets_its_weights_apart(view: CanvasView) -> None:
    document = view.document
    document.apply("freeze", edits.freeze(document.network, "dense_1", True))
    frozen = document.network.node("dense_1")
    assert captions.detail(frozen, document.analysis) == "4,160 frozen"


def test_that_a_card_keeps_the_name_before_a_long_setting(qapp: QApplication) -> None:
    style_now = style.current()
    texts = Texts.fit(style_now, "Conv2d", "conv1", "16 channels, 3×3, padding 1", "")
    assert texts.name == "conv1"
    assert texts.setting.startswith("16") and texts.setting.endswith("…")
    metrics = style_now.name_metrics
    used = metrics.horizontalAdvance(texts.name) + metrics.horizontalAdvance(texts.setting)
    assert used < texts.width
    texts = Texts.fit(style_now, "Dense", "a_name_that_is_far_too_long", "8 units", "")
    assert texts.setting == "8 units" and texts.name.endswith("…")


def test_that_long_notes_are_cut_to_three_lines(qapp: QApplication) -> None:
    font, metrics = style.current().small_font, style.current().small_metrics
    text = "A sentence that goes on and on. " * 12
    lines = captions.wrap(text, font, 160, 3)
    assert len(lines) == 3 and lines[2].endswith("…")
    assert all(metrics.horizontalAdvance(line) <= 161 for line in lines)
    assert captions.wrap("Short.", font, 160, 3) == ("Short.",)


# Activity


def halo(view: CanvasView, node_id: str) -> QColor:
    """Colour just below the card of a node."""
    image = view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    scale = view.transform().m11()
    return image.pixelColor(
        view.node_center(node_id) + QPoint(round(40 * scale), round(34 * scale))
    )


@pytest.mark.parametrize(
    ("phase", "word"),
    [
        (Phase.DATA, "data"),
        (Phase.FORWARD, "forward"),
        (Phase.LOSS, "loss"),
        (Phase.BACKWARD, "backward"),
        (Phase.UPDATE, "update"),
    ],
)
def test_that_the_running_node_glows_and_names_its_pass(
    view: CanvasView, phase: Phase, word: str
) -> None:
    before = halo(view, "dense_1")
    view.set_activity(Activity("dense_1", phase, frozenset({"input_1"})))
    nodes = view.canvas_scene.nodes
    assert word in nodes["dense_1"].word
    assert [i for i in IDS if nodes[i].running] == ["dense_1"]
    assert halo(view, "dense_1") != before
    dimmed = {i for i in IDS if nodes[i].opacity() < 1}
    assert dimmed == {"relu_1", "dense_2", "loss_1"}
    view.set_activity(None)
    assert halo(view, "dense_1") == before
    assert all(n.opacity() == 1 and not n.running for n in nodes.values())


def test_that_activity_of_a_deleted_node_does_no_harm(view: CanvasView) -> None:
    view.set_activity(Activity("dense_1", Phase.FORWARD))
    view.select(["dense_1"])
    view.delete_selection()
    view.set_activity(Activity("dense_1", Phase.BACKWARD))
    view.document.undo_stack.undo()
    assert view.canvas_scene.nodes["dense_1"].running


# Themes and screen readers


def test_that_a_theme_switch_repaints_everything(view: CanvasView, qapp: QApplication) -> None:
    mode, sheet = theme.mode(), qapp.styleSheet()
    try:
        theme.apply(qapp, "light")
        light = view.grab().toImage()
        theme.apply(qapp, "dark")
        dark = view.grab().toImage()
        assert dark.pixelColor(2, 2).lightness() < 60 < 200 < light.pixelColor(2, 2).lightness()
        centre = view.node_center("relu_1") + QPoint(30, 10)
        assert dark.pixelColor(centre).lightness() < 100
    finally:
        theme.apply(qapp, mode)
        qapp.setStyleSheet(sheet)


def test_that_screen_readers_find_each_node_with_its_state(view: CanvasView) -> None:
    view.select(["dense_1"])
    top = QAccessible.queryAccessibleInterface(view)
    assert top.role() == QAccessible.Role.List
    children = [top.child(k) for k in range(top.childCount())]
    names = [c.text(QAccessible.Text.Name) for c in children]
    assert names[:2] == ["input_1, Input", "dense_1, Dense"] and len(names) == 5
    told = children[1].text(QAccessible.Text.Description)
    assert "64 units" in told and "4,160 parameters" in told and "wired from input_1" in told
    assert [bool(c.state().selected) for c in children] == [False, True, False, False, False]
    assert top.indexOfChild(children[3]) == 3
    assert children[1].rect().width() > 20
    view.document.reset(digits(units=7))
    told = top.child(4).text(QAccessible.Text.Description)
    assert told.count("error: ") == 1


def test_that_accessible_children_go_with_their_nodes_and_their_view(qapp: QApplication) -> None:
    from backprop_studio.ui.canvas import accessible

    document = Document()
    document.reset(digits())
    view = CanvasView(document)
    top = QAccessible.queryAccessibleInterface(view)
    kept = [top.child(k) for k in range(5)]
    view.select(["relu_1"])
    view.delete_selection()
    assert top.childCount() == 4
    assert not shiboken6.isValid(kept[2])
    document.undo_stack.undo()
    assert top.child(2).text(QAccessible.Text.Name) in {"relu_1, ReLU", "dense_2, Dense"}
    assert id(view) in accessible._canvases
    view.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert id(view) not in accessible._canvases


def test_that_a_canvas_that_is_asked_for_twice_is_given_up_once(qapp: QApplication) -> None:
    """Qt deleted one interface twice, and crashed: whenever a window closed in a real session."""
    document = Document()
    document.reset(digits())
    view = CanvasView(document)
    first = QAccessible.queryAccessibleInterface(view)
    child = first.child(1)
    # A method that becomes a slot gives the object another class, as far as Qt can see.
    view.destroyed.connect(view.zoom_to_fit)
    second = QAccessible.queryAccessibleInterface(view)
    assert second is not first
    assert second.child(1) is child and first.child(1) is child
    view.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(first) and not shiboken6.isValid(second)
    assert not shiboken6.isValid(child)


_FORGOTTEN = """
import os
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
app = QApplication([])
from backprop_studio.network.presets import PRESETS
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.document import Document
document = Document()
document.reset(PRESETS["mlp"].make())
view = CanvasView(document)
top = QAccessible.queryAccessibleInterface(view)
for _ in range(top.childCount()):
    top.child(0).text(QAccessible.Text.Name)  # and nobody keeps it
    view.select([document.network.nodes[0].id])
    view.delete_selection()
assert top.childCount() == 0
os._exit(0)
"""


def test_that_layers_that_a_screen_reader_has_read_can_be_deleted() -> None:
    """Python deleted what Qt was about to delete: New crashed for whoever used a screen reader."""
    done = subprocess.run(
        [sys.executable, "-c", _FORGOTTEN],
        env={**os.environ, "MALLOC_PERTURB_": "165"},  # what is freed is not to look alive
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
