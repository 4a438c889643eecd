"""The versions the studio stands on, and the fault in one of them that it must not run into."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import PySide6
import pytest
import shiboken6
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QBrush, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsRectItem, QGraphicsScene, QLabel

ROOT = Path(__file__).resolve().parents[2]
CALLS = 2_000

# From 3.12 on None is immortal. Its count then means nothing: the interpreter leaves it alone, but
# Qt's modules, which are built for older Pythons too, go on counting.
counted = pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is not counted from 3.12 on")


class Emitter(QObject):
    fired = Signal(int)


def none_references_lost(call: Callable[[], object]) -> int:
    """Return how many references to None are gone after many calls."""
    call()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        call()
    return before - sys.getrefcount(None)


def assert_level(call: Callable[[], object]) -> None:
    # One lost a call would be 2,000. A few more or less are noise.
    assert abs(none_references_lost(call)) < CALLS // 20


@counted
def test_that_void_calls_on_values_keep_none_alive() -> None:
    pen, brush, path = QPen(), QBrush(), QPainterPath()
    assert_level(lambda: pen.setCosmetic(True))
    assert_level(lambda: brush.setColor("red"))
    assert_level(lambda: path.moveTo(QPointF(1, 2)))


@counted
def test_that_void_calls_on_widgets_keep_none_alive(qapp: QApplication) -> None:
    label = QLabel()
    assert_level(lambda: label.setText("loss"))
    assert_level(label.update)
    assert_level(qapp.processEvents)


@counted
def test_that_moving_an_item_on_the_canvas_keeps_none_alive(qapp: QApplication) -> None:
    class Watched(QGraphicsRectItem):
        """Comes back into Python at every move, as nodes do."""

        def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: object) -> object:
            return super().itemChange(change, value)

    scene, item = QGraphicsScene(), Watched()
    item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges)
    scene.addItem(item)
    assert_level(lambda: item.setPos(item.pos() + QPointF(1, 1)))


@counted
def test_that_emitting_a_signal_keeps_none_alive() -> None:
    emitter, seen = Emitter(), set[int]()
    emitter.fired.connect(seen.add)
    assert_level(lambda: emitter.fired.emit(1))
    assert seen == {1}


@counted
def test_that_the_guard_would_see_a_lost_reference() -> None:
    kept: list[None] = [None] * (CALLS + 1)
    assert none_references_lost(kept.pop) >= CALLS


def test_that_the_installed_pyside_is_the_pinned_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [name for name in project["dependencies"] if name.startswith("PySide6")]
    assert pins == [f"PySide6-Essentials=={PySide6.__version__}"]
    assert shiboken6.__version__ == PySide6.__version__
