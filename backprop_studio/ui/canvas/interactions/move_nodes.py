"""Drags nodes to another place. All that are selected move together, as one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, Qt

from backprop_studio.network import edits
from backprop_studio.ui.canvas.geometry import GRID, snap
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.guides import GuideItem, aligned

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class MoveNodes(Gesture):
    """A press on a node or a wire: it selects, and a drag moves the selected nodes."""

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._narrow = False
        self._select()
        self._grip = view.mapToScene(press.at)
        network = self.scene.document.network
        moved = self.scene.selected_nodes() if press.hit.node is not None else ()
        self._from = {i: QPointF(network.node(i).x, network.node(i).y) for i in moved}
        self._others = [QPointF(n.x, n.y) for n in network.nodes if n.id not in self._from]
        self._guides: GuideItem | None = None

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        on_something = press.hit.node is not None or press.hit.wire is not None
        return press.button == Qt.MouseButton.LeftButton and on_something

    def _select(self) -> None:
        node, wire = self.press.hit.node, self.press.hit.wire
        item = node if node is not None else wire
        if self.press.adds:
            if item is not None:
                item.setSelected(not item.isSelected())
        elif node is not None and node.isSelected():
            # Perhaps all that is selected will be moved; a plain click narrows it at the release.
            self._narrow = True
        elif node is not None:
            self.scene.select([node.node.id])
        elif wire is not None:
            self.scene.select([], [wire.wire])

    def drag(self, at: QPoint) -> None:
        by, lines = self._shift(at)
        if self._guides is None:
            self._guides = GuideItem()
            self.scene.addItem(self._guides)
        self._guides.show_lines(lines)
        self.scene.carry({i: place + by for i, place in self._from.items()})

    def finish(self, at: QPoint) -> None:
        if not self.dragged:
            if self._narrow and self.press.hit.node is not None:
                self.scene.select([self.press.hit.node.node.id])
            return
        by, _ = self._shift(at)
        self._clear()
        places = {i: snap(p.x() + by.x(), p.y() + by.y()) for i, p in self._from.items()}
        # First back, because nodes that snap to where they were are no edit.
        self.scene.put_back()
        move(self.view, places)

    def cancel(self) -> None:
        self._clear()
        self.scene.put_back()

    def _shift(self, at: QPoint) -> tuple[QPointF, tuple[QLineF, ...]]:
        """How far the nodes are dragged, drawn to the lines of others that are near."""
        by = self.view.mapToScene(at) - self._grip
        more, lines = aligned([place + by for place in self._from.values()], self._others)
        return by + more, lines

    def _clear(self) -> None:
        if self._guides is not None:
            self.scene.removeItem(self._guides)
            self._guides = None


def nudge(view: CanvasView, dx: int, dy: int) -> None:
    """Move the selected nodes by steps of the grid, as one edit."""
    network = view.document.network
    chosen = [network.node(i) for i in view.selected_nodes()]
    move(view, {n.id: snap(n.x + dx * GRID, n.y + dy * GRID) for n in chosen})


def move(view: CanvasView, places: dict[str, tuple[float, float]]) -> None:
    """Put nodes to these places, as one edit."""
    network = view.document.network
    if places:
        only = network.node(next(iter(places))).name
        what = only if len(places) == 1 else f"{len(places)} layers"
        view.document.apply(f"Move {what}", edits.move(network, places))
