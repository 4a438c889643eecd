"""Drags nodes and marks to another place. All that are selected move together, as one edit.

Let go of inside a group's frame, they belong to the group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, Qt

from backprop_studio.network import Group, Network, Note, edits, grouping
from backprop_studio.ui.canvas.geometry import GRID, snap
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.guides import GuideItem, aligned
from backprop_studio.ui.canvas.interactions.joining import frame_at, joined

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.group_item import GroupItem
    from backprop_studio.ui.canvas.view import CanvasView


class MoveNodes(Gesture):
    """A press on a node, a mark or a wire: it selects, and a drag moves what is selected."""

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._narrow = False
        self._select()
        self._grip = view.mapToScene(press.at)
        network = self.scene.document.network
        moved = self.scene.selected_parts() if press.hit.part else ()
        self._from = places_of(network, moved)
        self._centres = [self._from[i] for i in self._from if i in network]
        self._others = [QPointF(n.x, n.y) for n in network.nodes if n.id not in self._from]
        self._guides: GuideItem | None = None
        self._into: GroupItem | None = None

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        on_something = bool(press.hit.part) or press.hit.wire is not None
        return press.button == Qt.MouseButton.LeftButton and on_something

    def _select(self) -> None:
        node, wire = self.press.hit.node or self.press.hit.mark, self.press.hit.wire
        item = node if node is not None else wire
        if self.press.adds:
            if item is not None:
                item.setSelected(not item.isSelected())
        elif node is not None and node.isSelected():
            # Perhaps all that is selected will be moved; a plain click narrows it at the release.
            self._narrow = True
        elif node is not None:
            self.scene.select([node.part])
        elif wire is not None:
            self.scene.select([], [wire.wire])

    def drag(self, at: QPoint) -> None:
        by, lines = self._shift(at)
        if self._guides is None:
            self._guides = GuideItem()
            self.scene.addItem(self._guides)
        self._guides.show_lines(lines)
        self._offer(at)
        self.scene.carry({i: place + by for i, place in self._from.items()})

    def finish(self, at: QPoint) -> None:
        if not self.dragged:
            if self._narrow and self.press.hit.part:
                self.scene.select([self.press.hit.part])
            return
        by, _ = self._shift(at)
        self._offer(at)
        into = "" if self._into is None else self._into.part
        self._clear()
        places = {i: snap(p.x() + by.x(), p.y() + by.y()) for i, p in self._from.items()}
        network = self.scene.document.network
        if self._centres:
            # What has no grid of its own keeps its distance to the first layer.
            first = next(i for i in self._from if i in network)
            x, y = places[first]
            step = QPointF(x, y) - self._from[first]
            for key in [i for i in places if i in network.marks]:
                place = self._from[key] + step
                places[key] = place.x(), place.y()
        # First back, because nodes that snap to where they were are no edit.
        self.scene.put_back()
        move(self.view, places, into)

    def cancel(self) -> None:
        self._clear()
        self.scene.put_back()

    def _shift(self, at: QPoint) -> tuple[QPointF, tuple[QLineF, ...]]:
        """How far the nodes are dragged, drawn to the lines of others that are near."""
        by = self.view.mapToScene(at) - self._grip
        more, lines = aligned([place + by for place in self._centres], self._others)
        return by + more, lines

    def _offer(self, at: QPoint) -> None:
        """Light the frame that what is dragged would come into."""
        network, scene = self.scene.document.network, self.scene
        place = self.view.mapToScene(at)
        into = frame_at(scene, network, place, scene.selected_parts()) if self._from else None
        if into is not self._into:
            for frame in (self._into, into):
                if frame is not None:
                    frame.set_marks(hovered=frame is into, focused=False)
            self._into = into

    def _clear(self) -> None:
        if self._into is not None:
            self._into.set_marks(hovered=False, focused=False)
            self._into = None
        if self._guides is not None:
            self.scene.removeItem(self._guides)
            self._guides = None


def places_of(network: Network, parts: Iterable[str]) -> dict[str, QPointF]:
    """Where these parts stand, and all that is in the groups among them."""
    found = {}
    inside = grouping.contents(network, parts)
    for key in (*(n.id for n in network.nodes), *network.marks):
        place = grouping.place_of(network, key) if key in inside else None
        if place is not None:
            found[key] = QPointF(*place)
    return found


def nudge(view: CanvasView, dx: int, dy: int) -> None:
    """Move what is selected by steps of the grid, as one edit."""
    places = places_of(view.document.network, view.selected_parts())
    step = QPointF(dx * GRID, dy * GRID)
    network = view.document.network
    moved = {}
    for key, place in places.items():
        there = place + step
        moved[key] = snap(there.x(), there.y()) if key in network else (there.x(), there.y())
    move(view, moved)


def move(view: CanvasView, places: dict[str, tuple[float, float]], into: str = "") -> None:
    """Put nodes and marks to these places, and what is selected into a group, as one edit."""
    network = view.document.network
    if not places:
        return
    nodes = [key for key in places if key in network]
    chosen = view.selected_parts()
    if len(chosen) == 1 and isinstance(found := network.marks.get(chosen[0]), Group):
        what = found.name
    elif len(nodes) == 1 and len(places) == 1:
        what = network.node(nodes[0]).name
    elif nodes:
        what = view.tr("{n} layers").format(n=len(nodes))
    else:
        only = isinstance(network.marks[next(iter(places))], Note)
        what = view.tr("a note") if only else view.tr("an arrow")
        if len(places) > 1:
            what = view.tr("{n} notes and arrows").format(n=len(places))
    made, label = edits.move(network, places), view.tr("Move {what}").format(what=what)
    group = network.marks.get(into)
    if isinstance(group, Group) and (inside := joined(made, into, chosen)) != made:
        made = inside
        label = view.tr("Move {what} into {group}").format(what=what, group=group.name)
    view.document.apply(label, made)
