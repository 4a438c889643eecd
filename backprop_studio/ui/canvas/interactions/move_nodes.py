"""Drags nodes and marks to another place. All that are selected move together, as one edit.

Let go of inside a group's frame, or on its block, they belong to the group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, edits, grouping
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.arrow_item import ArrowItem
from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.interactions import clipboard, joining, pointing
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.ghosts import Ghosts
from backprop_studio.ui.canvas.interactions.guides import Aligned, GuideItem, Guides
from backprop_studio.ui.canvas.interactions.moving import called, places_of
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.note_item import NoteItem

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_COPIES = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class MoveNodes(Gesture):
    """A press on a node, a mark or a wire: it selects, and a drag moves what is selected.

    With Shift it goes straight to a side, or straight up or down. With Ctrl or Alt a copy goes, and
    what is there stays.
    """

    leads = True

    def __init__(self, view: CanvasView, press: Press) -> None:
        super().__init__(view, press)
        self._narrow = self._leaves = self._joins = False
        self._select()
        self._grip = view.mapToScene(press.at)
        # What is dragged, and around it, is found when it is: most presses are clicks.
        self._moved: tuple[str, ...] = ()
        self._from: dict[str, QPointF] = {}
        self._outlines: list[QRectF] = []
        self._standing: list[QRectF] = []
        self._arrows: list[QRectF] = []
        # Those of what stands, without what is dragged and with it.
        self._guides: dict[bool, Guides] = {}
        self._lines: GuideItem | None = None
        self._ghosts: Ghosts | None = None
        self._invitation = joining.Invitation(view)

    @staticmethod
    def begins(press: Press) -> bool:
        """Whether this press starts it."""
        on_something = bool(press.hit.part) or press.hit.wire is not None
        return press.button == Qt.MouseButton.LeftButton and on_something

    @property
    def copies(self) -> bool:
        """Whether a copy is dragged."""
        return bool(self.modifiers & _COPIES)

    def _select(self) -> None:
        node, wire = self.press.hit.node or self.press.hit.mark, self.press.hit.wire
        item = node if node is not None else wire
        if self.press.adds:
            if item is not None:
                # What is selected already leaves at the release, unless it was dragged.
                self._leaves = item.isSelected()
                self._joins = not self._leaves
                item.setSelected(True)
        elif node is not None and node.isSelected():
            # Perhaps all that is selected will be moved; a plain click narrows it at the release.
            self._narrow = True
        elif node is not None:
            self.scene.select([node.part])
        elif wire is not None:
            self.scene.select([], [wire.wire])

    def _take_hold(self) -> None:
        """Find what is dragged, and the outlines of it and of what stays: cards, notes, blocks."""
        part = self.press.hit.part
        if self._joins and part and self.copies:
            # It was pressed with Ctrl to be copied, and not to join the others.
            self.scene.select([part])
        self._moved = self.scene.selected_parts() if part else ()
        self._from = places_of(self.scene.document.network, self._moved)
        for item in (*self.scene.nodes.values(), *self.scene.marks.seen()):
            if isinstance(item, GroupItem):
                counts, goes = item.collapsed, item.part in self._moved
            else:
                counts = isinstance(item, NodeItem | NoteItem) and item.isVisible()
                goes = item.part in self._from
            if isinstance(item, ArrowItem) and goes:
                self._arrows.append(item.card_rect())
            if counts:
                (self._outlines if goes else self._standing).append(item.card_rect())

    def drag(self, at: QPoint) -> None:
        if self._lines is None:
            self._take_hold()
            self._lines = GuideItem()
            self.scene.addItem(self._lines)
        by, found = self._shift(at)
        self._offer(at)
        into = self._invitation.into
        # In a block, nothing is in line with anything.
        self._lines.show_lines(() if into is not None and into.collapsed else found.lines)
        if self.copies:
            self._show_copy(by)
        else:
            self._hide_copy()
            self.scene.carry({i: place + by for i, place in self._from.items()})

    def finish(self, at: QPoint) -> None:
        if not self.dragged:
            self._click()
            return
        by, found = self._shift(at)
        self._offer(at)
        into = self._clear()
        step = self._settled(by, found)
        # First back, because nodes that snap to where they were are no edit.
        self.scene.put_back()
        if self._from and self.copies:
            self._copy(step, into)
        elif self._from:
            self._move(step, into)

    def cancel(self) -> None:
        self._clear()
        self.scene.put_back()

    def _click(self) -> None:
        hit = self.press.hit
        item = hit.node or hit.mark or hit.wire
        if self._narrow and hit.part:
            self.scene.select([hit.part])
        elif self._leaves and item is not None:
            item.setSelected(False)

    def _move(self, step: QPointF, into: GroupItem | None) -> None:
        network, chosen = self.scene.document.network, self.scene.selected_parts()
        made = edits.move(network, geometry.shifted(self._from, step))
        label = self.view.tr("Move {what}").format(what=called(self.view, self._from))
        if into is not None:
            # In a block, a place is found for it.
            room = joining.room_in(self.scene, into)
            try:
                inside = joining.joined(made, into.part, chosen, room)
            except EditError as error:
                self.view.refuse(str(error))
                return
            if inside != made:
                made = inside
                label = self.view.tr("{edit} into {group}").format(
                    edit=label, group=into.value.name
                )
        self.view.document.apply(label, made)
        if into is not None:
            # Of what is in a block now, the block is selected.
            self.scene.select(chosen)
            joining.tell(self.view, made, into.part)

    def _copy(self, step: QPointF, into: GroupItem | None) -> None:
        piece = edits.excerpt(self.scene.document.network, self.scene.selected_parts())
        word = self.view.tr("Duplicate")
        clipboard.place(self.view, piece, pointing.middle_of(piece) + step, word, into=into,
                        exactly=True)  # fmt: skip

    def _shift(self, at: QPoint) -> tuple[QPointF, Aligned]:
        """How far the nodes are dragged, drawn to the lines of others that are near."""
        by = self.view.mapToScene(at) - self._grip
        across = down = True
        if self.modifiers & Qt.KeyboardModifier.ShiftModifier:
            across = abs(by.x()) >= abs(by.y())
            down = not across
            by = QPointF(by.x(), 0.0) if across else QPointF(0.0, by.y())
        if self.copies not in self._guides:
            standing = [*self._standing, *self._outlines] if self.copies else self._standing
            self._guides[self.copies] = Guides(standing)
        dragged = [outline.translated(by) for outline in self._outlines]
        found = self._guides[self.copies].align(dragged, across=across, down=down)
        return by + found.shift, found

    def _settled(self, by: QPointF, found: Aligned) -> QPointF:
        """How far all go at last: the first onto the grid, unless a line says where it goes."""
        network = self.scene.document.network
        first = next((p for i, p in self._from.items() if i in network), None)
        first = next(iter(self._from.values()), QPointF()) if first is None else first
        onto = QPointF(*geometry.snap(first.x() + by.x(), first.y() + by.y())) - first

        def one(wanted: float, snapped: float, aligned: bool) -> float:
            if aligned:
                return wanted
            # Hardly moved in this direction, it stays on its line, be that on the grid or not.
            return snapped if abs(wanted) >= geometry.GRID / 2 else 0.0

        return QPointF(one(by.x(), onto.x(), found.across), one(by.y(), onto.y(), found.down))

    def _show_copy(self, by: QPointF) -> None:
        if self._ghosts is None:
            self.scene.put_back()
            self._ghosts = Ghosts([*self._outlines, *self._arrows])
            self.scene.addItem(self._ghosts)
            self.view.viewport().setCursor(Qt.CursorShape.DragCopyCursor)
        self._ghosts.move_to(by)

    def _hide_copy(self) -> None:
        if self._ghosts is not None:
            self.scene.removeItem(self._ghosts)
            self._ghosts = None
            self.view.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def _offer(self, at: QPoint) -> None:
        """Light the frame or the block that what is dragged would come into."""
        network, scene = self.scene.document.network, self.scene
        chosen = [
            p for p in scene.selected_parts() if not isinstance(network.marks.get(p), Arrow)
        ]  # fmt: skip
        into = None
        if self._from and chosen:
            # A copy may come into the frame of its original.
            parts = () if self.copies else chosen
            into = joining.frame_at(scene, network, self.view.mapToScene(at), parts)
        if into is not None and into.part in grouping.contents(network, chosen):
            into = None
        self._invitation.show(into, at)

    def _clear(self) -> GroupItem | None:
        """Take away all that was shown; the frame that was lit."""
        self._hide_copy()
        if self._lines is not None:
            self.scene.removeItem(self._lines)
            self._lines = None
        return self._invitation.clear()
