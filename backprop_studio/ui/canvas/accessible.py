"""The canvas for screen readers: a list of nodes and marks, each with name, state and problems.

To Qt a graphics view is one silent rectangle; these interfaces give it children.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAccessibleInterface,
    QWindow,
)
from PySide6.QtWidgets import QAccessibleWidget

from backprop_studio.ui.canvas import captions
from backprop_studio.ui.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.marks_layer import MarkItem
    from backprop_studio.ui.canvas.view import CanvasView


class NodeInterface(QAccessibleInterface):
    """One node, note, arrow or group as a list item."""

    def __init__(self, view: CanvasView, node_id: str) -> None:
        super().__init__()
        self._view = view
        self._id = node_id

    @property
    def _item(self) -> NodeItem | MarkItem | None:
        if not shiboken6.isValid(self._view):
            return None
        return self._view.canvas_scene.part(self._id)

    def isValid(self) -> bool:
        return self._item is not None

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return self._view.window().windowHandle() if self.isValid() else None

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return QAccessible.queryAccessibleInterface(self._view) if self.isValid() else None

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        item = self._item
        if item is None:
            state.invalid = True  # type: ignore[attr-defined]
            return state
        state.selectable = state.focusable = True  # type: ignore[attr-defined]
        state.selected = item.isSelected()  # type: ignore[attr-defined]
        state.focused = item.focused  # type: ignore[attr-defined]
        return state

    def text(self, kind: QAccessible.Text) -> str:
        item = self._item
        if item is None:
            return ""
        if not isinstance(item, NodeItem):
            name, state = item.spoken
            known = {QAccessible.Text.Name: name, QAccessible.Text.Description: state}
            return known.get(kind, "")
        if kind == QAccessible.Text.Name:
            return f"{item.node.name}, {captions.title(item.node)}"
        if kind == QAccessible.Text.Description:
            running = f"running: {item.word}; " if item.word else ""
            analysis = self._view.document.analysis
            remedy = f"; remedy: {item.fix}" if item.fix else ""
            return running + captions.spoken(item.node, analysis, item.findings) + remedy
        return ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Nothing: names are changed in the inspector."""

    def rect(self) -> QRect:
        item = self._item
        if item is None:
            return QRect()
        inside = self._view.mapFromScene(item.card_rect()).boundingRect()
        return QRect(self._view.viewport().mapToGlobal(inside.topLeft()), inside.size())


class CanvasInterface(QAccessibleWidget):
    """The canvas as a list of what is seen on it.

    Parameters
    ----------
    view
        The canvas.
    before
        What has been made of it before, whose children it takes over.
    """

    def __init__(self, view: CanvasView, before: CanvasInterface | None = None) -> None:
        super().__init__(view, QAccessible.Role.List, view.accessibleName())
        self._view = view
        # Qt holds plain pointers to what it is given; these keep the objects alive.
        self._children: dict[str, NodeInterface] = {} if before is None else before._children

    def _ids(self) -> list[str]:
        if not shiboken6.isValid(self._view):
            return []
        return _seen(self._view)

    def _child(self, node_id: str) -> NodeInterface:
        found = self._children.get(node_id)
        if found is None:
            found = self._children[node_id] = NodeInterface(self._view, node_id)
            QAccessible.registerAccessibleInterface(found)
        return found

    def childCount(self) -> int:
        return len(self._ids())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        ids = self._ids()
        return self._child(ids[index]) if 0 <= index < len(ids) else None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        children = (self._child(i) for i in self._ids())
        return next((c for c in children if c.rect().contains(x, y)), None)

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        ids = self._ids()
        return next((k for k, i in enumerate(ids) if self._children.get(i) is child), -1)

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        here = self._view.current if self._view.hasFocus() else None
        return self._child(here) if here in self._ids() and here is not None else None

    def sync(self) -> None:
        """Give up the interfaces of nodes that are gone."""
        ids = set(self._ids())
        for node_id in [i for i in self._children if i not in ids]:
            # Named, so that it is there until Qt has deleted it: Python's own deletion, at the last
            # reference, would leave Qt with a pointer to nothing.
            gone = self._children.pop(node_id)
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(gone))

    def close(self) -> None:
        """Give up all of them."""
        for child in self._children.values():
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(child))
        self._children.clear()


_canvases: dict[int, CanvasInterface] = {}
"""The latest interface of each view, by its id."""


@cache
def install() -> None:
    """Let Qt make these interfaces for canvases. Further calls do nothing."""
    QAccessible.installFactory(_make)


def _make(class_name: str, target: QObject | None) -> QAccessibleInterface | None:
    # Qt asks once for each class in a widget's ancestry, and takes the first answer.
    from backprop_studio.ui.canvas.view import CanvasView

    if not isinstance(target, CanvasView):
        return None
    key = id(target)
    before = _canvases.get(key)
    if before is None:
        # Qt deletes the interface with its widget, and knows nothing of the children.
        target.destroyed.connect(lambda: _forget(key))
    # Never the same for a second time: Qt may ask anew, since to it a widget under construction is
    # of another class, and deletes whatever it was given once for each time.
    _canvases[key] = CanvasInterface(target, before)
    return _canvases[key]


def _forget(key: int) -> None:
    found = _canvases.pop(key, None)
    if found is not None:
        found.close()


def _seen(view: CanvasView) -> list[str]:
    """Ids of all that is seen: nodes, then marks."""
    scene = view.canvas_scene
    seen = [i for i in scene.nodes if i not in scene.marks.blocks]
    return seen + [item.part for item in scene.marks.seen()]


def tell_children(view: CanvasView) -> None:
    """Tell screen readers that nodes came or went."""
    found = _canvases.get(id(view))
    if found is not None:
        found.sync()
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(view, QAccessible.Event.ObjectReorder))


def tell_focus(view: CanvasView) -> None:
    """Tell screen readers that the keyboard is at another node."""
    if QAccessible.isActive() and view.current is not None:
        event = QAccessibleEvent(view, QAccessible.Event.Focus)
        seen = _seen(view)
        if view.current in seen:
            event.setChild(seen.index(view.current))
            QAccessible.updateAccessibility(event)
