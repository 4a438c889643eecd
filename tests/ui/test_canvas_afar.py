"""A large canvas seen from afar: painted at one go, and still everything is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Phase
from backprop_studio.network import Network, TrainingSetup, Wire, edits, grouping
from backprop_studio.nn import nodes
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import mime, style
from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.tracing import Reading
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.canvas.wire_item import WireItem
from tests.ui.canvas_help import LEFT, NONE, canvas, click, drag, drop

COLUMNS, ROWS = 12, 9


def wide() -> Network:
    """A chain through a grid of cards, row by row."""
    network = Network(setup=TrainingSetup(dataset="digits"))
    last = None
    for k in range(COLUMNS * ROWS):
        kind = "input" if last is None else "relu"
        x, y = 210.0 * (k % COLUMNS), 120.0 * (k // COLUMNS)
        network, node = edits.add_node(network, nodes()[kind](), x, y)
        if last is not None:
            network = edits.connect(network, last, node)
        last = node
    return network


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CanvasView]:
    """A canvas on which all of a large network is seen."""
    with canvas(qtbot, wide(), (700, 400)) as view:
        assert 0.22 < view.transform().m11() < 0.4
        yield view


def picture(view: CanvasView) -> QImage:
    return view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def near(image: QImage, view: CanvasView, node_id: str, reach: int = 16) -> set[str]:
    """The colours around a card."""
    at = view.node_center(node_id)
    return {
        image.pixelColor(at + QPoint(dx, dy)).name()
        for dx in range(-reach - 10, reach + 11)
        for dy in range(-reach, reach + 1)
        if image.rect().contains(at + QPoint(dx, dy))
    }


def reading(view: CanvasView) -> Callable[[bool], None]:
    item = view.canvas_scene.wires[Wire("relu_20", "relu_21")]
    return lambda on: item.set_reading(Reading("3", 0.9, False) if on else None)


def state(view: CanvasView, what: str) -> Callable[[bool], None]:
    """Something that can be seen or not, and how to switch it."""
    scene = view.canvas_scene
    item, wire = scene.nodes["relu_20"], scene.wires[Wire("relu_20", "relu_21")]
    home = item.pos()
    activity = Activity("relu_20", Phase.BACKWARD, frozenset(scene.nodes))
    dim = Activity(None, Phase.FORWARD, frozenset(scene.nodes.keys() - {"relu_20"}))
    ways: dict[str, Callable[[bool], object]] = {
        "selected": item.setSelected,
        "wire selected": wire.setSelected,
        "hovered": lambda on: item.set_marks(hovered=on, focused=False),
        "focused": lambda on: item.set_marks(hovered=False, focused=on),
        "wire hovered": wire.set_hovered,
        "running": lambda on: scene.set_activity(activity if on else None),
        "dim": lambda on: scene.set_activity(dim if on else None),
        "elsewhere": lambda on: scene.carry({"relu_20": home + QPointF(90, 40) * on}),
        "hidden": lambda on: item.show_up(not on),
        "wire hidden": lambda on: wire.show_up(not on),
        "greyed": lambda on: scene.set_focus_node("relu_3" if on else ""),
        "reading": reading(view),
    }
    way = ways[what]
    return lambda on: (way(on), None)[1]


STATES = [
    "selected", "wire selected", "hovered", "focused", "wire hovered", "running", "dim",
    "elsewhere", "hidden", "wire hidden", "greyed", "reading",
]  # fmt: skip


class Paints:
    """How often the canvas has been painted by itself, and not because a picture was asked for."""

    def __init__(self, view: CanvasView, monkeypatch: pytest.MonkeyPatch) -> None:
        self._view, self._count = view, 0
        paint = view.canvas_scene.paint_afar

        def counted(painter: QPainter, seen: QRectF) -> None:
            self._count += 1
            paint(painter, seen)

        monkeypatch.setattr(view.canvas_scene, "paint_afar", counted)

    def after(self, act: Callable[[], object]) -> int:
        """How often that was, because of this."""
        self._settle()
        before = self._count
        act()
        self._settle()
        return self._count - before

    def _settle(self) -> None:
        for _ in range(4):
            QTest.qWait(5)


@pytest.mark.parametrize("what", STATES)
def test_that_every_state_is_painted_as_soon_as_it_is_there(
    view: CanvasView, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, paints = state(view, what), Paints(view, monkeypatch)
    for turn in range(2):
        for on in (True, False):
            assert 1 <= paints.after(lambda on=on: show(on)) <= 2, (turn, on)
    assert paints.after(lambda: None) == 0


def test_that_marks_guests_and_edits_are_painted_as_soon_as_they_are_there(
    view: CanvasView, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, scene = view.document, view.canvas_scene
    network, note = grouping.add_note(document.network, "A note", 100.0, 60.0)
    network, group = grouping.group(network, ["relu_30", "relu_31"])
    document.apply("Marks", network)
    paints = Paints(view, monkeypatch)
    data, at = mime.encode("tanh"), QPoint(350, 200)
    for _ in range(2):
        for part in (note, group):
            item = scene.part(part)
            for on in (True, False):
                assert paints.after(lambda i=item, on=on: i.set_marks(hovered=on, focused=False))
        assert paints.after(lambda: view.select([note]))
        assert paints.after(lambda: view.select([]))
        fold = [grouping.set_collapsed(document.network, [group], on) for on in (True, False)]
        assert paints.after(lambda to=fold[0]: document.apply("Fold", to))
        assert paints.after(lambda to=fold[1]: document.apply("Unfold", to))
        assert paints.after(lambda: drop(view, data, at))
        assert paints.after(document.undo_stack.undo)
        renamed = edits.rename(document.network, "relu_20", "another")
        assert paints.after(lambda to=renamed: document.apply("Rename", to))
        assert paints.after(document.undo_stack.undo)
        assert paints.after(lambda: click(view, view.node_center("relu_40")))
        assert paints.after(lambda: click(view, view.node_center("relu_41")))


@pytest.mark.parametrize("what", STATES)
def test_that_every_state_is_seen_from_afar_and_gone_without_a_trace(
    view: CanvasView, what: str
) -> None:
    switch = state(view, what)
    before = picture(view)
    switch(True)
    marked = picture(view)
    assert marked != before
    switch(False)
    assert picture(view) == before


def test_that_a_problem_is_marked_from_afar_until_it_is_mended(view: CanvasView) -> None:
    mark = theme.current().color("warning").name()
    assert mark not in near(picture(view), view, "relu_20")
    document = view.document
    wire = Wire("relu_19", "relu_20")
    cut = edits.remove(document.network, wires=(wire,))
    document.apply("Cut", cut)
    assert mark in near(picture(view), view, "relu_20")
    document.undo_stack.undo()
    assert mark not in near(picture(view), view, "relu_20")


def test_that_what_is_painted_at_one_go_is_what_the_items_paint(view: CanvasView) -> None:
    view.select(("relu_20", "relu_21"))
    view.canvas_scene.set_activity(Activity("relu_40", Phase.FORWARD, frozenset(("relu_3",))))
    at_once = picture(view)
    one_by_one = QImage(at_once.size(), QImage.Format.Format_RGB32)
    one_by_one.fill(theme.current().color("canvas"))
    scene = view.canvas_scene
    with QPainter(one_by_one) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = view.mapToScene(view.viewport().rect()).boundingRect()
        scene.render(painter, QRectF(one_by_one.rect()), seen)
    for node_id in ("input_1", "relu_3", "relu_20", "relu_40", "relu_90"):
        at = view.node_center(node_id) - QPoint(0, 6)
        a, b = at_once.pixelColor(at), one_by_one.pixelColor(at)
        assert max(abs(x - y) for x, y in zip(a.getRgb(), b.getRgb(), strict=True)) < 40, node_id


def test_that_cards_say_what_they_are_when_all_is_in_view(view: CanvasView) -> None:
    words = theme.current().color("on_node_title")
    image = picture(view)
    for node_id in ("input_1", "relu_20"):
        found = [QColor(name) for name in near(image, view, node_id, 5)]
        assert any(abs(c.lightness() - words.lightness()) < 30 for c in found), node_id
    view.zoom_by(style.TITLES * 0.9 / view.transform().m11())
    found = [QColor(name) for name in near(picture(view), view, "relu_20", 3)]
    band = style.current().band(str(view.canvas_scene.nodes["relu_20"].node.spec.info.category))
    assert band.color().name() in {c.name() for c in found}


@pytest.mark.parametrize("folded", [True, False])
def test_that_groups_and_notes_are_named_from_afar(view: CanvasView, folded: bool) -> None:
    document = view.document
    network, group = grouping.group(document.network, ("relu_26", "relu_27", "relu_28"))
    network = grouping.set_collapsed(network, (group,), folded)
    network, note = grouping.add_note(network, "Begins here", 0.0, -60.0)
    document.apply("Group", network)
    before = picture(view)
    document.apply("Name", grouping.rename_group(network, group, "Trunk"))
    named = picture(view)
    assert named != before
    document.apply("Write", grouping.set_text(document.network, note, "Ends here"))
    assert picture(view) != named


def test_that_a_new_theme_is_seen_from_afar(view: CanvasView, qapp: QApplication) -> None:
    light = picture(view)
    try:
        theme.apply(qapp, "dark")
        qapp.sendPostedEvents(None, QEvent.Type.PaletteChange)
        assert picture(view).pixelColor(3, 3) == theme.current().color("canvas")
        assert picture(view) != light
    finally:
        theme.apply(qapp, "light")


def test_that_a_pan_from_afar_asks_hardly_any_item(
    view: CanvasView, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(view)
    asked: list[object] = []
    for kind in (NodeItem, WireItem):
        monkeypatch.setattr(kind, "paint", lambda self, *_: asked.append(self))
    for k in range(5):
        view.sight.scroll_by(QPoint(3 if k % 2 else -3, 0))
        picture(view)
    assert not asked
    view.zoom_by(1.05)
    picture(view)
    # One for each look: the input, and a ReLU with and without a wire that leaves it.
    assert 1 <= len(asked) <= 4


def test_that_the_extent_follows_every_edit(view: CanvasView) -> None:
    document, scene = view.document, view.canvas_scene

    def reckoned() -> QRectF:
        rect = QRectF()
        for item in (*scene.nodes.values(), *scene.wires.values(), *scene.marks.seen()):
            if item.isVisible():
                rect = rect.united(item.content_rect())
        return rect

    network = edits.move(document.network, {"relu_20": (4000.0, -900.0)})
    grown, _ = edits.add_node(network, nodes()["dense"](), -2000.0, 3000.0)
    fewer = edits.remove(grown, ("relu_20", "relu_50"))
    grouped, group = grouping.group(fewer, ("relu_3", "relu_4", "relu_5"))
    folded = grouping.set_collapsed(grouped, (group,), True)
    for step in (network, grown, fewer, grouped, folded):
        document.apply("Edit", step)
        assert scene.content() == reckoned()
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
        assert scene.content() == reckoned()


def test_that_a_card_too_small_for_ports_is_dragged_and_no_wire_is_drawn(
    view: CanvasView,
) -> None:
    view.zoom_by(0.5)
    assert view.transform().m11() < style.PORTS
    node = view.document.network.node("relu_20")
    start = view.node_center("relu_20") + QPoint(4, 0)
    wires = view.document.network.wires
    drag(view, start, start + QPoint(0, -60))
    moved = view.document.network.node("relu_20")
    assert moved.y < node.y - 100
    assert view.document.network.wires == wires


def test_that_the_pointer_marks_one_card_at_a_time(view: CanvasView) -> None:
    nodes_of = view.canvas_scene.nodes
    for node_id in ("relu_20", "relu_33", "input_1"):
        QTest.mouseMove(view.viewport(), view.node_center(node_id))
        assert [key for key, item in nodes_of.items() if item.hovered] == [node_id]
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.node_center("relu_7"))
    view.setFocus()
    view.set_current("relu_8")
    view.set_current("relu_9")
    assert [key for key, item in nodes_of.items() if item.focused] == ["relu_9"]
